/* To be preloaded: the allocation number FAIL_AT fails, or with FAIL_ON each from there on. FIRED names a file that
 * is made when one does. Counted from the first of main(): what the loader needs is not ours. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __libc_start_main(int (*start)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*end)(void), void (*loader_end)(void), void *stack);
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t n);

static long fails_at, made;
static bool on;

static int (*theirs)(int argc, char **argv, char **environment);

static int begin(int argc, char **argv, char **environment)
{
    const char *at = getenv("FAIL_AT");

    on = getenv("FAIL_ON") != NULL;
    made = 0;
    fails_at = at ? strtol(at, NULL, 10) : 0;
    return theirs(argc, argv, environment);
}

/* What calls main(). */
int __libc_start_main(int (*start)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*end)(void), void (*loader_end)(void), void *stack)
{
    int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                void (*)(void), void *);

    *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
    theirs = start;
    return real(begin, argc, argv, init, end, loader_end, stack);
}

static bool fails(void)
{
    const char *fired = getenv("FIRED");
    int fd;

    made++;
    if (fails_at == 0 || made < fails_at || (made > fails_at && !on))
        return false;
    fd = fired && made == fails_at ? open(fired, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        (void)close(fd);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t n)
{
    return fails() ? NULL : __libc_realloc(old, n);
}

/* Never fails: json-c 0.16 copies the names of members by it and does not look. */
char *strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = __libc_malloc(n);

    return copy ? memcpy(copy, text, n) : NULL;
}
