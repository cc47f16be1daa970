#include "lib/service/payments.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/audit.h"
#include "lib/service/enqueue.h"
#include "lib/service/ids.h"
#include "lib/service/job.h"
#include "lib/service/payments_private.h"
#include "lib/text/phone.h"

enum { ASK_AGAIN_MS = 30000 };

static const char operation[] = "payment.request";

/* ---- What a person wrote ----------------------------------------------------------------- */

int sl_payments_amount(const char *text, int64_t *amount_minor, struct sl_err *err)
{
    int64_t amount;

    if (!sl_parse_decimal(text, 2, &amount))
        return sl_err_set(err, SL_ERR_DATA, "the amount '%s' is not written like 1500 or 1500.00",
                          text);
    if (amount <= 0)
        return sl_err_set(err, SL_ERR_DATA, "the amount '%s' is not more than nothing", text);
    *amount_minor = amount;
    return 0;
}

int payment_phone(struct sl_arena *arena, const struct sl_school *school, const char *text,
                  const char **phone, struct sl_err *err)
{
    struct sl_phone read = sl_phone_read(arena, text, school->country);

    if (read.kind != SL_PHONE_MOBILE)
        return sl_err_set(err, SL_ERR_DATA, "the phone '%s' is no mobile number%s%s", text,
                          *read.reason ? ": " : "", read.reason);
    *phone = read.e164;
    return 0;
}

/* ---- Before it is recorded --------------------------------------------------------------- */

static int callback_base(struct sl_arena *arena, struct sl_service *service,
                         const struct payment_plan *plan, const char **base, struct sl_err *err)
{
    char token[SL_CALLBACK_TOKEN_SIZE], hash[SL_TOKEN_HASH_SIZE];

    if (!plan->account.callback_url) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "%s needs a public address for its callback",
                         plan->account.adapter->name);
        return sl_err_hint(err, "write `public_url: https://…` into %s, or set callback_base_url",
                           service->settings.config);
    }
    sl_callback_token(token, hash);
    *base = sl_arena_printf(arena, "%s/hooks/%s/%s", plan->account.callback_url,
                            plan->account.adapter->hook_alias, token);
    return 0;
}

int payment_plan(struct sl_service *service, struct sl_arena *arena, struct payment_plan *plan,
                 struct sl_err *err)
{
    struct sl_call call = { .arena = arena, .token = "", .now_ms = sl_now_ms(), .in = plan->in };
    const struct sl_adapter *adapter;

    if (sl_config_open(service, arena, plan->school_id, plan->provider_id, &plan->account, err) < 0)
        return -1;
    adapter = plan->account.adapter;
    plan->op = sl_adapter_op(adapter, plan->operation);
    if (!plan->op)
        return sl_err_set(err, SL_ERR_CONFIG, "%s does no %s", adapter->name, plan->operation);
    if ((plan->op->callback || plan->for_endpoint) &&
        callback_base(arena, service, plan, &call.callback_base, err) < 0)
        return -1;
    call.id = payment_new_id(arena, call.now_ms);
    call.settings = &plan->account.settings;
    sl_random(call.nonce, sizeof call.nonce);
    if (sl_step_facts(service, &plan->account, plan->op->steps, &call, err) < 0)
        return -1;
    if (plan->op->steps[0].build(&call, &plan->built, err) < 0)
        return sl_err_context(err, "%s", adapter->name);
    return 0;
}

const char *payment_hash(struct sl_arena *arena, const char *const *texts, size_t n)
{
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char digest[SL_SHA256_SIZE];
    char *hex = SL_NEW(arena, char, 2 * SL_SHA256_SIZE + 1);

    sl_hash_begin(&hash);
    for (size_t i = 0; i < n; i++) {
        sl_hash_add(&hash, texts[i] ? "+" : "-", 1);
        if (texts[i])
            sl_hash_add(&hash, texts[i], strlen(texts[i]) + 1);
    }
    sl_hash_result(&hash, digest);
    sl_hex(digest, sizeof digest, hex);
    return hex;
}

int payment_earlier(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                    const char *name, const char *key, const char *hash, struct sl_item *item,
                    struct sl_err *err)
{
    int found = key ? sl_queue_by_key(service->db, arena, school_id, name, key, item, err) : 0;

    if (found <= 0 || payment_is(item->payload_hash, hash))
        return found;
    (void)sl_err_set(err, SL_ERR_DATA, "the key '%s' was used for something else", key);
    return sl_err_hint(err, "see `sl-pay status %s`; choose another key", item->public_id);
}

/* ---- A request --------------------------------------------------------------------------- */

static int read_request(struct sl_arena *arena, const struct sl_school *school,
                        const struct sl_payment_request *request, struct sl_payment_ask *ask,
                        struct sl_err *err)
{
    *ask = (struct sl_payment_ask){
        .currency = school->currency,
        .reference = request->reference,
        .description = request->description ? request->description : "",
        .email = request->email,
        .name = request->name,
    };
    if (request->key && !*request->key)
        return sl_err_set(err, SL_ERR_DATA, "the key is empty");
    if (sl_payments_amount(request->amount, &ask->amount_minor, err) < 0)
        return -1;
    return payment_phone(arena, school, request->phone, &ask->phone, err);
}

/* Not of the provider: a key is for one payment, whoever moves the money. */
static const char *hash_request(struct sl_arena *arena, const struct sl_payment_ask *ask,
                                const char *meta)
{
    const char *const texts[] = {
        ask->phone,       sl_print_decimal(arena, ask->amount_minor, 2, 2),
        ask->currency,    ask->reference,
        ask->description, ask->email,
        ask->name,        meta,
    };

    return payment_hash(arena, texts, SL_COUNT(texts));
}

static int plan_request(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, const struct sl_payment_request *request,
                        const struct sl_payment_ask *ask, struct payment_plan *plan,
                        struct sl_err *err)
{
    struct sl_config_row row;

    if (sl_config_choose(service, arena, school, SL_PAYMENT, request->provider, &row, err) < 0)
        return -1;
    *plan = (struct payment_plan){
        .operation = operation,
        .school_id = school->id,
        .provider_id = row.provider_id,
        .in.payment = ask,
    };
    return payment_plan(service, arena, plan, err);
}

int sl_payments_preview(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, const struct sl_payment_request *request,
                        const char **shown, struct sl_err *err)
{
    struct sl_payment_ask ask;
    struct payment_plan plan;

    if (read_request(arena, school, request, &ask, err) < 0 ||
        plan_request(service, arena, school, request, &ask, &plan, err) < 0)
        return -1;
    *shown = sl_audit_request(arena, &plan.account, "", &plan.built);
    return 0;
}

/* Payment, queue row and token: all of it or nothing. */
struct recording {
    const struct sl_payment_request *request;
    const struct sl_payment_ask *ask;
    const struct payment_plan *plan;
    const char *hash;
};

static int add_payment(struct sl_service *service, struct sl_arena *arena,
                       const struct recording *recording, int64_t now_ms,
                       struct sl_payment *payment, struct sl_err *err)
{
    const struct sl_payment_ask *ask = recording->ask;

    *payment = (struct sl_payment){
        .public_id = payment_new_id(arena, now_ms),
        .school_id = recording->plan->account.school.id,
        .provider_id = recording->plan->account.provider_id,
        .source = "request",
        .status = "initiated",
        .amount_minor = ask->amount_minor,
        .currency = ask->currency,
        .phone = ask->phone,
        .reference = ask->reference,
        .description = recording->request->description,
        .email = ask->email,
        .payer = ask->name,
        .meta = recording->request->meta,
    };
    return sl_payments_add(service->db, payment, now_ms, err);
}

static int add_item(struct sl_service *service, struct sl_arena *arena,
                    const struct recording *recording, int64_t now_ms,
                    const struct sl_payment *payment, int64_t *item_id, struct sl_err *err)
{
    const struct sl_op *op = recording->plan->op;
    struct sl_item item = {
        .school_id = payment->school_id,
        .provider_id = payment->provider_id,
        .operation = operation,
        .payload = sl_arena_printf(arena, "{\"payment\":\"%s\"}", payment->public_id),
        .public_id = payment->public_id,
        .account = recording->plan->account.account,
        .subject_id = payment->id,
        .expires_at = op->stale_s > 0 ? now_ms + op->stale_s * 1000LL : 0,
        .idempotency_key = recording->request->key,
        .payload_hash = recording->hash,
    };

    if (sl_enqueue(service, op, &item, now_ms, err) < 0)
        return -1;
    *item_id = item.id;
    return 0;
}

/* The payment of an earlier request of that key. Returns 1, 0, or -1: of other content. */
static int find_earlier(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                        const struct recording *recording, struct sl_payment *payment,
                        struct sl_err *err)
{
    struct sl_item item;
    int found = payment_earlier(service, arena, school_id, operation, recording->request->key,
                                recording->hash, &item, err);

    return found > 0 ? sl_payments_get(service->db, arena, item.subject_id, payment, err) : found;
}

static int record(struct sl_service *service, struct sl_arena *arena,
                  const struct recording *recording, struct sl_payment *out, int64_t *item_id,
                  struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t now_ms = sl_now_ms();
    struct sl_payment payment;
    int found;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    found = find_earlier(service, arena, recording->plan->school_id, recording, out, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (add_payment(service, arena, recording, now_ms, &payment, err) < 0 ||
        add_item(service, arena, recording, now_ms, &payment, &payment.queue_id, err) < 0 ||
        sl_payments_write(service->db, &payment, now_ms, err) < 0 ||
        sl_payments_get(service->db, arena, payment.id, &payment, err) < 0 ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    *out = payment;
    *item_id = payment.queue_id;
    return 0;
}

int sl_payments_request(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, const struct sl_payment_request *request,
                        struct sl_payment *payment, int64_t *item_id, struct sl_err *err)
{
    struct sl_payment_ask ask;
    struct payment_plan plan;
    struct recording recording = { request, &ask, &plan, NULL };
    int found;

    *item_id = 0;
    if (read_request(arena, school, request, &ask, err) < 0)
        return -1;
    recording.hash = hash_request(arena, &ask, request->meta);
    found = find_earlier(service, arena, school->id, &recording, payment, err);
    if (found != 0)
        return found < 0 ? -1 : 0;
    if (plan_request(service, arena, school, request, &ask, &plan, err) < 0)
        return -1;
    return record(service, arena, &recording, payment, item_id, err);
}

/* ---- Whether it came ----------------------------------------------------------------------- */

int sl_payments_ask(struct sl_service *service, const struct sl_payment *payment, int64_t *item_id,
                    struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        payment_ask(service, payment, sl_now_ms(), item_id, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

/* A question that its row's schedule has come to. As settle_waiting.c does it for whoever watches. */
static int ask_if_due(struct sl_service *service, const struct sl_payment *payment,
                      const struct sl_item *request, int64_t now_ms, int64_t *item_id,
                      struct sl_err *err)
{
    if (!request->accepted || !request->waits_for || request->next_attempt_at == 0 ||
        request->next_attempt_at > now_ms)
        return 0;
    if (payment_ask(service, payment, now_ms, item_id, err) < 0)
        return -1;
    return sl_queue_wait_on(service->db, request->id, request->waits_for, now_ms + ASK_AGAIN_MS, 1,
                            err) < 0
               ? -1
               : 0;
}

int sl_payments_due(struct sl_service *service, const struct sl_payment *payment, int64_t *item_id,
                    struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *question = sl_arena_printf(arena, "payment.verify:%lld", (long long)payment->id);
    int64_t now_ms = sl_now_ms();
    struct sl_item request = { 0 };

    *item_id = 0;
    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        (payment->queue_id &&
         sl_queue_get(service->db, arena, payment->queue_id, &request, err) < 0) ||
        sl_queue_open(service->db, question, item_id, err) < 0)
        return -1;
    if (*item_id != 0)
        return 0;
    if (payment_is(request.status, "pending"))
        *item_id = request.id;
    else if (ask_if_due(service, payment, &request, now_ms, item_id, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
