#include "lib/service/sms.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/ids.h"
#include "lib/service/sms_private.h"
#include "lib/store/optouts.h"
#include "lib/text/phone.h"
#include "lib/text/segments.h"

const struct sl_channel sl_sms_channel = { "sms", SL_SMS, "sms.send", "texts" };

/* ---- Shared with the lists (sms_private.h) ----------------------------------------------- */

void sms_text_hash(const struct sl_sms_options *options, char hex[65])
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char digest[SL_SHA256_SIZE];

    sl_hash_begin(&hash);
    sl_hash_add(&hash, options->text, strlen(options->text) + 1);
    if (options->from)
        sl_hash_add(&hash, options->from, strlen(options->from));
    sl_hash_add(&hash, options->plain ? "\1" : "\0", 1);
    sl_hash_result(&hash, digest);
    sl_hex(digest, sizeof digest, hex);
}

const char *sms_payload(struct sl_arena *arena, const struct sl_sms_options *options,
                        const char *text)
{
    struct sl_buf payload = sl_buf_new(arena);

    sl_buf_text(&payload, "{\"text\":");
    sl_json_quote(&payload, text);
    if (options->from) {
        sl_buf_text(&payload, ",\"from\":");
        sl_json_quote(&payload, options->from);
    }
    sl_buf_text(&payload, "}");
    return payload.data;
}

struct sl_sms_text sl_sms_look(struct sl_arena *arena, const char *text,
                               const struct sl_sms_options *options)
{
    struct sl_sms_text look = { .text = options->plain ? sl_text_plain(arena, text) : text };
    size_t control = sl_text_control_at(look.text);

    if (!look.text[strspn(look.text, " \t\r\n")]) {
        look.refused = "the text is empty";
        return look;
    }
    look.segments = (int64_t)sl_segments_count(look.text).segments;
    if (control > 0)
        look.refused =
            sl_arena_printf(arena, "a control character at position %zu of the text cannot be sent",
                            control);
    else if (options->max_segments > 0 && look.segments > options->max_segments)
        look.refused = sl_arena_printf(arena, "the text is %lld segments long, more than %lld",
                                       (long long)look.segments, (long long)options->max_segments);
    return look;
}

/* ---- One text to some numbers ------------------------------------------------------------ */

static int read_numbers(struct sl_arena *arena, const struct sl_school *school,
                        const char *const *numbers, size_t n, const char **addresses,
                        struct sl_err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct sl_phone phone = sl_phone_read(arena, numbers[i], school->country);

        if (phone.kind != SL_PHONE_MOBILE)
            return sl_err_set(err, SL_ERR_DATA, "'%s' cannot be texted: %s", numbers[i],
                              phone.kind == SL_PHONE_FIXED   ? "a landline"
                              : phone.kind == SL_PHONE_OTHER ? "not a mobile number"
                                                             : phone.reason);
        addresses[i] = phone.e164;
    }
    return 0;
}

static void hash_numbers(const char *const *addresses, size_t n, char hex[65])
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char digest[SL_SHA256_SIZE];

    sl_hash_begin(&hash);
    for (size_t i = 0; i < n; i++)
        sl_hash_add(&hash, addresses[i], strlen(addresses[i]) + 1);
    sl_hash_result(&hash, digest);
    sl_hex(digest, sizeof digest, hex);
}

struct sending {
    struct sl_service *service;
    struct sl_arena *arena;
    const struct sl_sender *sender;
    const char *payload;
    int64_t segments;
    struct sl_batch *batch;
    struct sl_hash *hash;
    int64_t row_id, in_row;
};

/* Why a number gets nothing, in *why, or NULL. */
static int look_for_skip(struct sending *sending, const struct sl_message *message,
                         const char **why, struct sl_err *err)
{
    struct sl_db *db = sending->service->db;
    int out = sl_optouts_has(db, sending->sender->school_id, "sms", message->address, err);
    int known = out < 0 ? -1 : sl_messages_has(db, message->batch_id, message->dedupe, err);

    *why = out > 0 ? sl_skipped_optout : known > 0 ? sl_skipped_repeat : NULL;
    return known < 0 ? -1 : 0;
}

/* The queue row is made for a number that is new: one without messages would stay behind. */
static int take_place(struct sending *sending, struct sl_message *message, struct sl_err *err)
{
    if (sending->row_id == 0 || sending->in_row >= sending->sender->batch_size) {
        if (sl_sender_add(sending->service, sending->arena, sending->sender, sending->batch,
                          message->line, sending->payload, &sending->row_id, err) < 0)
            return -1;
        sending->in_row = 0;
    }
    message->queue_id = sending->row_id;
    message->place = sending->in_row++;
    return 0;
}

static int add_number(struct sending *sending, size_t i, const char *given, const char *address,
                      struct sl_err *err)
{
    struct sl_message message = {
        .batch_id = sending->batch->id,
        .line = (int64_t)i + 1,
        .address_given = given,
        .address = address,
        .status = "queued",
        .segments = sending->segments,
        .dedupe = sl_message_hash(sending->hash, address, sending->payload),
    };
    bool duplicate;

    if (look_for_skip(sending, &message, &message.error, err) < 0)
        return -1;
    if (message.error) {
        message.status = "skipped";
        message.dedupe = 0;
    } else if (take_place(sending, &message, err) < 0) {
        return -1;
    }
    return sl_messages_add(sending->service->db, &message, sl_now_ms(), &duplicate, err) < 0 ? -1
                                                                                             : 0;
}

/* The key's earlier batch: 1 if there is one and it is of the same content. */
static int find_earlier(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, const struct sl_sms_options *options,
                        const char *text_hash, const char *content_hash, struct sl_batch *batch,
                        struct sl_err *err)
{
    int found = options->key ? sl_batches_by_key(service->db, arena, school->id, "sms.send",
                                                 options->key, batch, err)
                             : 0;

    if (found <= 0)
        return found;
    if (strcmp(batch->text_hash, text_hash) == 0 && batch->content_hash &&
        strcmp(batch->content_hash, content_hash) == 0)
        return 1;
    (void)sl_err_set(err, SL_ERR_DATA, "the key '%s' was used for another text or other numbers",
                     options->key);
    return sl_err_hint(err, "see `sl-sms status %s`; choose another key", batch->public_id);
}

int sl_sms_send_record(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_school *school, const struct sl_sms_options *options,
                       const char *const *numbers, size_t n, struct sl_batch *batch, bool *fresh,
                       struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const char **addresses = SL_NEW(arena, const char *, n);
    struct sl_sms_text look = sl_sms_look(arena, options->text, options);
    struct sl_sender sender;
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    struct sending sending = {
        service, arena, &sender, sms_payload(arena, options, look.text), look.segments, batch,
        &hash,   0,     0
    };
    char text_hash[65], content_hash[65], id[SL_ULID_SIZE];
    int found;

    if (look.refused)
        return sl_err_set(err, SL_ERR_DATA, "%s", look.refused);
    if (read_numbers(arena, school, numbers, n, addresses, err) < 0 ||
        sl_refuse_empty("key", options->key, err) < 0 ||
        sl_refuse_empty("sender", options->from, err) < 0 ||
        sl_sender_choose(service, arena, school, &sl_sms_channel, options->provider, &sender, err) <
            0)
        return -1;
    sms_text_hash(options, text_hash);
    hash_numbers(addresses, n, content_hash);
    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    found = find_earlier(service, arena, school, options, text_hash, content_hash, batch, err);
    *fresh = found == 0;
    if (found != 0)
        return found < 0 ? -1 : 0;
    sl_hash_begin(&hash);
    sl_ulid(sl_now_ms(), id);
    *batch = (struct sl_batch){ .public_id = sl_arena_strdup(arena, id),
                                .school_id = school->id,
                                .provider_id = sender.provider_id,
                                .kind = "sms.send",
                                .key = options->key,
                                .text_hash = sl_arena_strdup(arena, text_hash) };
    if (sl_batches_add(service->db, batch, sl_now_ms(), err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (add_number(&sending, i, numbers[i], addresses[i], err) < 0)
            return -1;
    if (sl_batches_ready(service->db, batch->id, content_hash, sl_now_ms(), err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
