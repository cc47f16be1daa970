/* To be preloaded: the allocation number FAIL_AT fails, or with FAIL_ON each from there on. FIRED names a file that
 * is made when one does. Counted from the first of main(): what the loader needs is not ours. Nor is what
 * getpwuid() does, which in glibc 2.36 crashes where it has no memory: there it is the next that fails. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
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
static bool on, fired;

static int (*theirs)(int argc, char **argv, char **environment);

static int begin(int argc, char **argv, char **environment)
{
    const char *at = getenv("FAIL_AT");

    (void)backtrace((void *[1]){ NULL }, 1); /* which loads what it needs */
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

static bool looks_up_user(void)
{
    void *frames[64];
    Dl_info info;
    int n = backtrace(frames, 64);

    for (int i = 0; i < n; i++)
        if (dladdr(frames[i], &info) && info.dli_sname &&
            strncmp(info.dli_sname, "getpwuid", strlen("getpwuid")) == 0)
            return true;
    return false;
}

static void tell(void)
{
    const char *name = getenv("FIRED");
    int fd = name && !fired ? open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd >= 0)
        (void)close(fd);
    fired = true;
}

static bool fails(void)
{
    made++;
    if (fails_at == 0 || made < fails_at || (fired && !on) || looks_up_user())
        return false;
    tell();
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
