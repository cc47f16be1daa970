/* Messages whose answer was lost: settled by a callback that knows them, or by asking.
 *
 * Such a message is "unknown", and its queue row waits. Whatever tells that the provider has it
 * gives it its reference and status; when nothing of a row is unknown any more, the row is over. */
#ifndef SL_SERVICE_LOST_H
#define SL_SERVICE_LOST_H

#include "lib/adapter/adapter.h"
#include "lib/service/service.h"
#include "lib/store/messages.h"
#include "lib/store/queue.h"

/* What an outcome tells of a message, for sl_messages_settle(). */
struct sl_message_news sl_lost_news(struct sl_arena *arena, const struct sl_outcome *outcome,
                                    const char *status);

/* The status of a delivery report: NULL if it changes none. */
const char *sl_lost_status(enum sl_delivery delivery);

/* For the domains of messages: `absent` is whether the last query said that the provider never
 * heard of some of the row's, which a cancelled batch keeps all the same; `resend` queues those
 * again, or all that are unknown where nobody can be asked. */
int sl_lost_absent(struct sl_service *service, const struct sl_item *item, struct sl_err *err);
int sl_lost_resend(struct sl_service *service, const struct sl_item *item, int64_t now_ms,
                   struct sl_err *err);

/* A report about a message whose reference nobody has yet. It is settled if the report gives back
 * our own id, or came under the token of its row (`item`, id 0: it did not); and if its number is
 * not another's. Returns 1, 0 if no message is meant, or -1. Inside a transaction; webhook keys are
 * enough. */
struct sl_lost_report {
    int64_t school_id, provider_id;
    const struct sl_item *item;
    const struct sl_event *event;
};
int sl_lost_report(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_lost_report *report, int64_t now_ms, struct sl_err *err);

#endif
