/* What a person at a terminal sees and types: a child on a pseudo-terminal, and us at its other
 * end. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "lib/cli/terminal.h"

static bool bar_drawn;
static const struct sl_cli cli = { .program = "sl-try", .bar_drawn = &bar_drawn };

struct person {
    int terminal, slave;
    pid_t child;
    char seen[4096];
    size_t n_seen;
};

static int secret_main(void)
{
    struct sl_arena *arena = sl_arena_new();
    struct sl_err err;
    const char *secret = sl_terminal_read(arena, "API key", SL_NO_ECHO, &err);

    (void)fprintf(stderr, "<%s>\n", secret ? secret : err.text);
    return 0;
}

static int confirm_main(void)
{
    return sl_terminal_confirm("Send\033[31m?") ? 3 : 4;
}

static int progress_main(void)
{
    struct sl_progress progress;

    sl_progress_begin(&progress, &cli, 40);
    for (int i = 0; i < 1000; i++)
        sl_progress_update(&progress, 10, "a\033[31mb");
    sl_say(&cli, "said");
    sl_progress_end(&progress);
    return 0;
}

/* The slave stays open on our side, so that its settings can be looked at when the child is gone. */
static struct person sit_down(int (*main_of)(void))
{
    struct winsize size = { .ws_row = 24, .ws_col = 70 };
    struct person person = { 0 };

    assert_int_equal(openpty(&person.terminal, &person.slave, NULL, NULL, &size), 0);
    (void)fflush(NULL);
    person.child = fork();
    if (person.child == 0) {
        (void)login_tty(person.slave);
        _exit(main_of());
    }
    return person;
}

/* Reads until `text` has been seen. */
static void wait_for(struct person *person, const char *text)
{
    while (!strstr(person->seen, text)) {
        ssize_t n = read(person->terminal, person->seen + person->n_seen,
                         sizeof person->seen - person->n_seen - 1);

        assert_true(n > 0);
        person->n_seen += (size_t)n;
    }
}

static void type(const struct person *person, const char *text)
{
    assert_int_equal(write(person->terminal, text, strlen(text)), strlen(text));
}

static bool echoes(const struct person *person)
{
    struct termios now;

    assert_int_equal(tcgetattr(person->slave, &now), 0);
    return now.c_lflag & ECHO;
}

/* Returns what waitpid() says. */
static int stand_up(struct person *person)
{
    int status;

    assert_int_equal(waitpid(person->child, &status, 0), person->child);
    (void)close(person->slave);
    (void)close(person->terminal);
    return status;
}

static void a_secret_is_not_echoed_and_the_echo_comes_back(void **state)
{
    struct person person = sit_down(secret_main);

    (void)state;
    wait_for(&person, "API key: ");
    assert_false(echoes(&person));
    type(&person, "s3cret\n");
    wait_for(&person, ">");
    assert_string_equal(person.seen, "API key: \r\n<s3cret>\r\n");
    assert_true(echoes(&person));
    assert_int_equal(stand_up(&person), 0);
}

static void a_signal_ends_the_process_and_leaves_the_echo_on(void **state)
{
    static const int signals[] = { SIGTERM, SIGHUP, SIGINT };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(signals); i++) {
        struct person person = sit_down(secret_main);
        siginfo_t ended;
        int status;

        wait_for(&person, "API key: ");
        assert_false(echoes(&person));
        if (signals[i] == SIGINT)
            type(&person, "\003");
        else
            (void)kill(person.child, signals[i]);
        assert_int_equal(waitid(P_PID, (id_t)person.child, &ended, WEXITED | WNOWAIT), 0);
        assert_true(echoes(&person));
        status = stand_up(&person);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
    }
}

static void only_yes_is_yes(void **state)
{
    static const struct {
        const char *typed;
        int status;
    } answers[] = { { "y\n", 3 }, { "YES\n", 3 }, { "\n", 4 },
                    { "n\n", 4 }, { "yep\n", 4 }, { "\004", 4 } };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(answers); i++) {
        struct person person = sit_down(confirm_main);
        int status;

        wait_for(&person, "Send?[31m? [y/N] ");
        type(&person, answers[i].typed);
        status = stand_up(&person);
        assert_int_equal(WEXITSTATUS(status), answers[i].status);
    }
}

static void a_bar_is_drawn_at_most_ten_times_a_second_and_wiped_away(void **state)
{
    struct person person;
    size_t n_bars = 0;

    (void)state;
    (void)setenv("TERM", "xterm", 1);
    (void)setenv("NO_COLOR", "1", 1);
    person = sit_down(progress_main);
    wait_for(&person, "said");
    for (const char *at = person.seen; (at = strchr(at, '[')); at++)
        n_bars += at[1] == '#';
    assert_in_range(n_bars, 1, 3);
    assert_memory_equal(person.seen, "\r[######                  ] 10 of 40 (25%), a?[31mb\033[K",
                        53);
    assert_non_null(strstr(person.seen, "\033[K\r\033[Ksaid"));
    assert_int_equal(stand_up(&person), 0);
}

static void nobody_is_asked_without_a_terminal(void **state)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int none = open("/dev/null", O_RDONLY | O_CLOEXEC), kept = dup(STDIN_FILENO);
    struct sl_err err;

    (void)state;
    (void)dup2(none, STDIN_FILENO);
    assert_false(sl_terminal_attended());
    assert_false(sl_terminal_confirm("Send?"));
    assert_null(sl_terminal_read(arena, "API key", SL_ECHO, &err));
    assert_int_equal(err.code, SL_ERR_USAGE);
    assert_string_equal(err.text, "API key is missing, and there is no terminal to ask on");
    (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
    (void)close(none);
}

static void off_a_terminal_progress_is_told_when_it_is_asked_for(void **state)
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    struct sl_progress progress;
    char seen[200] = "";

    (void)state;
    (void)dup2(fileno(file), STDERR_FILENO);
    sl_progress_begin(&progress, &cli, 40);
    sl_progress_update(&progress, 1, NULL);
    (void)raise(SIGUSR1);
    sl_progress_update(&progress, 10, "3 failed");
    sl_progress_update(&progress, 11, NULL);
    sl_progress_end(&progress);
    sl_progress_end(&progress);
    (void)raise(SIGUSR1); /* ignored again */
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    rewind(file);
    (void)!fread(seen, 1, sizeof seen - 1, file);
    (void)fclose(file);
    assert_string_equal(seen, "sl-try: 10 of 40 (25%), 3 failed\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_not_echoed_and_the_echo_comes_back),
        cmocka_unit_test(a_signal_ends_the_process_and_leaves_the_echo_on),
        cmocka_unit_test(only_yes_is_yes),
        cmocka_unit_test(a_bar_is_drawn_at_most_ten_times_a_second_and_wiped_away),
        cmocka_unit_test(nobody_is_asked_without_a_terminal),
        cmocka_unit_test(off_a_terminal_progress_is_told_when_it_is_asked_for),
    };

    (void)alarm(60); /* a terminal that says nothing would be waited for forever */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
