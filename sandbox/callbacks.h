/* What the simulated providers send by themselves: delivery reports, results, confirmations.
 *
 * Only to loopback, without redirects or proxies, a few at a time, from a queue with an
 * end; never again after a failure, as the providers promise no repetition. An https
 * address is called without checking its certificate: it is our own daemon's. */
#ifndef SL_SANDBOX_CALLBACKS_H
#define SL_SANDBOX_CALLBACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "sandbox/scenario.h"

struct sl_sandbox;
struct sl_visit;
struct sl_callbacks;

enum {
    SL_CALLBACKS_AT_ONCE = 32,
    SL_CALLBACKS_WAITING = 200000,
    SL_CALLBACK_ANSWER = 65536, /* bytes that are kept of an answer */
    SL_CALLBACK_MS = 10000,     /* that an answer may take */
};

/* `loop` is the epoll instance that the sockets are added to. NULL if libcurl has no memory. */
struct sl_callbacks *sl_callbacks_new(struct sl_sandbox *box, int loop);
void sl_callbacks_free(struct sl_callbacks **callbacks); /* cancels first; for SL_AUTO() */

/* Called once: the HTTP status (0: no answer, -1: cancelled by a reset) and the answer. */
typedef void sl_callback_fn(struct sl_sandbox *box, void *thing, int status, const char *answer);

struct sl_callback {
    const char *url, *type, *body; /* copied (body NULL: it is a GET), as is … */
    const char *header;            /* … more headers, "Name: value" with LF between; or NULL */
    int64_t delay_ms;
    struct sl_visit *holds; /* whose answer waits for this one's end; or NULL */
    sl_callback_fn *ended;  /* or NULL */
    void *thing;
};

/* n of them, each begun when the one before it has ended. */
void sl_callbacks_post(struct sl_callbacks *callbacks, const struct sl_callback *parts, size_t n);

/* One event, told as the scenario wants it (sandbox/play.c). `visit` is the request that
 * caused it, held back where the event comes first; NULL if it is answered already. */
struct sl_script {
    const char *url, *type;
    const char *genuine;
    const char *other;         /* with another amount, or of another number */
    const char *contrary;      /* success told as failure */
    int64_t delay_ms, late_ms; /* late_ms: in the scenario late-callback */
    /* The headers that prove what goes to this address, in the arena; NULL: nothing is signed. A
     * forged callback has that of the genuine one. */
    const char *(*sign)(struct sl_arena *arena, const char *url, const char *body);
};
void sl_callbacks_play(struct sl_callbacks *callbacks, enum sl_scenario scenario,
                       struct sl_visit *visit, const struct sl_script *script);

bool sl_callbacks_loopback(const char *url); /* http or https to this machine */

/* For the loop. */
void sl_callbacks_ready(struct sl_callbacks *callbacks, int socket, unsigned events);
void sl_callbacks_run(struct sl_callbacks *callbacks);
int64_t sl_callbacks_wait_ms(
    const struct sl_callbacks *callbacks); /* -1: until a socket is ready */
void sl_callbacks_cancel(struct sl_callbacks *callbacks);

#endif
