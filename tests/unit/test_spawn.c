/* What lib/service/spawn.h promises, with the system's own commands. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/service/spawn.h"
#include "tests/unit/expect_ok.h"

/* A script of these lines, which the test removes. */
static void write_script(char path[32], const char *text)
{
    FILE *file;

    (void)strcpy(path, "/tmp/sl-spawn-XXXXXX");
    file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\n%s\n", text) > 0);
    assert_int_equal(fchmod(fileno(file), 0700), 0);
    assert_int_equal(fclose(file), 0);
}

static int run(const char *program, const char *input, size_t n)
{
    SL_AUTO(sl_spawn_stop) struct sl_spawn spawn = { 0 };
    struct pollfd end = { .events = POLLIN };
    int status = -1;

    if (sl_spawn_start(&spawn, program, input, n, &err) < 0)
        return -1;
    end.fd = spawn.fd;
    assert_int_equal(poll(&end, 1, 10000), 1);
    assert_true(sl_spawn_ended(&spawn, &status));
    assert_int_equal(spawn.pid, 0);
    return status;
}

static int run_script(const char *text, const char *input, size_t n)
{
    char path[32];
    int status;

    write_script(path, text);
    status = run(path, input, n);
    (void)unlink(path);
    return status;
}

static void a_command_is_heard_by_its_status(void **state)
{
    (void)state;
    assert_int_equal(run("/bin/true", "", 0), 0);
    assert_int_equal(run("/bin/false", "", 0), 1);
    assert_int_equal(run_script("exit 77", "", 0), 77);
    assert_int_equal(run_script("kill -9 $$", "", 0), 128 + 9);
}

static void what_cannot_be_run_is_said(void **state)
{
    (void)state;
    assert_int_equal(run("/nowhere/program", "", 0), -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    assert_int_equal(run("/etc/passwd", "", 0), -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
}

static void a_command_reads_all_of_its_input(void **state)
{
    enum { N = 1000000 }; /* more than a pipe holds */
    char *input = malloc(N);

    (void)state;
    assert_non_null(input);
    memset(input, 'x', N);
    assert_int_equal(run_script("test $(wc -c) -eq 1000000", input, N), 0);
    free(input);
}

static void a_command_has_no_signal_blocked_and_no_stdout_of_ours(void **state)
{
    sigset_t blocked, before;

    (void)state;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before);
    assert_int_equal(run_script("kill -TERM $$; exit 0", "", 0), 128 + SIGTERM);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(run_script("test /proc/$$/fd/1 -ef /dev/null", "", 0), 0);
}

static void one_that_does_not_end_is_stopped_with_what_it_started(void **state)
{
    struct sl_spawn spawn = { 0 };
    char path[32];
    pid_t pid;
    int status;

    (void)state;
    write_script(path, "sleep 1000 & sleep 1000");
    OK(sl_spawn_start(&spawn, path, "", 0, &err));
    assert_false(sl_spawn_ended(&spawn, &status));
    pid = spawn.pid;
    sl_spawn_stop(&spawn);
    assert_int_equal(spawn.pid, 0);
    assert_int_equal(kill(pid, 0), -1);
    sl_spawn_stop(&spawn); /* again does nothing */
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_heard_by_its_status),
        cmocka_unit_test(what_cannot_be_run_is_said),
        cmocka_unit_test(a_command_reads_all_of_its_input),
        cmocka_unit_test(a_command_has_no_signal_blocked_and_no_stdout_of_ours),
        cmocka_unit_test(one_that_does_not_end_is_stopped_with_what_it_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
