/* Runs a program's line in a process of its own, with its output in files: what sl_cli_main()
 * does to a process must not reach the next test. */
#ifndef TESTS_UNIT_RUN_PROGRAM_H
#define TESTS_UNIT_RUN_PROGRAM_H

#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cli/cli.h"

struct ran {
    int status;
    char out[16384], err[2048];
};

static inline void read_back(FILE *file, char *text, size_t size)
{
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    (void)fclose(file);
}

/* In the child, without stdin; and without stdout if out_fd is below 0. */
static inline void become(const struct sl_program *what, int out_fd, int err_fd,
                          const char *const *words)
{
    char *argv[32] = { strdup(what->name) };
    int argc = 1;

    (void)close(STDIN_FILENO);
    (void)(out_fd < 0 ? close(STDOUT_FILENO) : dup2(out_fd, STDOUT_FILENO));
    (void)dup2(err_fd, STDERR_FILENO);
    while (words[argc - 1]) {
        argv[argc] = strdup(words[argc - 1]);
        argc++;
    }
    argc = sl_cli_main(argc, argv, what);
    (void)fflush(stdout);
    _exit(argc);
}

static inline struct ran run_onto(const struct sl_program *what, int out_fd,
                                  const char *const *words)
{
    FILE *err_file = tmpfile();
    struct ran ran = { 0 };
    int status;
    pid_t child;

    assert_non_null(err_file);
    (void)fflush(NULL);
    child = fork();
    if (child == 0)
        become(what, out_fd, fileno(err_file), words);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    ran.status = WEXITSTATUS(status);
    read_back(err_file, ran.err, sizeof ran.err);
    return ran;
}

static inline struct ran run_program(const struct sl_program *what, const char *const *words)
{
    FILE *out_file = tmpfile();
    struct ran ran;

    assert_non_null(out_file);
    ran = run_onto(what, fileno(out_file), words);
    read_back(out_file, ran.out, sizeof ran.out);
    return ran;
}

/* The file's own `program`, with these words. */
#define RUN(...) run_program(&program, (const char *[]){ __VA_ARGS__, NULL })

static inline void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in '%s'", part, text);
}

static inline void assert_refused(const struct ran *ran, int status, const char *said)
{
    assert_string_equal(ran->err, said);
    assert_int_equal(ran->status, status);
    assert_string_equal(ran->out, "");
}

#endif
