/* What lost.c and lost_asked.c share. */
#ifndef SL_SERVICE_LOST_PRIVATE_H
#define SL_SERVICE_LOST_PRIVATE_H

#include "lib/service/lost.h"

/* A row is over, if everything of it is known: it is not waited for any more. */
int lost_conclude(struct sl_service *service, int64_t queue_id, int64_t now_ms, struct sl_err *err);

/* Reports may have come before, under the reference that is known only now. */
int lost_settle(struct sl_service *service, int64_t id, const struct sl_message_news *news,
                int64_t now_ms, struct sl_err *err);

#endif
