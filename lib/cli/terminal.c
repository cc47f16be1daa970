#include "lib/cli/terminal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/base/text.h"

bool sl_terminal_attended(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

/* ---- A line without echo ------------------------------------------------------------ */

static const int stops[] = { SIGINT, SIGHUP, SIGQUIT, SIGTERM, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU };

static volatile sig_atomic_t caught; /* the signal that came while echo was off */

static void on_stop(int signal)
{
    caught = signal;
}

struct silence {
    struct termios before;
    sigset_t mask;
    struct sigaction actions[SL_COUNT(stops)];
};

static void end_silence(const struct silence *silence)
{
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &silence->before);
    for (size_t i = 0; i < SL_COUNT(stops); i++)
        (void)sigaction(stops[i], &silence->actions[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &silence->mask, NULL);
}

/* Signals are caught first, so that none ends us while the echo is off; and they are let in only
 * where we wait, so that none comes between looking and waiting. */
static int begin_silence(struct silence *silence)
{
    struct sigaction action = { .sa_handler = on_stop };
    struct termios silent;
    sigset_t blocked;

    caught = 0;
    if (tcgetattr(STDIN_FILENO, &silence->before) != 0)
        return -1;
    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < SL_COUNT(stops); i++) {
        (void)sigaddset(&blocked, stops[i]);
        (void)sigaction(stops[i], &action, &silence->actions[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &blocked, &silence->mask);
    silent = silence->before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ECHONL; /* but the end of the line is seen */
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &silent) == 0)
        return 0;
    end_silence(silence);
    return -1;
}

/* ---- Questions ---------------------------------------------------------------------- */

/* Byte by byte: nothing behind the line is taken from whoever reads next. While it waits the
 * signals of `mask` alone are blocked, if there is one. False if the input ended, or a signal
 * came, before the line did. */
static bool read_line(struct sl_buf *line, const sigset_t *mask)
{
    struct pollfd terminal = { .fd = STDIN_FILENO, .events = POLLIN };
    char byte;

    while ((!mask || ppoll(&terminal, 1, NULL, mask) == 1) && read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte == '\n')
            return true;
        sl_buf_add(line, &byte, 1);
    }
    return false;
}

/* A signal ends the process as it would have anyhow, with the echo back; after SIGTSTP and
 * SIGCONT the question is asked once more. */
static bool read_silently(struct sl_buf *line, const char *prompt)
{
    struct silence silence;
    bool whole;

    do {
        if (begin_silence(&silence) != 0)
            return false;
        (void)fprintf(stderr, "%s: ", prompt);
        *line = sl_buf_new(line->arena);
        whole = read_line(line, &silence.mask);
        end_silence(&silence);
        if (caught)
            (void)raise(caught);
    } while (!whole && (caught == SIGTSTP || caught == SIGTTIN || caught == SIGTTOU));
    return whole;
}

char *sl_terminal_read(struct sl_arena *arena, const char *prompt, enum sl_echo echo,
                       struct sl_err *err)
{
    struct sl_buf line = sl_buf_new(arena);
    const char *shown = sl_printable(arena, prompt, strlen(prompt), SIZE_MAX);
    bool whole;

    if (!sl_terminal_attended()) {
        (void)sl_err_set(err, SL_ERR_USAGE, "%s is missing, and there is no terminal to ask on",
                         prompt);
        return NULL;
    }
    if (echo == SL_ECHO)
        (void)fprintf(stderr, "%s: ", shown);
    whole = echo == SL_ECHO ? read_line(&line, NULL) : read_silently(&line, shown);
    if (!whole || !sl_utf8_valid(line.data, line.len)) {
        (void)sl_err_set(err, SL_ERR_DATA, whole ? "%s is not UTF-8" : "%s was not answered",
                         prompt);
        return NULL;
    }
    return line.data;
}

bool sl_terminal_confirm(const char *question)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf line = sl_buf_new(arena);

    if (!sl_terminal_attended())
        return false;
    (void)fprintf(stderr, "%s [y/N] ", sl_printable(arena, question, strlen(question), SIZE_MAX));
    return read_line(&line, NULL) &&
           (strcasecmp(line.data, "y") == 0 || strcasecmp(line.data, "yes") == 0);
}
