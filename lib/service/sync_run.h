/* A roster and a learning management system, brought into agreement: asks what is there, and applies
 * a plan (lib/service/sync.h), an operation of the queue for each batch.
 *
 * Asking changes nothing. What is applied is in the queue before it is sent, in the lane of bulk: if
 * the machine stops the timer ends the batch that was under way, and the same roster again does the
 * rest, since every change is judged by what is there. A batch that is refused as a whole is tried in
 * halves, down to the one at fault. */
#ifndef SL_SERVICE_SYNC_RUN_H
#define SL_SERVICE_SYNC_RUN_H

#include "lib/service/once.h"
#include "lib/service/sync.h"

struct sl_sync_run {
    struct sl_service *service;
    const struct sl_school *school;
    const struct sl_account *account; /* of an LMS, opened */
    struct sl_sync *sync;

    /* program, stop and patience count */
    struct sl_engine_options engine;

    /* Told after each batch; may be NULL. */
    void (*progress)(void *opaque, size_t n_settled);
    void *opaque;
};

/* Tells the sync what is there. Fails with what sl_once_error() makes of a question that was not
 * answered. */
int sl_sync_look(struct sl_sync_run *run, struct sl_err *err);

/* Applies what is planned; each change ends as done or failed. Where it cannot go on now, the
 * changes that are left say so, and it returns 0. Fails with SL_ERR_AUTH if the credentials are
 * refused, and for our own reasons. */
int sl_sync_apply(struct sl_sync_run *run, struct sl_err *err);

#endif
