/* Acts of people on rows of the queue: each is one transaction, with what hangs on the row (messages,
 * batch, payment or refund) and who did it in the audit log. Whatever is refused changes nothing.
 * `school_id` is the school whose rows may be seen, 0: all; another's row is as if it were not
 * there. */
#ifndef SL_SERVICE_QUEUE_ACTS_H
#define SL_SERVICE_QUEUE_ACTS_H

#include "lib/service/service.h"
#include "lib/store/queue.h"
#include "lib/store/queue_view.h"

/* Reads a row into the arena. SL_ERR_DATA if there is none. */
int sl_queue_find(struct sl_service *service, struct sl_arena *arena, int64_t school_id, int64_t id,
                  struct sl_item *item, struct sl_err *err);

/* The refusal of an id that is none. Returns -1. */
int sl_queue_no_item(const char *id, struct sl_err *err);

/* Whether some provider has such an operation, "sms.send". SL_ERR_DATA if none has, with the nearest
 * one. NULL is none that was asked for. */
int sl_queue_check_operation(const char *operation, struct sl_err *err);

struct sl_retried {
    bool was_unknown;  /* it waited for a person: it may have been carried out already */
    int64_t n_unknown; /* messages of which nobody knows whether they left */
};

/* Brings back what failed or waits for a person: pending at once, with its attempts forgotten.
 * SL_ERR_DATA if it is something else, its batch was cancelled, another row does the same, or the
 * payment was paid. */
int sl_queue_act_retry(struct sl_service *service, int64_t school_id, int64_t id,
                       struct sl_retried *retried, struct sl_err *err);

enum { SL_RETRY_PAGE = 100 };

struct sl_retry_page {
    int64_t after_id; /* where the next page begins; 0: at the first */
    int64_t ids[SL_RETRY_PAGE];
    size_t n; /* how many of the page were brought back: their ids */
};

/* The same for a page of all that failed, leaving out what one alone would be refused for. Returns 1
 * if there may be another page, 0 if not, or -1. */
int sl_queue_act_retry_failed(struct sl_service *service, const struct sl_queue_filter *filter,
                              struct sl_retry_page *page, struct sl_err *err);

/* Keeps it from leaving; what waits for a person is given up, and stays unknown. SL_ERR_DATA if it
 * is over, or in flight: already leaving. */
int sl_queue_act_cancel(struct sl_service *service, int64_t school_id, int64_t id,
                        struct sl_err *err);

#endif
