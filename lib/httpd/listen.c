#include "lib/httpd/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "lib/base/text.h"

enum { BACKLOG = 4096 };

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un file;
};

/* ---- Addresses ----------------------------------------------------------------------- */

struct sl_ip sl_listener_peer(const struct sockaddr *any)
{
    const union address *address = (const union address *)any;
    struct sl_ip ip = { .bytes = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } };

    if (any && any->sa_family == AF_INET) { /* a unix socket's peer is taken for 127.0.0.1 */
        ip = (struct sl_ip){ .bytes = { [10] = 0xff, [11] = 0xff } };
        memcpy(ip.bytes + 12, &address->four.sin_addr, 4);
    } else if (any && any->sa_family == AF_INET6) {
        memcpy(ip.bytes, &address->six.sin6_addr, sizeof ip.bytes);
    }
    return ip;
}

static int not_written_so(const char *where, struct sl_err *err)
{
    return sl_err_set(err, SL_ERR_DATA,
                      "'%s' is not written like 127.0.0.1:8480, [::1]:8480 or unix:/run/name.sock",
                      where);
}

static int read_file_address(const char *where, union address *address, socklen_t *n,
                             struct sl_err *err)
{
    const char *path = where + strlen("unix:");
    size_t n_path = strlen(path);

    if (*path != '/')
        return not_written_so(where, err);
    if (n_path >= sizeof address->file.sun_path)
        return sl_err_set(err, SL_ERR_DATA, "a socket's path has at most %zu bytes, this has %zu",
                          sizeof address->file.sun_path - 1, n_path);
    address->file.sun_family = AF_UNIX;
    memcpy(address->file.sun_path, path, n_path + 1);
    *n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n_path + 1);
    return 0;
}

static int read_address(const char *where, union address *address, socklen_t *n, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *colon = strrchr(where, ':');
    size_t n_host = colon ? (size_t)(colon - where) : 0;
    const char *host = sl_arena_memdup(arena, where, n_host);
    bool six = n_host > 2 && host[0] == '[' && host[n_host - 1] == ']';
    int64_t port;

    memset(address, 0, sizeof *address);
    if (strncmp(where, "unix:", 5) == 0)
        return read_file_address(where, address, n, err);
    if (!colon || !sl_parse_int(colon + 1, 0, 65535, &port))
        return not_written_so(where, err);
    if (six) {
        address->six.sin6_family = AF_INET6;
        address->six.sin6_port = htons((uint16_t)port);
        *n = sizeof address->six;
        host = sl_arena_memdup(arena, host + 1, n_host - 2);
        return inet_pton(AF_INET6, host, &address->six.sin6_addr) == 1 ? 0
                                                                       : not_written_so(where, err);
    }
    address->four.sin_family = AF_INET;
    address->four.sin_port = htons((uint16_t)port);
    *n = sizeof address->four;
    host = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return inet_pton(AF_INET, host, &address->four.sin_addr) == 1 ? 0 : not_written_so(where, err);
}

static bool is_public(const union address *address)
{
    struct sl_ip ip = sl_listener_peer(&address->any);

    return !sl_ip_is_loopback(&ip);
}

static const char *print_address(struct sl_arena *arena, const union address *address)
{
    char host[INET6_ADDRSTRLEN] = "";

    if (address->any.sa_family == AF_UNIX)
        return sl_arena_printf(arena, "unix:%s", address->file.sun_path);
    if (address->any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &address->six.sin6_addr, host, sizeof host);
        return sl_arena_printf(arena, "[%s]:%d", host, ntohs(address->six.sin6_port));
    }
    (void)inet_ntop(AF_INET, &address->four.sin_addr, host, sizeof host);
    return sl_arena_printf(arena, "%s:%d", host, ntohs(address->four.sin_port));
}

static int refuse_public(const char *where, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_CONFIG, "plain HTTP is not served on %s, which others can reach",
                     where);
    return sl_err_hint(err, "give --tls-cert and --tls-key, or listen on 127.0.0.1 or unix:PATH "
                            "behind nginx or Caddy");
}

/* ---- Sockets ------------------------------------------------------------------------- */

/* A socket file whose daemon is gone would be in the way. One that still answers is left. */
static void remove_stale(const union address *address, socklen_t n)
{
    struct stat file;
    int probe;

    if (lstat(address->file.sun_path, &file) < 0 || !S_ISSOCK(file.st_mode))
        return;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return;
    if (connect(probe, &address->any, n) < 0 && errno == ECONNREFUSED)
        (void)unlink(address->file.sun_path);
    (void)close(probe);
}

static int bind_to(int fd, const union address *address, socklen_t n)
{
    mode_t before;
    int status;

    if (address->any.sa_family != AF_UNIX)
        return bind(fd, &address->any, n);
    remove_stale(address, n);
    before = umask(0117); /* the owner and his group: the proxy's */
    status = bind(fd, &address->any, n);
    (void)umask(before);
    return status;
}

static int open_socket(const union address *address, socklen_t n)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind_to(fd, address, n) < 0 || listen(fd, BACKLOG) < 0) {
        int why = errno;

        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static int open_own(struct sl_listener *listener, struct sl_arena *arena, const char *where,
                    bool may_be_public, struct sl_err *err)
{
    union address address;
    socklen_t n = 0;

    if (read_address(where, &address, &n, err) < 0)
        return -1;
    if (!may_be_public && is_public(&address))
        return refuse_public(where, err);
    listener->fd = open_socket(&address, n);
    if (listener->fd < 0) {
        (void)sl_err_set(err, address.any.sa_family == AF_UNIX ? SL_ERR_CREATE : SL_ERR_UNAVAILABLE,
                         "cannot listen on %s: %m", where);
        return sl_err_hint(err, "--listen names another address");
    }
    if (address.any.sa_family == AF_UNIX)
        listener->path = sl_arena_strdup(arena, address.file.sun_path);
    return 0;
}

/* The first of those that systemd hands in; 0 if there is none. */
static int take_from_systemd(struct sl_listener *listener, struct sl_err *err)
{
    int n = sd_listen_fds(1);

    if (n == 0)
        return 0;
    if (n != 1 || sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
        return sl_err_set(err, SL_ERR_CONFIG, "systemd is to hand in one listening socket");
    listener->fd = SD_LISTEN_FDS_START;
    (void)fcntl(listener->fd, F_SETFL, O_NONBLOCK);
    return 1;
}

/* Names what is open, and hands it to the caller. */
static int hand_over(struct sl_listener *listener, struct sl_arena *arena, bool may_be_public,
                     struct sl_listener *out, struct sl_err *err)
{
    union address address = { 0 };
    socklen_t n = sizeof address;

    if (getsockname(listener->fd, &address.any, &n) < 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "the listening socket has no name: %m");
    listener->text = print_address(arena, &address);
    listener->is_public = is_public(&address);
    if (!may_be_public && listener->is_public)
        return refuse_public(listener->text, err);
    *out = *listener;
    listener->fd = -1; /* the caller's now */
    listener->path = NULL;
    return 0;
}

int sl_listener_open(struct sl_listener *out, struct sl_arena *arena, const char *where,
                     bool may_be_public, struct sl_err *err)
{
    SL_AUTO(sl_listener_close) struct sl_listener listener = { .fd = -1 };

    if (open_own(&listener, arena, where, may_be_public, err) < 0)
        return -1;
    return hand_over(&listener, arena, may_be_public, out, err);
}

int sl_listener_take(struct sl_listener *out, struct sl_arena *arena, bool may_be_public,
                     struct sl_err *err)
{
    SL_AUTO(sl_listener_close) struct sl_listener listener = { .fd = -1 };
    int taken = take_from_systemd(&listener, err);

    if (taken <= 0)
        return taken;
    return hand_over(&listener, arena, may_be_public, out, err) < 0 ? -1 : 1;
}

void sl_listener_close(struct sl_listener *listener)
{
    if (listener->fd >= 0)
        (void)close(listener->fd);
    listener->fd = -1;
    if (listener->path)
        (void)unlink(listener->path);
    listener->path = NULL;
}
