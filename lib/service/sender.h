/* What all channels of messages share when messages are recorded: the account that sends, the rows
 * of the queue that carry them, and by what a message is known to be there already. */
#ifndef SL_SERVICE_SENDER_H
#define SL_SERVICE_SENDER_H

#include "lib/adapter/adapter.h"
#include "lib/base/crypto.h"
#include "lib/service/service.h"
#include "lib/store/messages.h"
#include "lib/store/schools.h"

/* A channel: texts, mail … One constant each. */
struct sl_channel {
    const char *name; /* "sms": of opt-outs, of batches ("sms.bulk") and of the program */
    enum sl_category category;
    const char *operation; /* "sms.send": what carries one message or several with one payload */
    const char *noun;      /* "texts" */
    const char *address;   /* "phone": the column of a list that has them, in its report too */
};

/* The one of that name; of several operations of a channel that which lists have. NULL: none. */
const struct sl_channel *sl_channel_find(const char *name);

struct sl_sender {
    const struct sl_channel *channel;
    int64_t school_id, provider_id;
    const char *account;
    const struct sl_op *op;
    int64_t batch_size;              /* messages a request, at least 1 */
    const struct sl_account *opened; /* its settings, in the arena; lib/service/config.h */
};

/* The account that a school sends with: of the provider's code, or of the channel's primary if it
 * is NULL. -1 with SL_ERR_CONFIG if none is set up. */
int sl_sender_choose(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, const struct sl_channel *channel,
                     const char *provider_code, struct sl_sender *sender, struct sl_err *err);

/* Whether the account's adapter would build `operation`, one that its account has, from `in`; nothing
 * is sent. What it refuses (SL_ERR_DATA, SL_ERR_CONFIG) is refused before it is recorded. */
int sl_sender_try(struct sl_arena *arena, const struct sl_account *account, const char *operation,
                  union sl_input in, struct sl_err *err);

/* Adds the queue row of a payload (JSON); messages are put to it by its id. */
int sl_sender_add(struct sl_service *service, struct sl_arena *arena,
                  const struct sl_sender *sender, const struct sl_batch *batch, int64_t line,
                  const char *payload, int64_t *row_id, struct sl_err *err);

/* By which a message with the same address and payload is found within its batch. Never 0. */
int64_t sl_message_hash(struct sl_hash *hash, const char *address, const char *payload);

/* What a script gives when its variable is not set: SL_ERR_DATA "the WHAT is empty". NULL is
 * fine. */
int sl_refuse_empty(const char *what, const char *value, struct sl_err *err);

/* Why a message of a batch is skipped. */
extern const char sl_skipped_optout[], sl_skipped_repeat[];

#endif
