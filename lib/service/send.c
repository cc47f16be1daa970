#include "lib/service/send.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/ids.h"
#include "lib/service/spool.h"
#include "lib/store/optouts.h"

/* ---- Its place --------------------------------------------------------------------------- */

struct recording {
    struct sl_service *service;
    struct sl_arena *arena;
    const struct sl_sending *sending;
    struct sl_batch *batch;
    struct sl_hash hash;
    int64_t row_id, in_row;
};

static void end_recording(struct recording *recording)
{
    sl_hash_end(&recording->hash);
}

/* Why an address gets nothing, in *why, or NULL. */
static int look_for_skip(const struct recording *recording, const struct sl_message *message,
                         const char **why, struct sl_err *err)
{
    const struct sl_sender *sender = &recording->sending->sender;
    struct sl_db *db = recording->service->db;
    int out = sl_optouts_has(db, sender->school_id, sender->channel->name, message->address, err);
    int known = out < 0 ? -1 : sl_messages_has(db, message->batch_id, message->dedupe, err);

    *why = out > 0 ? sl_skipped_optout : known > 0 ? sl_skipped_repeat : NULL;
    return known < 0 ? -1 : 0;
}

/* The queue row is made for an address that is new: one without messages would stay behind. */
static int take_place(struct recording *recording, struct sl_message *message, struct sl_err *err)
{
    const struct sl_sending *sending = recording->sending;

    if (recording->row_id == 0 || recording->in_row >= sending->sender.batch_size) {
        if (sl_sender_add(recording->service, recording->arena, &sending->sender, recording->batch,
                          message->line, sending->payload, &recording->row_id, err) < 0 ||
            sl_spool_use_all(recording->service, sending->files, sending->n_files,
                             recording->row_id, err) < 0)
            return -1;
        recording->in_row = 0;
    }
    message->queue_id = recording->row_id;
    message->place = recording->in_row++;
    return 0;
}

static int add_address(struct recording *recording, size_t i, struct sl_err *err)
{
    const struct sl_sending *sending = recording->sending;
    struct sl_message message = {
        .batch_id = recording->batch->id,
        .line = (int64_t)i + 1,
        .address_given = sending->given[i],
        .address = sending->addresses[i],
        .status = "queued",
        .segments = sending->segments,
        .dedupe = sl_message_hash(&recording->hash, sending->addresses[i], sending->payload),
    };
    bool duplicate;

    if (look_for_skip(recording, &message, &message.error, err) < 0)
        return -1;
    if (message.error) {
        message.status = "skipped";
        message.dedupe = 0;
    } else if (take_place(recording, &message, err) < 0) {
        return -1;
    }
    return sl_messages_add(recording->service->db, &message, sl_now_ms(), &duplicate, err) < 0 ? -1
                                                                                               : 0;
}

/* ---- Its batch ---------------------------------------------------------------------------- */

static void hash_texts(const char *const *texts, size_t n, char hex[65])
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char digest[SL_SHA256_SIZE];

    sl_hash_begin(&hash);
    for (size_t i = 0; i < n; i++)
        sl_hash_add(&hash, texts[i], strlen(texts[i]) + 1);
    sl_hash_result(&hash, digest);
    sl_hex(digest, sizeof digest, hex);
}

/* The key's earlier batch: 1 if there is one and it is of the same content. */
static int find_earlier(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_sending *sending, const struct sl_batch *wanted,
                        const char *content_hash, struct sl_batch *batch, struct sl_err *err)
{
    int found = sending->key ? sl_batches_by_key(service->db, arena, wanted->school_id,
                                                 wanted->kind, sending->key, batch, err)
                             : 0;

    if (found <= 0)
        return found;
    if (strcmp(batch->text_hash, wanted->text_hash) == 0 && batch->content_hash &&
        strcmp(batch->content_hash, content_hash) == 0)
        return 1;
    (void)sl_err_set(err, SL_ERR_DATA,
                     "the key '%s' was used for another message or other recipients", sending->key);
    return sl_err_hint(err, "see `sl-%s status %s`; choose another key",
                       sending->sender.channel->name, batch->public_id);
}

/* Inside a transaction. */
static int add_batch(struct recording *recording, const char *content_hash, struct sl_err *err)
{
    struct sl_db *db = recording->service->db;
    struct sl_batch *batch = recording->batch;
    char id[SL_ULID_SIZE];

    sl_ulid(sl_now_ms(), id);
    batch->public_id = sl_arena_strdup(recording->arena, id);
    if (sl_batches_add(db, batch, sl_now_ms(), err) < 0)
        return -1;
    sl_hash_begin(&recording->hash);
    for (size_t i = 0; i < recording->sending->n; i++)
        if (add_address(recording, i, err) < 0)
            return -1;
    return sl_batches_ready(db, batch->id, content_hash, sl_now_ms(), err);
}

int sl_send_record(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const struct sl_sending *sending,
                   struct sl_batch *batch, bool *fresh, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    SL_AUTO(end_recording)
    struct recording recording = { service, arena, sending, batch, { 0 }, 0, 0 };
    struct sl_batch wanted = { .school_id = school->id,
                               .provider_id = sending->sender.provider_id,
                               .kind = sending->sender.channel->operation,
                               .key = sending->key };
    char text_hash[65], content_hash[65];
    int found;

    hash_texts(&sending->payload, 1, text_hash);
    hash_texts(sending->addresses, sending->n, content_hash);
    wanted.text_hash = sl_arena_strdup(arena, text_hash);
    if (sl_refuse_empty("key", sending->key, err) < 0 || sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    found = find_earlier(service, arena, sending, &wanted, content_hash, batch, err);
    *fresh = found == 0;
    if (found != 0)
        return found < 0 ? -1 : 0;
    *batch = wanted;
    if (add_batch(&recording, content_hash, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
