#include "lib/service/notice.h"

#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/email_private.h"
#include "lib/service/ids.h"
#include "lib/service/sms_private.h"
#include "lib/store/configs.h"
#include "lib/store/messages.h"
#include "lib/store/queue.h"
#include "lib/text/segments.h"

/* On its way into the database. */
struct making {
    struct sl_service *service;
    struct sl_arena *arena;
    const struct sl_notice *notice;
    const struct sl_config_row *row;
    int64_t now_ms;
};

static const char *hash_text(struct sl_arena *arena, const char *text)
{
    unsigned char digest[SL_SHA256_SIZE];
    char *hex = SL_NEW(arena, char, 2 * SL_SHA256_SIZE + 1);

    sl_sha256(text, strlen(text), digest);
    sl_hex(digest, sizeof digest, hex);
    return hex;
}

static const char *payload_of(struct sl_arena *arena, const struct sl_notice *notice)
{
    const struct sl_mailbox to = { .address = notice->address };
    const struct email_payload mail = {
        .subject = notice->subject, .text = notice->text, .to = &to, .n_to = 1
    };

    return notice->channel == &sl_email_channel
               ? email_print(arena, &mail)
               : sms_payload(arena, &(struct sl_sms_options){ 0 }, notice->text);
}

static int add_row(const struct making *making, const struct sl_batch *batch, int64_t *id,
                   struct sl_err *err)
{
    const struct sl_notice *notice = making->notice;
    struct sl_item item = {
        .school_id = batch->school_id,
        .provider_id = batch->provider_id,
        .operation = notice->channel->operation,
        .payload = payload_of(making->arena, notice),
        .public_id = sl_arena_printf(making->arena, "%s-1", batch->public_id),
        .account = making->row->account,
        .batch_id = batch->id,
    };

    if (sl_queue_add(making->service->db, &item, making->now_ms, err) < 0)
        return -1;
    *id = item.id;
    return 0;
}

static int add_message(const struct making *making, const struct sl_batch *batch,
                       struct sl_err *err)
{
    const struct sl_notice *notice = making->notice;
    struct sl_message message = {
        .batch_id = batch->id,
        .line = 1,
        .address_given = notice->address,
        .address = notice->address,
        .status = notice->refused ? "failed" : "queued",
        .error = notice->refused,
        .segments = notice->channel == &sl_sms_channel
                        ? (int64_t)sl_segments_count(notice->text).segments
                        : 0,
    };
    bool duplicate;

    if (!notice->refused && add_row(making, batch, &message.queue_id, err) < 0)
        return -1;
    return sl_messages_add(making->service->db, &message, making->now_ms, &duplicate, err) < 0 ? -1
                                                                                               : 0;
}

static int make(const struct making *making, struct sl_err *err)
{
    const struct sl_notice *notice = making->notice;
    char id[SL_ULID_SIZE];
    struct sl_batch batch = {
        .school_id = notice->school_id,
        .provider_id = making->row->provider_id,
        .kind = notice->channel->operation,
        .key = notice->key,
        .text_hash = hash_text(making->arena, notice->text),
    };
    struct sl_db *db = making->service->db;

    sl_ulid(making->now_ms, id);
    batch.public_id = id;
    if (sl_batches_add(db, &batch, making->now_ms, err) < 0 ||
        add_message(making, &batch, err) < 0 ||
        sl_batches_ready(db, batch.id, hash_text(making->arena, notice->address), making->now_ms,
                         err) < 0)
        return -1;
    if (!notice->refused)
        return 0;
    return sl_batches_finish(db, batch.id, making->now_ms, err) < 0 ? -1 : 0;
}

int sl_notice_sent(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_channel *channel, int64_t school_id, const char *key,
                   struct sl_err *err)
{
    struct sl_batch batch;

    return sl_batches_by_key(service->db, arena, school_id, channel->operation, key, &batch, err);
}

int sl_notice_send(struct sl_service *service, const struct sl_notice *notice, int64_t now_ms,
                   struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_config_row row;
    const struct making making = { service, arena, notice, &row, now_ms };
    int found = sl_configs_primary(service->db, arena, notice->school_id,
                                   sl_category_names[notice->channel->category], &row, err);

    if (found <= 0)
        return found;
    found = sl_notice_sent(service, arena, notice->channel, notice->school_id, notice->key, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    return make(&making, err);
}
