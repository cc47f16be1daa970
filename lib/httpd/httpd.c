#include "lib/httpd/httpd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/httpd/visit.h"

enum {
    MOST_SECOND = 32, /* likewise, of the second address */
    SPARE_FILES = 128,
    MOST_HEAD =
        32 * 1024 + 1, /* up to 32 KiB libmicrohttpd takes from the heap, and touches all of it */
    MOST_RUNS = 64,
    SILENT_S = 10,
    WHOLE_MS = 30 * 1000,
    FAREWELL_MS = 8 * 1000,
    TICK_MS = 1000,
    MOST_EVENTS = 16,
};

/* ---- Certificates -------------------------------------------------------------------- */

static const char *read_file(struct sl_arena *arena, const char *path, struct sl_err *err)
{
    struct sl_buf text = sl_buf_new(arena);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char piece[4096];
    ssize_t n = -1;

    while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0 && text.len < MOST_BODY)
        sl_buf_add(&text, piece, (size_t)n);
    explicit_bzero(piece, sizeof piece);
    if (n != 0)
        (void)sl_err_set(err, SL_ERR_CONFIG, "%s: %s", path,
                         n < 0 ? strerror(errno) : "too large for a certificate or a key");
    if (fd >= 0)
        (void)close(fd);
    return n == 0 ? text.data : NULL;
}

/* ---- Opening and closing ------------------------------------------------------------- */

static int start(struct door *door, struct sl_err *err)
{
    struct sl_httpd *httpd = door->httpd;
    const struct sl_httpd_options *options = &httpd->options;
    unsigned most = door->second ? MOST_SECOND : MOST_CONNECTIONS;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME;
    const char *key;
    struct MHD_OptionItem tls[] = { { MHD_OPTION_END, 0, NULL },
                                    { MHD_OPTION_HTTPS_MEM_CERT, 0, NULL },
                                    { MHD_OPTION_END, 0, NULL } };

    if (options->tls_cert && !door->second) {
        httpd->cert = read_file(httpd->arena, options->tls_cert, err);
        key = httpd->cert ? read_file(httpd->arena, options->tls_key, err) : NULL;
        if (!key)
            return -1;
        flags |= MHD_USE_TLS;
        tls[0] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key };
        tls[1].ptr_value = (void *)(uintptr_t)httpd->cert;
    }
    door->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, visit_request, door, MHD_OPTION_ARRAY, tls,
                         MHD_OPTION_LISTEN_SOCKET, door->listener.fd, MHD_OPTION_URI_LOG_CALLBACK,
                         visit_target, door, MHD_OPTION_NOTIFY_COMPLETED, visit_end, door,
                         MHD_OPTION_NOTIFY_CONNECTION, visit_connection, door,
                         MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_CONNECTION_TIMEOUT,
                         (unsigned)SILENT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MOST_HEAD,
                         MHD_OPTION_END);
    if (door->daemon)
        return 0;
    if (httpd->cert && !door->second)
        return sl_err_set(err, SL_ERR_CONFIG, "%s and %s are no certificate and its key",
                          options->tls_cert, options->tls_key);
    return sl_err_set(err, SL_ERR_INTERNAL, "libmicrohttpd does not start: %m");
}

static int add_to_loop(const struct sl_httpd *httpd, int fd, void *watch)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

    return epoll_ctl(httpd->epoll, EPOLL_CTL_ADD, fd, &event);
}

/* A NULL watch is libmicrohttpd's, which is run in every round anyhow. */
static int add_doors(const struct sl_httpd *httpd)
{
    for (size_t i = 0; i < httpd->n_doors; i++) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(httpd->doors[i].daemon, MHD_DAEMON_INFO_EPOLL_FD);

        if (add_to_loop(httpd, info->epoll_fd, NULL) < 0)
            return -1;
    }
    return 0;
}

/* The signals' watch is the daemon itself. */
static int open_loop(struct sl_httpd *httpd, struct sl_err *err)
{
    sigset_t wanted;

    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &wanted, &httpd->before);
    httpd->blocked = true;
    httpd->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    httpd->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (httpd->signals < 0 || httpd->epoll < 0 || add_to_loop(httpd, httpd->signals, httpd) < 0 ||
        add_doors(httpd) < 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "cannot wait for events: %m");
    return 0;
}

/* A connection is a descriptor; the usual limit is 1,024. */
static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= MOST_CONNECTIONS + SPARE_FILES)
        return;
    limit.rlim_cur = MOST_CONNECTIONS + SPARE_FILES;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Returns the next door, which is not open yet. */
static struct door *add_door(struct sl_httpd *httpd)
{
    struct door *door = &httpd->doors[httpd->n_doors];

    *door = (struct door){ .httpd = httpd, .listener.fd = -1, .second = httpd->n_doors > 0 };
    httpd->n_doors++;
    return door;
}

static int open_first(struct sl_httpd *httpd, struct sl_err *err)
{
    const struct sl_httpd_options *options = &httpd->options;
    bool may_be_public = options->tls_cert != NULL;
    struct door *door = add_door(httpd);
    int taken = sl_listener_take(&door->listener, httpd->arena, may_be_public, err);

    if (taken < 0 || (taken == 0 && sl_listener_open(&door->listener, httpd->arena, options->listen,
                                                     may_be_public, err) < 0))
        return -1;
    return start(door, err);
}

static int open_second(struct sl_httpd *httpd, struct sl_err *err)
{
    struct door *door;

    if (!httpd->options.second)
        return 0;
    door = add_door(httpd);
    if (sl_listener_open(&door->listener, httpd->arena, httpd->options.second, false, err) == 0)
        return start(door, err);
    if (err->code == SL_ERR_CONFIG)
        return sl_err_hint(err, "it is for this machine: 127.0.0.1, [::1] or unix:PATH");
    return -1;
}

int sl_httpd_open(struct sl_httpd **out, const struct sl_httpd_options *options, struct sl_err *err)
{
    SL_AUTO(sl_httpd_close) struct sl_httpd *httpd = calloc(1, sizeof *httpd);

    if (!httpd)
        sl_out_of_memory();
    raise_limit();
    httpd->arena = sl_arena_new();
    httpd->options = *options;
    httpd->signals = httpd->epoll = -1;
    if (open_first(httpd, err) < 0 || open_second(httpd, err) < 0 || open_loop(httpd, err) < 0)
        return -1;
    *out = httpd;
    httpd = NULL; /* the caller's now */
    return 0;
}

/* A run lets in a few connections only: it is repeated while more come, so that who has something to say
 * stands behind a flood of others for no longer than need be. */
static void run_door(const struct sl_httpd *httpd, const struct door *door)
{
    uint64_t before = httpd->n_let_in - 1;

    for (int runs = 0; before != httpd->n_let_in && runs < MOST_RUNS; runs++) {
        before = httpd->n_let_in;
        (void)MHD_run(door->daemon);
    }
}

static void run_doors(struct sl_httpd *httpd)
{
    for (size_t i = 0; i < httpd->n_doors; i++)
        if (httpd->doors[i].daemon)
            run_door(httpd, &httpd->doors[i]);
}

/* Whoever still waits is resumed and loses his connection, without an answer. */
static void close_doors(struct sl_httpd *httpd)
{
    httpd->closing = true;
    for (struct line *line = httpd->first; line; line = line->next)
        if (line->held)
            MHD_resume_connection(line->connection);
    run_doors(httpd);
    for (size_t i = 0; i < httpd->n_doors; i++) {
        struct door *door = &httpd->doors[i];

        if (door->daemon)
            MHD_stop_daemon(door->daemon);
        if (door->daemon && !httpd->stopping)
            door->listener.fd = -1; /* it closed that too */
        sl_listener_close(&door->listener);
    }
}

void sl_httpd_close(struct sl_httpd **out)
{
    struct sl_httpd *httpd = *out;
    struct signalfd_siginfo arrived;

    if (!httpd)
        return;
    close_doors(httpd);
    while (httpd->signals >= 0 && read(httpd->signals, &arrived, sizeof arrived) > 0)
        continue; /* they would end the process when the mask is put back */
    if (httpd->signals >= 0)
        (void)close(httpd->signals);
    if (httpd->epoll >= 0)
        (void)close(httpd->epoll);
    if (httpd->blocked)
        (void)sigprocmask(SIG_SETMASK, &httpd->before, NULL);
    visit_free_pool(httpd);
    free(httpd->waiting);
    sl_arena_free(&httpd->arena);
    free(httpd);
    *out = NULL;
}

const char *sl_httpd_address(const struct sl_httpd *httpd)
{
    return httpd->doors[0].listener.text;
}

const char *sl_httpd_second_address(const struct sl_httpd *httpd)
{
    return httpd->n_doors > 1 ? httpd->doors[1].listener.text : NULL;
}

const char *sl_httpd_certificate(const struct sl_httpd *httpd)
{
    return httpd->cert;
}

/* ---- Watching ------------------------------------------------------------------------ */

int sl_httpd_watch(struct sl_httpd *httpd, struct sl_httpd_watch *watch, struct sl_err *err)
{
    if (add_to_loop(httpd, watch->fd, watch) < 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "cannot wait for a descriptor: %m");
    return 0;
}

void sl_httpd_forget(struct sl_httpd *httpd, const struct sl_httpd_watch *watch)
{
    (void)epoll_ctl(httpd->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

/* ---- The loop ------------------------------------------------------------------------ */

void sl_httpd_answer(struct sl_httpd *httpd, struct sl_http_request *request)
{
    httpd->resumed = true;
    MHD_resume_connection(((struct visit *)request)->connection);
}

static void run_daemon(struct sl_httpd *httpd)
{
    httpd->resumed = false;
    run_doors(httpd);
}

/* Everything that is complete, as one group. */
static bool serve_waiting(struct sl_httpd *httpd)
{
    size_t n = httpd->n_waiting;

    if (n == 0)
        return false;
    httpd->n_waiting = 0;
    httpd->options.serve(httpd->options.opaque, httpd->waiting, n);
    for (size_t i = 0; i < n; i++)
        if (httpd->waiting[i]->status != 0)
            sl_httpd_answer(httpd, httpd->waiting[i]);
    return true;
}

/* Ends connections that have sent for long and come to nothing, byte by byte. */
static void end_slow(struct sl_httpd *httpd, int64_t now_ms)
{
    struct line *line = httpd->first, *next;

    for (; line && line->since_ms + WHOLE_MS <= now_ms; line = next) {
        next = line->next;
        if (!line->held)
            visit_end_line(httpd, line);
    }
}

static void begin_to_stop(struct sl_httpd *httpd)
{
    struct signalfd_siginfo arrived;

    while (read(httpd->signals, &arrived, sizeof arrived) > 0)
        continue;
    if (httpd->stopping)
        return;
    httpd->stopping = true;
    for (size_t i = 0; i < httpd->n_doors; i++)
        (void)MHD_quiesce_daemon(httpd->doors[i].daemon);
    (void)sd_notify(0, "STOPPING=1");
}

static int64_t wait_ms(const struct sl_httpd *httpd, int64_t idle_ms)
{
    MHD_UNSIGNED_LONG_LONG wanted;
    int64_t wait = TICK_MS;

    if (httpd->n_waiting > 0 || httpd->resumed)
        return 0;
    for (size_t i = 0; i < httpd->n_doors; i++)
        if (MHD_get_timeout(httpd->doors[i].daemon, &wanted) == MHD_YES && wanted < (unsigned)wait)
            wait = (int64_t)wanted;
    return idle_ms >= 0 && idle_ms < wait ? idle_ms : wait;
}

static int wait_for_events(struct sl_httpd *httpd, int64_t idle_ms, struct sl_err *err)
{
    struct epoll_event events[MOST_EVENTS];
    int n = epoll_wait(httpd->epoll, events, MOST_EVENTS, (int)wait_ms(httpd, idle_ms));

    if (n < 0 && errno != EINTR)
        return sl_err_set(err, SL_ERR_INTERNAL, "cannot wait for events: %m");
    for (int i = 0; i < n; i++) {
        struct sl_httpd_watch *watch = events[i].data.ptr;

        if (events[i].data.ptr == httpd)
            begin_to_stop(httpd);
        else if (watch)
            watch->ready(watch->opaque);
    }
    return 0;
}

int sl_httpd_run(struct sl_httpd *httpd, struct sl_err *err)
{
    int64_t idle_ms = 0, stop_ms = INT64_MAX, sweep_ms = 0;

    (void)sd_notify(0, "READY=1");
    while (!httpd->stopping || (httpd->n_visits > 0 && sl_boot_ms() < stop_ms)) {
        bool busy;

        if (wait_for_events(httpd, idle_ms, err) < 0)
            return -1;
        if (httpd->stopping && stop_ms == INT64_MAX)
            stop_ms = sl_boot_ms() + FAREWELL_MS;
        run_daemon(httpd);
        busy = serve_waiting(httpd);
        if (busy)
            run_daemon(httpd);
        idle_ms = httpd->options.idle ? httpd->options.idle(httpd->options.opaque, busy) : -1;
        if (sl_boot_ms() >= sweep_ms) {
            end_slow(httpd, sl_boot_ms());
            sweep_ms = sl_boot_ms() + TICK_MS;
        }
    }
    return 0;
}
