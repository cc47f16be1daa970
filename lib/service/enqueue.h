/* Putting an operation into the queue whose provider calls back. */
#ifndef SL_SERVICE_ENQUEUE_H
#define SL_SERVICE_ENQUEUE_H

#include "lib/adapter/adapter.h"
#include "lib/service/service.h"
#include "lib/store/queue.h"

/* As sl_queue_add(). Where the operation has a callback of its own the row gets a new token: its
 * hash, by which sl_queue_by_callback() finds the row, and the token itself, sealed in the row's
 * memory, for the address that is sent. Inside a transaction. Needs the main ring then. */
int sl_enqueue(struct sl_service *service, const struct sl_op *op, struct sl_item *item,
               int64_t now_ms, struct sl_err *err);

/* As sl_queue_add(), with an address for callbacks that belongs to more than this operation: the
 * token of a school's endpoint. Likewise. */
int sl_enqueue_for_endpoint(struct sl_service *service, struct sl_item *item, const char *token,
                            int64_t now_ms, struct sl_err *err);

/* A claimed row goes to another provider, that of item->provider_id and item->account: with a new
 * token, where the operation wants one there; *item is then as the row. Likewise. */
int sl_enqueue_again(struct sl_service *service, struct sl_arena *arena, const struct sl_op *op,
                     struct sl_item *item, struct sl_err *err);

#endif
