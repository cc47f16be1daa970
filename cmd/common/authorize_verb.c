#include "cmd/common/authorize_verb.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/httpd/listen.h"
#include "lib/service/consent.h"

enum { PATIENCE_MS = 15 * 60 * 1000, MOST_LINE = 8192, VISITOR_MS = 2000 };

const struct sl_opt sl_authorize_options[] = {
    { "device", 0, SL_OPT_FLAG, offsetof(struct sl_authorize_options, device), NULL,
      .help = "Enter a code on another device instead, where the provider allows it" },
    { 0 },
};

/* ---- The browser comes back ---------------------------------------------------------------- */

/* The first line of what a browser asks for, "GET /?code=… HTTP/1.1", which may come in pieces. */
static bool read_request(int fd, char line[MOST_LINE])
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    size_t n = 0;

    line[0] = '\0';
    while (!strchr(line, '\n') && n < MOST_LINE - 1 && poll(&ready, 1, VISITOR_MS) > 0) {
        ssize_t got = read(fd, line + n, MOST_LINE - 1 - n);

        if (got <= 0)
            return false;
        n += (size_t)got;
        line[n] = '\0';
    }
    return strchr(line, '\n') != NULL;
}

static void reply(int fd, const char *status, const char *text)
{
    char answer[512];
    int n = snprintf(answer, sizeof answer,
                     "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                     status, strlen(text), text);

    (void)!write(fd, answer, (size_t)n);
}

/* The query that the browser was sent back with; NULL: it wanted something else, an icon. */
static const char *take_visit(struct sl_arena *arena, int listener)
{
    int fd = accept(listener, NULL, NULL);
    char line[MOST_LINE];
    const char *answer = NULL;

    if (fd < 0)
        return NULL;
    if (read_request(fd, line) && strncmp(line, "GET /?", 6) == 0) {
        answer = sl_arena_memdup(arena, line + 5, strcspn(line + 5, " \r\n"));
        reply(fd, "200 OK", "This page can be closed; the terminal says how it went.\n");
    } else {
        reply(fd, "404 Not Found", "");
    }
    (void)close(fd);
    return answer;
}

/* A line that somebody pasted; NULL: the input has ended. */
static const char *take_line(struct sl_arena *arena)
{
    struct sl_buf line = sl_buf_new(arena);
    char byte;

    while (line.len < MOST_LINE && read(STDIN_FILENO, &byte, 1) == 1) {
        if (byte == '\n')
            return line.data;
        if (byte != '\r' && byte != ' ')
            sl_buf_add(&line, &byte, 1);
    }
    return line.len > 0 ? line.data : NULL;
}

/* Whichever comes first. NULL, with *err set, if nobody answers. */
static const char *wait_for_answer(struct sl_arena *arena, int listener, struct sl_err *err)
{
    struct pollfd ready[] = { { .fd = listener, .events = POLLIN },
                              { .fd = STDIN_FILENO, .events = POLLIN } };
    int64_t until_ms = sl_boot_ms() + PATIENCE_MS, left_ms;
    const char *answer = NULL;

    while (!answer && (left_ms = until_ms - sl_boot_ms()) > 0) {
        if (poll(ready, SL_COUNT(ready), (int)left_ms) < 0)
            break;
        if (ready[0].revents)
            answer = take_visit(arena, listener);
        if (!answer && ready[1].revents) {
            answer = take_line(arena);
            if (!answer)
                ready[1].fd = -1; /* the browser alone can answer now */
        }
    }
    if (!answer)
        (void)sl_err_set(err, SL_ERR_DATA, "nobody has answered");
    return answer;
}

static int by_browser(struct sl_consenting *consenting, struct sl_err *err)
{
    SL_AUTO(sl_listener_close) struct sl_listener listener = { .fd = -1 };
    const char *redirect, *answer;

    if (sl_listener_open(&listener, consenting->arena, "127.0.0.1:0", false, err) < 0)
        return -1;
    redirect = sl_arena_printf(consenting->arena, "http://%s", listener.text);
    (void)fprintf(stderr,
                  "Open this address in a browser, and allow what is asked:\n\n%s\n\n"
                  "If the browser is on another machine it ends at a page that cannot be shown:\n"
                  "paste that page's address here.\n",
                  sl_consent_link(consenting, redirect));
    answer = wait_for_answer(consenting->arena, listener.fd, err);
    return answer ? sl_consent_finish(consenting, answer, err) : -1;
}

/* ---- On another device ------------------------------------------------------------------------ */

static int by_device(struct sl_consenting *consenting, struct sl_err *err)
{
    int done = 0;

    if (sl_consent_device(consenting, err) < 0)
        return -1;
    (void)fprintf(stderr, "Open %s on any device, and enter the code %s\n", consenting->device_page,
                  consenting->user_code);
    while (done == 0) {
        const struct timespec pause = { consenting->interval_ms / 1000,
                                        consenting->interval_ms % 1000 * 1000000 };

        (void)nanosleep(&pause, NULL);
        done = sl_consent_poll(consenting, err);
    }
    return done < 0 ? -1 : 0;
}

int sl_authorize_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_authorize_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_consent_end) struct sl_consenting consenting = { 0 };
    struct sl_school school;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_consent_begin(service, cli->arena, &school, cli->provider, &consenting, err) < 0)
        return -1;
    if ((options->device ? by_device(&consenting, err) : by_browser(&consenting, err)) < 0)
        return -1;
    sl_say(cli, "%s: the consent is stored; `sl-config test -s %s -p %s` proves it", cli->program,
           school.code, cli->provider);
    return 0;
}
