#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/cli/terminal.h"

enum { BAR_MS = 100, LINE_MS = 60000, BAR_CELLS = 24, NARROWEST = 20 };

static volatile sig_atomic_t asked; /* by SIGUSR1 */

static void on_ask(int signal)
{
    (void)signal;
    asked = 1;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

void sl_progress_begin(struct sl_progress *progress, const struct sl_cli *cli, int64_t total)
{
    struct sigaction action = { .sa_handler = on_ask, .sa_flags = SA_RESTART };
    bool terminal = isatty(STDERR_FILENO) == 1 && strcmp(environment("TERM"), "dumb") != 0;

    *progress = (struct sl_progress){
        .cli = cli,
        .total = total,
        .bar = terminal && !cli->quiet && cli->bar_drawn,
        .colour = !*environment("NO_COLOR"),
    };
    progress->next_ms = sl_boot_ms() + (progress->bar ? 0 : LINE_MS);
    asked = 0;
    (void)sigaction(SIGUSR1, &action, NULL);
}

static int64_t percent_of(const struct sl_progress *progress, int64_t done)
{
    double share = (double)done / (double)progress->total;

    return share >= 1 ? 100 : share <= 0 ? 0 : (int64_t)(share * 100);
}

/* "1234 of 40000 (3%), text" */
static char *describe(const struct sl_progress *progress, int64_t done, const char *text,
                      struct sl_arena *arena)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_printf(&out, "%" PRId64, done);
    if (progress->total > 0)
        sl_buf_printf(&out, " of %" PRId64 " (%" PRId64 "%%)", progress->total,
                      percent_of(progress, done));
    if (text && *text)
        sl_buf_printf(&out, ", %s", text);
    return sl_printable(arena, out.data, out.len, SIZE_MAX);
}

static void print_line(const struct sl_progress *progress, int64_t done, const char *text)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const bool *drawn = progress->cli->bar_drawn;

    (void)fprintf(stderr, "%s%s: %s\n", drawn && *drawn ? "\r\033[K" : "", progress->cli->program,
                  describe(progress, done, text, arena));
}

static size_t terminal_width(void)
{
    struct winsize size = { 0 };

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

/* "[#####...................] 1234 of 40000 (3%), text", never so wide that it would wrap. */
static void draw(const struct sl_progress *progress, int64_t done, const char *text)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *line = describe(progress, done, text, arena);
    size_t width = terminal_width(), left = width > 1 ? width - 1 : 1;
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "\r");
    if (progress->total > 0 && left >= BAR_CELLS + 3 + NARROWEST) {
        int full = (int)(percent_of(progress, done) * BAR_CELLS / 100);

        sl_buf_printf(&out, "[%s%.*s%s%*s] ", progress->colour ? "\033[32m" : "", full,
                      "########################", progress->colour ? "\033[0m" : "",
                      BAR_CELLS - full, "");
        left -= BAR_CELLS + 3;
    }
    sl_buf_text(&out, sl_printable(arena, line, strlen(line), left));
    (void)fprintf(stderr, "%s\033[K", out.data);
    *progress->cli->bar_drawn = true;
}

void sl_progress_update(struct sl_progress *progress, int64_t done, const char *text)
{
    int64_t now_ms = sl_boot_ms();

    if (asked) {
        asked = 0;
        print_line(progress, done, text);
    }
    if (progress->cli->quiet || now_ms < progress->next_ms)
        return;
    progress->next_ms = now_ms + (progress->bar ? BAR_MS : LINE_MS);
    if (progress->bar)
        draw(progress, done, text);
    else
        print_line(progress, done, text);
}

void sl_progress_end(struct sl_progress *progress)
{
    if (!progress->cli)
        return;
    if (progress->bar && *progress->cli->bar_drawn) {
        (void)fprintf(stderr, "\r\033[K");
        *progress->cli->bar_drawn = false;
    }
    (void)signal(SIGUSR1, SIG_IGN); /* as lib/cli had it before */
    progress->cli = NULL;
}
