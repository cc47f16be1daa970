/* What people do to rows of the queue: bring them back, call them off. Each is one transaction
 * with the row's messages or payment, its batch, and a row of the audit trail. */
#ifndef SL_SERVICE_QUEUE_ACTS_H
#define SL_SERVICE_QUEUE_ACTS_H

#include "lib/service/service.h"
#include "lib/store/queue_view.h"

struct sl_queue_act {
    int64_t school_id; /* 0: of any; else only a row of that school is found */
    int64_t id;

    /* What came of it; texts are in the arena. */
    const char *refused; /* why nothing was changed: "is already leaving"; NULL: it was done */
    const char *advice;  /* what to do instead or now; or NULL */
    bool may_repeat;     /* what is tried again may have been carried out before */
    int64_t n_messages;  /* queued again, or called off */
};

/* A row that failed, or waits for a person, is due again, with its failed messages; of one that
 * waits also those that may have been received. SL_ERR_DATA if there is no such row. */
int sl_queue_act_retry(struct sl_service *service, struct sl_arena *arena, struct sl_queue_act *act,
                       struct sl_err *err);

/* Up to n that failed and are not too old, behind filter->after_id, which moves on; 0 when there
 * are no more. ids[i] is negative where a row was left as it is. Returns how many, or -1. */
int sl_queue_act_retry_failed(struct sl_service *service, struct sl_failed_filter *filter, size_t n,
                              int64_t *ids, struct sl_err *err);

/* A row that has not left is cancelled, and its messages; one that waits for a person too, and
 * its messages stay unknown. SL_ERR_DATA if there is no such row. */
int sl_queue_act_cancel(struct sl_service *service, struct sl_arena *arena,
                        struct sl_queue_act *act, struct sl_err *err);

#endif
