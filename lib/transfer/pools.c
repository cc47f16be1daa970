#include "lib/transfer/pools.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"

enum {
    MOST_EVENTS = 128,
    LOOK_MS = 20, /* between looks at what epoll does not watch */
    MOST_CONNECTIONS = 256,
    MOST_STREAMS = 500, /* over one connection, where the server does not say fewer */
    NAMED_CONNECTIONS = 4,
    MOST_POOLS = 64, /* beyond it idle ones are closed */
};

struct sl_pool {
    struct sl_pool *next;
    struct sl_pools *pools;
    char *name;
    CURLM *multi;
    int64_t timer_ms; /* on the boot clock: when curl wants to be called; -1: not */
    size_t n_active;
    uint32_t number; /* in epoll's data: the pool may be gone when an event of it is seen. From 1:
                      * 0 is a descriptor that is not curl's */
    uint64_t used;   /* the higher, the later */
    struct {
        int port, n;
    } carried[MOST_CONNECTIONS]; /* n_carried were begun, the oldest is forgotten */
    size_t n_carried;
    bool unwatched; /* epoll had no room for a socket of it: it is looked at again and again */
};

struct sl_pools {
    int epoll;
    struct sl_pool *all;
    size_t n;
    uint32_t last_number;
    uint64_t uses;
};

/* ---- What curl calls ----------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *opaque, void *known)
{
    struct sl_pool *pool = opaque;
    int epoll = pool->pools->epoll;
    struct epoll_event event = { .data.u64 = (uint64_t)pool->number << 32 | (uint32_t)socket };

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? (unsigned)EPOLLIN : 0) |
                   (what & CURL_POLL_OUT ? (unsigned)EPOLLOUT : 0);
    /* a number may have been closed and come back as another socket meanwhile */
    if (epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0 &&
        epoll_ctl(epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event) != 0)
        pool->unwatched = true; /* an error told to curl would leave its transfers hanging */
    else
        (void)curl_multi_assign(pool->multi, socket, pool);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *opaque)
{
    struct sl_pool *pool = opaque;

    (void)multi;
    pool->timer_ms = ms < 0 ? -1 : sl_boot_ms() + ms;
    return 0;
}

/* ---- Opening and closing ------------------------------------------------------------- */

int sl_pools_open(struct sl_pools **out, struct sl_err *err)
{
    struct sl_pools *pools = calloc(1, sizeof *pools);

    if (!pools)
        sl_out_of_memory();
    pools->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (pools->epoll < 0) {
        free(pools);
        return sl_err_set(err, SL_ERR_INTERNAL, "epoll: %m");
    }
    *out = pools;
    return 0;
}

static void close_pool(struct sl_pools *pools, struct sl_pool **at)
{
    struct sl_pool *pool = *at;

    *at = pool->next;
    pools->n--;
    (void)curl_multi_cleanup(pool->multi);
    free(pool->name);
    free(pool);
}

void sl_pools_close(struct sl_pools **pools)
{
    if (!*pools)
        return;
    while ((*pools)->all)
        close_pool(*pools, &(*pools)->all);
    (void)close((*pools)->epoll);
    free(*pools);
    *pools = NULL;
}

/* The idle one that was used least recently; all may be busy. */
static void make_room(struct sl_pools *pools)
{
    struct sl_pool **oldest = NULL;

    for (struct sl_pool **at = &pools->all; *at; at = &(*at)->next)
        if ((*at)->n_active == 0 && (*at)->name && (!oldest || (*at)->used < (*oldest)->used))
            oldest = at;
    if (oldest)
        close_pool(pools, oldest);
}

static struct sl_pool *make_pool(struct sl_pools *pools, const char *name)
{
    struct sl_pool *pool = calloc(1, sizeof *pool);

    if (!pool)
        sl_out_of_memory();
    pool->pools = pools;
    pool->number = ++pools->last_number;
    pool->timer_ms = -1;
    pool->multi = curl_multi_init();
    pool->name = name ? strdup(name) : NULL;
    if (!pool->multi || (name && !pool->name))
        sl_out_of_memory();
    (void)curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, (long)MOST_CONNECTIONS);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)MOST_STREAMS);
    if (name) /* a server that begins with one stream would get a connection for each request */
        (void)curl_multi_setopt(pool->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                                (long)NAMED_CONNECTIONS);
    pool->next = pools->all;
    pools->all = pool;
    pools->n++;
    return pool;
}

static bool is_named(const struct sl_pool *pool, const char *name)
{
    return pool->name && name ? strcmp(pool->name, name) == 0 : !pool->name && !name;
}

struct sl_pool *sl_pools_get(struct sl_pools *pools, const char *name)
{
    struct sl_pool *pool = pools->all;

    while (pool && !is_named(pool, name))
        pool = pool->next;
    if (!pool) {
        if (pools->n >= MOST_POOLS)
            make_room(pools);
        pool = make_pool(pools, name);
    }
    pool->used = ++pools->uses;
    return pool;
}

int sl_pool_carried(struct sl_pool *pool, int port, bool fresh)
{
    size_t at = 0;

    while (at < MOST_CONNECTIONS && pool->carried[at].port != port)
        at++;
    if (at == MOST_CONNECTIONS)
        at = pool->n_carried++ % MOST_CONNECTIONS;
    if (fresh || pool->carried[at].port != port)
        pool->carried[at].n = 0;
    pool->carried[at].port = port;
    return ++pool->carried[at].n;
}

bool sl_pool_add(struct sl_pool *pool, CURL *easy)
{
    if (curl_multi_add_handle(pool->multi, easy) != CURLM_OK)
        return false;
    pool->n_active++;
    return true;
}

void sl_pool_remove(struct sl_pool *pool, CURL *easy)
{
    (void)curl_multi_remove_handle(pool->multi, easy);
    pool->n_active--;
}

/* ---- Working ------------------------------------------------------------------------- */

static void act(struct sl_pool *pool, curl_socket_t socket, unsigned events)
{
    int mask = 0, running;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        mask |= CURL_CSELECT_ERR;
    (void)curl_multi_socket_action(pool->multi, socket, mask, &running);
}

int sl_pools_watch(struct sl_pools *pools, int fd, struct sl_err *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint32_t)fd };

    if (epoll_ctl(pools->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "cannot wait for a descriptor: %m");
    return 0;
}

/* False if it is not curl's. */
static bool act_on(struct sl_pools *pools, const struct epoll_event *event)
{
    uint32_t number = (uint32_t)(event->data.u64 >> 32);

    for (struct sl_pool *pool = pools->all; pool; pool = pool->next)
        if (pool->number == number) {
            act(pool, (curl_socket_t)(uint32_t)event->data.u64, event->events);
            return true;
        }
    return number != 0;
}

static int wait_ms(const struct sl_pools *pools, int64_t most_ms)
{
    int64_t now_ms = sl_boot_ms(), wait = most_ms;

    for (const struct sl_pool *pool = pools->all; pool; pool = pool->next)
        if (pool->timer_ms >= 0 && pool->timer_ms - now_ms < wait)
            wait = pool->timer_ms - now_ms;
    for (const struct sl_pool *pool = pools->all; pool; pool = pool->next)
        if (pool->unwatched && wait > LOOK_MS)
            wait = LOOK_MS;
    if (wait <= 0)
        return 0;
    return wait < 60000 ? (int)wait : 60000;
}

static void fire_timers(struct sl_pools *pools)
{
    int64_t now_ms = sl_boot_ms();

    for (struct sl_pool *pool = pools->all; pool; pool = pool->next)
        if (pool->timer_ms >= 0 && pool->timer_ms <= now_ms) {
            pool->timer_ms = -1; /* it fires once */
            act(pool, CURL_SOCKET_TIMEOUT, 0);
        }
}

static void look_at_unwatched(struct sl_pools *pools)
{
    int running;

    for (struct sl_pool *pool = pools->all; pool; pool = pool->next)
        if (pool->unwatched)
            (void)curl_multi_perform(pool->multi, &running);
}

bool sl_pools_wait(struct sl_pools *pools, int64_t most_ms)
{
    struct epoll_event events[MOST_EVENTS];
    int n = epoll_wait(pools->epoll, events, MOST_EVENTS, wait_ms(pools, most_ms));
    bool more = n >= 0;

    for (int i = 0; i < n; i++)
        more = act_on(pools, &events[i]) && more;
    fire_timers(pools);
    look_at_unwatched(pools);
    return more;
}

bool sl_pools_over(struct sl_pools *pools, CURL **easy, CURLcode *code)
{
    for (struct sl_pool *pool = pools->all; pool; pool = pool->next) {
        int left;
        const CURLMsg *message = curl_multi_info_read(pool->multi, &left);

        if (message) {
            *easy = message->easy_handle;
            *code = message->data.result;
            return true;
        }
    }
    return false;
}
