/* Starts a program N times in the same millisecond: every copy waits at a barrier, ready to be executed.
 * usage: together N PROGRAM [ARGUMENT…]. Prints each one's exit status, a line each. What they say
 * goes to standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* The barrier is the end of a pipe: it opens when the last writer, the parent, closes it. */
static void wait_and_run(int barrier[2], char **argv)
{
    char nothing;

    (void)close(barrier[1]);
    if (read(barrier[0], &nothing, 1) != 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        fail("barrier");
    (void)execvp(argv[0], argv);
    fail(argv[0]);
}

int main(int argc, char **argv)
{
    int n = argc > 2 ? atoi(argv[1]) : 0, barrier[2], status;

    if (n < 1) {
        (void)fprintf(stderr, "usage: together N PROGRAM [ARGUMENT...]\n");
        return 64;
    }
    if (pipe(barrier) != 0)
        fail("pipe");
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();

        if (pid < 0)
            fail("fork");
        if (pid == 0)
            wait_and_run(barrier, argv + 2);
    }
    (void)close(barrier[0]);
    (void)close(barrier[1]);
    while (wait(&status) > 0)
        (void)printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
