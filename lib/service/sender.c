#include "lib/service/sender.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/service/config.h"
#include "lib/service/enqueue.h"

const char sl_skipped_optout[] = "opted out";
const char sl_skipped_repeat[] = "the same message to the same address once more";

int sl_refuse_empty(const char *what, const char *value, struct sl_err *err)
{
    return value && !*value ? sl_err_set(err, SL_ERR_DATA, "the %s is empty", what) : 0;
}

int sl_sender_choose(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, const struct sl_channel *channel,
                     const char *provider_code, struct sl_sender *sender, struct sl_err *err)
{
    struct sl_account *account = SL_NEW(arena, struct sl_account, 1);
    struct sl_config_row row;
    const struct sl_op *op;

    if (sl_config_choose(service, arena, school, channel->category, provider_code, &row, err) < 0 ||
        sl_config_open(service, arena, school->id, row.provider_id, account, err) < 0)
        return -1;
    op = sl_adapter_op(account->adapter, channel->operation);
    if (!op)
        return sl_err_set(err, SL_ERR_CONFIG, "%s sends no %s", account->adapter->name,
                          channel->noun);
    *sender = (struct sl_sender){
        .channel = channel,
        .school_id = school->id,
        .provider_id = row.provider_id,
        .account = account->account,
        .op = op,
        .batch_size = account->limits.batch_size > 0 ? account->limits.batch_size : 1,
        .opened = account,
    };
    return 0;
}

int sl_sender_try(struct sl_arena *arena, const struct sl_account *account, const char *operation,
                  union sl_input in, struct sl_err *err)
{
    const struct sl_op *op = sl_adapter_op(account->adapter, operation);
    const struct sl_call call = { .arena = arena,
                                  .settings = &account->settings,
                                  .token = "",
                                  .id = "0",
                                  .now_ms = sl_now_ms(),
                                  .in = in };
    struct sl_request request = { 0 };

    return op->steps[0].build(&call, &request, err);
}

/* A list waits behind what somebody sends now. */
static const char *lane_of(const struct sl_batch *batch)
{
    const char *how = strrchr(batch->kind, '.');

    return how && strcmp(how, ".bulk") == 0 ? "bulk" : "urgent";
}

int sl_sender_add(struct sl_service *service, struct sl_arena *arena,
                  const struct sl_sender *sender, const struct sl_batch *batch, int64_t line,
                  const char *payload, int64_t *row_id, struct sl_err *err)
{
    struct sl_item item = {
        .school_id = sender->school_id,
        .provider_id = sender->provider_id,
        .operation = sender->channel->operation,
        .account = sender->account,
        .lane = lane_of(batch),
        .batch_id = batch->id,
        .payload = payload,
        .public_id = sl_arena_printf(arena, "%s-%lld", batch->public_id, (long long)line),
    };

    if (sl_enqueue(service, sender->op, &item, sl_now_ms(), err) < 0)
        return -1;
    *row_id = item.id;
    return 0;
}

int64_t sl_message_hash(struct sl_hash *hash, const char *address, const char *payload)
{
    unsigned char digest[SL_SHA256_SIZE];
    uint64_t number;

    sl_hash_add(hash, address, strlen(address) + 1);
    sl_hash_add(hash, payload, strlen(payload));
    sl_hash_result(hash, digest);
    memcpy(&number, digest, sizeof number);
    number &= INT64_MAX;
    return number ? (int64_t)number : 1; /* 0 stands for none */
}
