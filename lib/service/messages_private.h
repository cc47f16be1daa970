/* What the domains of all channels of messages share: messages.c has texts and these, the other
 * channels have files of their own. */
#ifndef SL_SERVICE_MESSAGES_PRIVATE_H
#define SL_SERVICE_MESSAGES_PRIVATE_H

#include "lib/service/job.h"

/* Loads those that are due into job->messages and n_items. Returns 1, 0 if none is, or -1. */
int messages_load(struct sl_service *service, struct sl_job *job, struct sl_err *err);

/* For struct sl_domain. */
int messages_settle(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                    int64_t now_ms, struct sl_err *err);
int messages_end(struct sl_service *service, const struct sl_item *item, bool unknown,
                 const char *why, int64_t now_ms, struct sl_err *err);

#endif
