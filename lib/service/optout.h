/* Opting out, and telling others of it. */
#ifndef SL_SERVICE_OPTOUT_H
#define SL_SERVICE_OPTOUT_H

#include "lib/service/service.h"
#include "lib/store/optouts.h"

/* As sl_optouts_add(); one that is new is told (lib/service/tell.h). Inside a transaction. */
int sl_optout_add(struct sl_service *service, int64_t school_id, const char *channel,
                  const struct sl_optout *optout, struct sl_err *err);

#endif
