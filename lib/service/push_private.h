/* What push.c and push_list.c share. */
#ifndef SL_SERVICE_PUSH_PRIVATE_H
#define SL_SERVICE_PUSH_PRIVATE_H

#include "lib/service/push.h"

/* What a script gives when its variables are not set, and what no provider can send. */
int push_check(const struct sl_push_options *options, struct sl_err *err);

/* The payload of a queue row. */
const char *push_payload(struct sl_arena *arena, const struct sl_push_options *options);

/* Whether the account's adapter would build `operation` from the payload; nothing is sent. */
int push_try(struct sl_arena *arena, const struct sl_account *account, const char *operation,
             const char *payload, const char *address, struct sl_err *err);

#endif
