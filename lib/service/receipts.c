#include "lib/service/receipts.h"

#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/service/ids.h"
#include "lib/service/sms_private.h"
#include "lib/store/configs.h"
#include "lib/store/messages.h"
#include "lib/store/queue.h"
#include "lib/text/segments.h"
#include "lib/text/template.h"

static const char kind[] = "sms.send";
static const char common_text[] = "{school} has received {currency} {amount} for {reference}. "
                                  "Receipt {receipt}. Thank you.";

int sl_receipts_text(struct sl_arena *arena, const struct sl_school *school,
                     const struct sl_payment *payment, const char **text, struct sl_err *err)
{
    static const char *const names[] = { "amount", "currency", "receipt", "reference",
                                         "payer",  "school",   "phone" };
    static const struct sl_columns columns = { names, SL_COUNT(names) };
    const char *const fields[SL_COUNT(names)] = {
        sl_print_decimal(arena, payment->amount_minor, 2, 2),
        payment->currency,
        payment->receipt ? payment->receipt : "",
        payment->reference,
        payment->payer ? payment->payer : "",
        school->name,
        payment->phone ? payment->phone : "",
    };
    const char *source = school->receipt_template ? school->receipt_template : common_text;
    struct sl_buf out = sl_buf_new(arena);
    struct sl_template *template;

    if (sl_template_compile(&template, arena, source, &columns, err) < 0)
        return sl_err_context(err, "the receipt template of %s", school->code);
    sl_template_render(template, fields, &out);
    *text = out.data ? out.data : "";
    return 0;
}

static const char *key_of(struct sl_arena *arena, const struct sl_payment *payment)
{
    return sl_arena_printf(arena, "receipt:%s", payment->public_id);
}

int sl_receipts_sent(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_payment *payment, struct sl_err *err)
{
    struct sl_batch batch;

    return sl_batches_by_key(service->db, arena, payment->school_id, kind, key_of(arena, payment),
                             &batch, err);
}

static const char *hash_text(struct sl_arena *arena, const char *text)
{
    unsigned char digest[SL_SHA256_SIZE];
    char *hex = SL_NEW(arena, char, 2 * SL_SHA256_SIZE + 1);

    sl_sha256(text, strlen(text), digest);
    sl_hex(digest, sizeof digest, hex);
    return hex;
}

/* A batch of one, as `sl-sms send` makes it. What cannot be sent is in it too, with its reason. */
struct thanks {
    struct sl_service *service;
    struct sl_arena *arena;
    const struct sl_payment *payment;
    const struct sl_config_row *row;
    const char *text;
    const char *refused; /* or NULL */
    int64_t now_ms;
};

static int add_row(const struct thanks *thanks, const struct sl_batch *batch, const char *payload,
                   int64_t *id, struct sl_err *err)
{
    struct sl_item item = {
        .school_id = batch->school_id,
        .provider_id = batch->provider_id,
        .operation = kind,
        .payload = payload,
        .public_id = sl_arena_printf(thanks->arena, "%s-1", batch->public_id),
        .account = thanks->row->account,
        .batch_id = batch->id,
    };

    if (sl_queue_add(thanks->service->db, &item, thanks->now_ms, err) < 0)
        return -1;
    *id = item.id;
    return 0;
}

static int64_t hash_of(const char *address, const char *payload)
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };

    sl_hash_begin(&hash);
    return sl_message_hash(&hash, address, payload);
}

static int add_message(const struct thanks *thanks, const struct sl_batch *batch,
                       struct sl_err *err)
{
    const struct sl_sms_options options = { 0 };
    const char *payload = sms_payload(thanks->arena, &options, thanks->text);
    struct sl_message message = {
        .batch_id = batch->id,
        .line = 1,
        .address_given = thanks->payment->phone,
        .address = thanks->payment->phone,
        .dedupe = thanks->refused ? 0 : hash_of(thanks->payment->phone, payload),
        .status = thanks->refused ? "failed" : "queued",
        .error = thanks->refused,
        .segments = (int64_t)sl_segments_count(thanks->text).segments,
    };
    bool duplicate;

    if (!thanks->refused && add_row(thanks, batch, payload, &message.queue_id, err) < 0)
        return -1;
    return sl_messages_add(thanks->service->db, &message, thanks->now_ms, &duplicate, err) < 0 ? -1
                                                                                               : 0;
}

static int send(const struct thanks *thanks, struct sl_err *err)
{
    char id[SL_ULID_SIZE];
    struct sl_batch batch = {
        .school_id = thanks->payment->school_id,
        .provider_id = thanks->row->provider_id,
        .kind = kind,
        .key = key_of(thanks->arena, thanks->payment),
        .text_hash = hash_text(thanks->arena, thanks->text),
    };
    struct sl_db *db = thanks->service->db;

    sl_ulid(thanks->now_ms, id);
    batch.public_id = id;
    if (sl_batches_add(db, &batch, thanks->now_ms, err) < 0 ||
        add_message(thanks, &batch, err) < 0 ||
        sl_batches_ready(db, batch.id, hash_text(thanks->arena, thanks->payment->phone),
                         thanks->now_ms, err) < 0)
        return -1;
    if (!thanks->refused)
        return 0;
    return sl_batches_finish(db, batch.id, thanks->now_ms, err) < 0 ? -1 : 0;
}

/* "+254712345678", and not "2547 ***** 126". */
static bool is_whole(const char *phone)
{
    return phone && *phone == '+' && strspn(phone + 1, "0123456789") == strlen(phone + 1);
}

int sl_receipts_send(struct sl_service *service, const struct sl_payment *payment, int64_t now_ms,
                     struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_config_row row;
    struct thanks thanks = { service, arena, payment, &row, "", NULL, now_ms };
    struct sl_school school;
    struct sl_err why;
    int status = sl_schools_get(service->db, arena, payment->school_id, &school, err);

    if (status <= 0 || !school.receipt_template || !payment->receipt || !is_whole(payment->phone))
        return status < 0 ? -1 : 0;
    status = sl_configs_primary(service->db, arena, payment->school_id, "sms", &row, err);
    if (status <= 0)
        return status;
    status = sl_receipts_sent(service, arena, payment, err);
    if (status != 0)
        return status < 0 ? -1 : 0;
    if (sl_receipts_text(arena, &school, payment, &thanks.text, &why) < 0)
        thanks.refused = why.text;
    return send(&thanks, err);
}
