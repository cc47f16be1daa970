/* One operation that somebody waits for: put into the queue, worked at once by this process, and
 * told how it ended. */
#ifndef SL_SERVICE_ONCE_H
#define SL_SERVICE_ONCE_H

#include "lib/service/engine.h"

struct sl_once {
    const struct sl_school *school;
    const struct sl_account *account; /* opened */
    const char *operation; /* of its adapter; SL_ERR_CONFIG if it does none of that name */
    const char *payload;   /* JSON, by the operation */

    /* It is to be done even if nobody waits any more: the timer goes on with it. Else it is a
     * question, which nobody repeats: it expires, and is cancelled when it is left open. */
    bool must_be_done;
    const char *lane; /* NULL: urgent */

    /* Called in the transaction that records it; may be NULL. Returns 0 or -1. */
    int (*recorded)(struct sl_service *service, const struct sl_item *item, void *opaque,
                    struct sl_err *err);

    struct sl_engine_options engine; /* program, stop, settled, progress and opaque count */
};

enum sl_once_how {
    SL_ONCE_DONE,
    SL_ONCE_FAILED,  /* for good */
    SL_ONCE_REFUSED, /* the credentials were */
    SL_ONCE_LEFT,    /* not done yet: with must_be_done the timer goes on */
    SL_ONCE_UNKNOWN, /* it may have been done */
};

struct sl_once_end {
    enum sl_once_how how;
    const char *error;   /* in words, in the arena; NULL with SL_ONCE_DONE */
    struct sl_item item; /* as it stands now, in the arena */
};

/* Fails for our own reasons only, as the two below do. */
int sl_once_run(struct sl_service *service, struct sl_arena *arena, const struct sl_once *once,
                struct sl_once_end *end, struct sl_err *err);

/* Puts it into the queue alone, for whoever works that; `engine` is not looked at. *item is the row.
 * Inside a transaction of the caller's. */
int sl_once_put(struct sl_service *service, struct sl_arena *arena, const struct sl_once *once,
                struct sl_item *item, struct sl_err *err);

/* Works a row that is there already (engine.filter is not looked at), and tells how it stands then.
 * Another process may have it: it is SL_ONCE_UNKNOWN then, and item.waits_for is NULL. */
int sl_once_work(struct sl_service *service, struct sl_arena *arena, int64_t id,
                 const struct sl_engine_options *engine, struct sl_once_end *end,
                 struct sl_err *err);

/* How a row stands now, without working it. */
int sl_once_look(struct sl_service *service, struct sl_arena *arena, int64_t id,
                 struct sl_once_end *end, struct sl_err *err);

/* The end as an error: SL_ERR_AUTH, SL_ERR_QUEUED, SL_ERR_UNAVAILABLE for what was left, and
 * SL_ERR_DATA for what the provider refused. Returns 0 for SL_ONCE_DONE, else -1. */
int sl_once_error(const struct sl_once *once, const struct sl_once_end *end, struct sl_err *err);

#endif
