/* Connections that say nothing, connections that say a byte a second, and beside them honest reports, each over
 * a connection of its own.
 * usage: flood ADDRESS:PORT PATH IDLE SLOW RATE SECONDS
 * Who is thrown out comes back a second later. Prints, in this order: honest reports that were sent, that were
 * not answered 200, and the 99th percentile and the longest of their times in milliseconds; then how many
 * connections of the flood were open at the most, and how many were thrown out. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "tests/attacks/http.h"

enum { MOST_EVENTS = 256, TICK_MS = 5, AGAIN_MS = 1000, PATIENCE_MS = 20000, EACH_TICK = 200 };

enum kind { IDLE, SLOW, HONEST };

struct client {
    enum kind kind;
    int fd;         /* -1: closed */
    int64_t due_ms; /* SLOW: its next byte; closed: when it comes back; HONEST: when it gives up */
    int64_t began_ms;
    bool connected;
};

struct flood {
    struct connection to;
    const char *path;
    int epoll;
    struct client *clients;  /* n_flood or n_honest of them */
    volatile bool all_there; /* every one of the flood has been there once */
    size_t n_flood, n_honest, n_sent, n_ended, n_lost;
    size_t n_open, most_open, n_thrown_out;
    int64_t *took_ms; /* of those that were answered */
    size_t n_took;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
    exit(74);
}

static void *make(size_t n, size_t size)
{
    void *made = calloc(n + 1, size);

    if (!made)
        die("memory");
    return made;
}

/* ---- One client ------------------------------------------------------------------------------------ */

static void open_client(struct flood *flood, struct client *client)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP, .data.ptr = client };

    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0 ||
        (connect(client->fd, (struct sockaddr *)&flood->to.to, sizeof(struct sockaddr_in)) < 0 &&
         errno != EINPROGRESS))
        die("connect");
    if (epoll_ctl(flood->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
        die("epoll");
    client->connected = false;
    client->began_ms = sl_boot_ms();
    client->due_ms = client->began_ms + (client->kind == HONEST ? PATIENCE_MS : AGAIN_MS);
    flood->n_open += client->kind != HONEST;
    if (flood->n_open > flood->most_open)
        flood->most_open = flood->n_open;
}

static void close_client(struct flood *flood, struct client *client)
{
    const struct linger at_once = { .l_onoff = 1 }; /* no port is kept waiting */

    (void)setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(client->fd);
    client->fd = -1;
    client->due_ms = sl_boot_ms() + AGAIN_MS;
    flood->n_open -= client->kind != HONEST;
    flood->n_thrown_out += client->kind != HONEST;
}

/* What it says as soon as it can. */
static void greet(struct flood *flood, struct client *client)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = client };
    char text[600], body[120];

    client->connected = true;
    (void)epoll_ctl(flood->epoll, EPOLL_CTL_MOD, client->fd, &event);
    (void)snprintf(body, sizeof body,
                   "phoneNumber=%%2B254711000001&id=ATXid_honest_%zu&status=Success",
                   (size_t)(client - flood->clients));
    (void)snprintf(
        text, sizeof text,
        "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: %zu\r\n",
        flood->path, strlen(body));
    if (client->kind == HONEST) {
        (void)strcat(strcat(text, "\r\n"), body);
        (void)send(client->fd, text, strlen(text), MSG_NOSIGNAL);
    } else if (client->kind == SLOW) {
        (void)send(client->fd, text, strlen(text), MSG_NOSIGNAL);
    }
}

static void end_honest(struct flood *flood, struct client *client, bool answered)
{
    flood->n_ended++;
    if (answered)
        flood->took_ms[flood->n_took++] = sl_boot_ms() - client->began_ms;
    else
        flood->n_lost++;
    close_client(flood, client);
}

static void hear(struct flood *flood, struct client *client, unsigned events)
{
    char answer[600];
    ssize_t n;

    if (client->fd < 0)
        return;
    if (!client->connected && (events & EPOLLOUT) && !(events & (EPOLLERR | EPOLLHUP)))
        greet(flood, client);
    if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)))
        return;
    n = recv(client->fd, answer, sizeof answer, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (client->kind == HONEST)
        end_honest(flood, client, n > 12 && memcmp(answer, "HTTP/1.1 200", 12) == 0);
    else
        close_client(flood, client);
}

/* ---- All of them ------------------------------------------------------------------------------------- */

static void wait_for(struct flood *flood, int64_t until_ms)
{
    struct epoll_event events[MOST_EVENTS];
    int64_t now_ms;

    do {
        int n;

        now_ms = sl_boot_ms();
        n = epoll_wait(flood->epoll, events, MOST_EVENTS,
                       (int)(until_ms > now_ms ? until_ms - now_ms : 0));
        for (int i = 0; i < n; i++)
            hear(flood, events[i].data.ptr, events[i].events);
    } while (sl_boot_ms() < until_ms);
}

/* Those whose time has come: to say a byte, or to come back. */
static void drive(struct flood *flood)
{
    int64_t now_ms = sl_boot_ms();
    size_t opened = 0;

    for (size_t i = 0; i < flood->n_flood; i++) {
        struct client *client = &flood->clients[i];

        if (client->due_ms > now_ms)
            continue;
        if (client->fd < 0 && opened++ < EACH_TICK) {
            open_client(flood, client);
        } else if (client->fd >= 0 && client->kind == SLOW && client->connected) {
            (void)send(client->fd, "X", 1, MSG_NOSIGNAL);
            client->due_ms = now_ms + AGAIN_MS;
        }
    }
}

static void give_up_late(struct flood *flood)
{
    int64_t now_ms = sl_boot_ms();

    for (size_t i = 0; i < flood->n_sent; i++) {
        struct client *client = &flood->clients[i];

        if (client->fd >= 0 && client->due_ms <= now_ms)
            end_honest(flood, client, false);
    }
}

static bool all_came(const struct flood *flood)
{
    for (size_t i = 0; i < flood->n_flood; i++)
        if (flood->clients[i].began_ms == 0)
            return false;
    return true;
}

/* The flood is a process of its own: it must not make the honest ones wait for us. Never returns. */
static void run_flood(struct flood *flood)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    flood->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (flood->epoll < 0)
        die("epoll");
    for (;;) {
        drive(flood);
        wait_for(flood, sl_boot_ms() + TICK_MS);
        flood->all_there = flood->all_there || all_came(flood);
    }
}

static void run_honest(struct flood *honest, const volatile bool *all_there, int64_t every_ms)
{
    int64_t began_ms;

    while (!*all_there)
        wait_for(honest, sl_boot_ms() + TICK_MS);
    began_ms = sl_boot_ms();
    while (honest->n_ended < honest->n_honest) {
        while (honest->n_sent < honest->n_honest &&
               sl_boot_ms() >= began_ms + (int64_t)honest->n_sent * every_ms)
            open_client(honest, &honest->clients[honest->n_sent++]);
        wait_for(honest, sl_boot_ms() + TICK_MS);
        give_up_late(honest);
    }
}

static int by_number(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

static void report(const struct flood *honest, const struct flood *flood)
{
    size_t n = honest->n_took;

    qsort(honest->took_ms, n, sizeof *honest->took_ms, by_number);
    (void)printf("%zu %zu %lld %lld %zu %zu\n", honest->n_sent, honest->n_lost,
                 n > 0 ? (long long)honest->took_ms[n * 99 / 100] : -1,
                 n > 0 ? (long long)honest->took_ms[n - 1] : -1, flood->most_open,
                 flood->n_thrown_out);
}

/* A connection is a descriptor. */
static void raise_limit(size_t n)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        die("limit");
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_max < n + 100 || setrlimit(RLIMIT_NOFILE, &limit) < 0)
        die("a hard limit of descriptors (ulimit -Hn) that is too low");
}

/* The other process counts in it too. */
static struct flood *make_flood(const struct flood *like, size_t n_idle, size_t n_slow)
{
    struct flood *flood =
        mmap(NULL, sizeof *flood, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (flood == MAP_FAILED)
        die("memory");
    *flood = *like;
    flood->n_flood = n_idle + n_slow;
    flood->clients = make(flood->n_flood, sizeof *flood->clients);
    for (size_t i = 0; i < flood->n_flood; i++)
        flood->clients[i] = (struct client){ .fd = -1, .kind = i < n_idle ? IDLE : SLOW };
    return flood;
}

int main(int argc, char **argv)
{
    struct flood honest = { 0 }, *flood;
    size_t rate;
    pid_t pid;

    if (argc != 7)
        return 64;
    http_to(&honest.to, argv[1]);
    honest.path = argv[2];
    flood = make_flood(&honest, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
    rate = strtoul(argv[5], NULL, 10);
    honest.n_honest = rate * strtoul(argv[6], NULL, 10);
    honest.clients = make(honest.n_honest, sizeof *honest.clients);
    honest.took_ms = make(honest.n_honest, sizeof *honest.took_ms);
    for (size_t i = 0; i < honest.n_honest; i++)
        honest.clients[i] = (struct client){ .fd = -1, .kind = HONEST };
    raise_limit(flood->n_flood + 1000);
    pid = fork();
    if (pid == 0)
        run_flood(flood);
    honest.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (pid < 0 || honest.epoll < 0)
        die("start");
    run_honest(&honest, &flood->all_there, (int64_t)(1000 / rate));
    (void)kill(pid, SIGKILL);
    report(&honest, flood);
    free(honest.clients);
    free(honest.took_ms);
    free(flood->clients);
    return 0;
}
