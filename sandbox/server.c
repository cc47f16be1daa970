/* The frame: options, socket, signals, and the one loop in which all happens. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <gcrypt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/http.h"
#include "sandbox/smtp.h"

static const char default_listen[] = "127.0.0.1:8490";

static void close_socket(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* ---- The socket --------------------------------------------------------------------- */

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static int read_listen(const char *text, union address *address, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *colon = strrchr(text, ':'), *host;
    int64_t port;

    if (!colon || !sl_parse_int(colon + 1, 0, 65535, &port))
        return sl_err_set(err, SL_ERR_USAGE, "'%s' is not written like %s", text, default_listen);
    host = sl_arena_memdup(arena, text, (size_t)(colon - text));
    memset(address, 0, sizeof *address);
    if (strcmp(host, "[::1]") == 0) {
        address->six.sin6_family = AF_INET6;
        address->six.sin6_addr = in6addr_loopback;
        address->six.sin6_port = htons((uint16_t)port);
        return 0;
    }
    address->four.sin_family = AF_INET;
    address->four.sin_port = htons((uint16_t)port);
    host = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (inet_pton(AF_INET, host, &address->four.sin_addr) != 1 ||
        ntohl(address->four.sin_addr.s_addr) >> 24 != 127)
        return sl_err_set(err, SL_ERR_USAGE,
                          "'%s' is not on this machine alone: the sandbox listens on 127.0.0.1, "
                          "[::1] or localhost",
                          text);
    return 0;
}

static int open_listener(const char *text, struct sl_err *err)
{
    SL_AUTO(close_socket) int listener = -1;
    union address address;
    int one = 1, opened;

    if (read_listen(text, &address, err) < 0)
        return -1;
    listener = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0 ||
        bind(listener, &address.any, sizeof address) < 0 || listen(listener, 4096) < 0) {
        (void)sl_err_set(err, SL_ERR_UNAVAILABLE, "cannot listen on %s: %s", text, strerror(errno));
        return sl_err_hint(err, "another sandbox may run there; --listen names another port");
    }
    opened = listener;
    listener = -1;
    return opened;
}

/* The one behind that of the rest. */
static int mail_port(int listener)
{
    union address address = { 0 };
    socklen_t n = sizeof address;

    if (getsockname(listener, &address.any, &n) < 0)
        return 0;
    return (ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port
                                                    : address.four.sin_port) +
            1) %
           65536;
}

static void announce(int listener)
{
    union address address = { 0 };
    socklen_t n = sizeof address;
    char host[INET6_ADDRSTRLEN] = "";

    if (getsockname(listener, &address.any, &n) < 0)
        return;
    if (address.any.sa_family == AF_INET6) {
        (void)fprintf(stderr, "listening on [::1]:%d\n", ntohs(address.six.sin6_port));
        return;
    }
    (void)inet_ntop(AF_INET, &address.four.sin_addr, host, sizeof host);
    (void)fprintf(stderr, "listening on %s:%d\n", host, ntohs(address.four.sin_port));
}

/* ---- The loop ----------------------------------------------------------------------- */

struct loop {
    int epoll, signals;
    sigset_t before; /* the mask to be put back */
};

/* What has arrived is read: it would end the process when the mask is put back. */
static void close_loop(struct loop *loop)
{
    struct signalfd_siginfo arrived;

    while (loop->signals >= 0 && read(loop->signals, &arrived, sizeof arrived) > 0)
        continue;
    close_socket(&loop->epoll);
    if (loop->signals >= 0)
        (void)sigprocmask(SIG_SETMASK, &loop->before, NULL);
    close_socket(&loop->signals);
}

static int watch(const struct loop *loop, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int open_loop(struct loop *loop, struct sl_err *err)
{
    sigset_t wanted;

    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGTERM);
    (void)sigaddset(&wanted, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigprocmask(SIG_BLOCK, &wanted, &loop->before);
    loop->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->signals < 0 || loop->epoll < 0 || watch(loop, loop->signals) < 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "cannot wait for events: %s", strerror(errno));
    return 0;
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    if (a_ms < 0 || b_ms < 0)
        return a_ms < 0 ? b_ms : a_ms;
    return a_ms < b_ms ? a_ms : b_ms;
}

/* One that is the mail server's, or a callback's. */
static void serve_socket(struct sl_sandbox *box, struct sl_smtp_server *smtp,
                         const struct epoll_event *event)
{
    if (!sl_smtp_ready(smtp, event->data.fd))
        sl_callbacks_ready(box->callbacks, event->data.fd, event->events);
}

static int run_loop(const struct loop *loop, struct sl_sandbox *box, struct sl_http *http,
                    struct sl_smtp_server *smtp, struct sl_err *err)
{
    struct epoll_event events[64];
    bool stopped = false;

    while (!stopped) {
        int64_t wait_ms = sooner(sl_http_wait_ms(http), sl_timers_wait_ms(box->timers));
        int n;

        wait_ms = sooner(wait_ms, sl_callbacks_wait_ms(box->callbacks));
        wait_ms = box->resumed ? 0 : wait_ms;
        box->resumed = false;
        n = epoll_wait(loop->epoll, events, SL_COUNT(events),
                       wait_ms < 60000 ? (int)wait_ms : 60000);
        if (n < 0 && errno != EINTR)
            return sl_err_set(err, SL_ERR_INTERNAL, "cannot wait for events: %s", strerror(errno));
        for (int i = 0; i < n; i++) {
            stopped = stopped || events[i].data.fd == loop->signals;
            if (events[i].data.fd != loop->signals && events[i].data.fd != sl_http_socket(http))
                serve_socket(box, smtp, &events[i]);
        }
        sl_http_run(http);
        sl_timers_run(box->timers);
        sl_callbacks_run(box->callbacks);
    }
    return 0;
}

/* Two thousand connections and their callbacks need more than the usual 1024. */
static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max < 16384 ? limit.rlim_max : 16384;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int serve(struct sl_sandbox *box, const struct sl_sandbox_options *options,
                 const struct loop *loop, struct sl_err *err)
{
    SL_AUTO(sl_http_free) struct sl_http *http = NULL;
    SL_AUTO(sl_smtp_close) struct sl_smtp_server *smtp = NULL;
    int listener, result;

    if (sl_box_open(box, options, loop->epoll, err) < 0)
        return -1;
    listener = open_listener(options->listen ? options->listen : default_listen, err);
    if (listener < 0)
        return -1;
    http = sl_http_new(box, listener, err);
    if (!http)
        return -1;
    if (watch(loop, sl_http_socket(http)) < 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "cannot wait for requests: %s", strerror(errno));
    if (sl_smtp_open(&smtp, box, mail_port(listener), loop->epoll, err) < 0)
        return -1;
    box->smtp_port = sl_smtp_port(smtp);
    announce(listener);
    result = run_loop(loop, box, http, smtp, err);
    sl_box_cancel(box);
    return result;
}

int sl_sandbox_serve(const struct sl_sandbox_options *options, struct sl_err *err)
{
    SL_AUTO(close_loop) struct loop loop = { .epoll = -1, .signals = -1 };
    struct sl_sandbox box = { .scenario = SL_PLAY_OK };
    int result;

    if (open_loop(&loop, err) < 0)
        return -1;
    raise_limit();
    (void)gcry_check_version(NULL);
    (void)gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    result = serve(&box, options, &loop, err);
    sl_box_close(&box);
    curl_global_cleanup();
    return result;
}
