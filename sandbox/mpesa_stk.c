/* M-Pesa, simulated: STK push, its callback and its query (docs/providers/mpesa.md, 4.2,
 * 4.3, 6.1). The payer decides callback_ms after the push. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/mpesa.h"

static const char public_passkey[] =
    "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919";

static const char escaped[] = "\033[31mRequest refused\033]0;owned\a\xe2\x80\xae";

static const struct {
    int code;
    const char *text;
} results[] = {
    { 0, "The service request is processed successfully." },
    { 1, "The balance is insufficient for the transaction." },
    { 2, "Declined due to limit rule: less than the minimum transaction amount." },
    { 3, "Declined due to limit rule: greater than the maximum transaction amount." },
    { 4, "Declined due to limit rule: would exceed daily transfer limit." },
    { 8, "Declined due to limit rule: would exceed the maximum balance." },
    { 17, "Rule limited." },
    { 26, "System busy. The service request is rejected." },
    { 1001, "Unable to lock subscriber, a transaction is already in process for the current "
            "subscriber" },
    { 1019, "Transaction has expired" },
    { 1025, "An error occurred while sending a push request" },
    { 1032, "Request cancelled by user" },
    { 1037, "DS timeout user cannot be reached" },
    { 2001, "The initiator information is invalid." },
    { 2028, "The request is not permitted according to product assignment." },
    { 8006, "The security credential is locked." },
    { 9999, "An error occurred while sending a push request" },
};

static const char *result_text(const struct sl_mpesa_payment *payment)
{
    if (payment->scenario == SL_PLAY_ESCAPES)
        return escaped;
    for (size_t i = 0; i < SL_COUNT(results); i++)
        if (results[i].code == payment->code)
            return results[i].text;
    return "The transaction failed.";
}

/* ---- The request -------------------------------------------------------------------- */

static bool is_timestamp(const char *value)
{
    int64_t n;

    return strlen(value) == 14 &&
           sl_parse_int(value, INT64_C(20000101000000), INT64_C(20991231235959), &n);
}

static bool is_kind(const char *value)
{
    return strcmp(value, "CustomerPayBillOnline") == 0 ||
           strcmp(value, "CustomerBuyGoodsOnline") == 0;
}

/* '@', '#', '&' and the like make requests fail. */
static bool is_plain(const char *value, size_t most)
{
    size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .-_/");

    return n > 0 && n <= most && !value[n];
}

static bool is_reference(const char *value)
{
    return is_plain(value, 12);
}

static bool is_description(const char *value)
{
    return is_plain(value, 13);
}

/* The other shortcodes have a passkey of the sandbox's own beside the public one. */
static bool password_fits(struct sl_visit *visit, struct json_object *doc)
{
    const char *const passkeys[] = { public_passkey, "sandbox-passkey" };
    const char *shortcode = sl_json_word(visit->arena, doc, "BusinessShortCode");
    const char *timestamp = sl_json_word(visit->arena, doc, "Timestamp");
    const char *password = sl_json_text(doc, "Password");
    size_t n = strcmp(shortcode, "174379") == 0 ? 1 : SL_COUNT(passkeys);

    for (size_t i = 0; password && i < n; i++) {
        const char *all =
            sl_arena_printf(visit->arena, "%s%s%s", shortcode, passkeys[i], timestamp);

        if (strcmp(sl_base64(visit->arena, all, strlen(all)), password) == 0)
            return true;
    }
    return false;
}

/* False, and answered, if shortcode and password do not go together. */
static bool is_merchant(struct sl_visit *visit, struct json_object *doc)
{
    const char *shortcode = sl_json_word(visit->arena, doc, "BusinessShortCode");

    if (strcmp(shortcode, "999999") == 0)
        sl_mpesa_fail(visit, 500, "500.001.1001", "Merchant does not exist");
    else if (!password_fits(visit, doc))
        sl_mpesa_fail(visit, 500, "500.001.1001", "Wrong credentials");
    else
        return true;
    return false;
}

/* ---- The callback ------------------------------------------------------------------- */

static const char *print_callback(struct sl_arena *arena, const struct sl_mpesa_payment *payment,
                                  int code, const char *text, int64_t shillings)
{
    struct sl_buf out = sl_buf_new(arena);
    char date[SL_TIME_SIZE];

    sl_buf_printf(&out,
                  "{\"Body\":{\"stkCallback\":{\"MerchantRequestID\":\"%s\","
                  "\"CheckoutRequestID\":\"%s\",\"ResultCode\":%d,\"ResultDesc\":",
                  payment->merchant, payment->checkout, code);
    sl_json_quote(&out, text);
    if (code == 0) {
        sl_time_compact(payment->at_ms, 180, date);
        sl_buf_printf(&out,
                      ",\"CallbackMetadata\":{\"Item\":[{\"Name\":\"Amount\",\"Value\":%lld.00},"
                      "{\"Name\":\"MpesaReceiptNumber\",\"Value\":\"%s\"},{\"Name\":\"Balance\"},"
                      "{\"Name\":\"TransactionDate\",\"Value\":%s},"
                      "{\"Name\":\"PhoneNumber\",\"Value\":%s}]}",
                      (long long)shillings, payment->receipt, date, payment->phone);
    }
    sl_buf_text(&out, "}}}");
    return out.data;
}

/* The forged one says paid, with another amount: where the genuine one says failed, with the
 * receipt of nobody. */
static void tell(struct sl_sandbox *box, struct sl_mpesa_payment *payment, struct sl_visit *visit)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int64_t other = payment->shillings > 1 ? payment->shillings - 1 : 2;
    const char *text = result_text(payment);
    struct sl_script script = {
        .url = payment->callback,
        .type = "application/json",
        .genuine = print_callback(arena, payment, payment->code, text, payment->shillings),
        .other = print_callback(arena, payment, payment->code, text, other),
        .contrary = print_callback(arena, payment, 1032, "Request cancelled by user", 0),
        .late_ms = box->settings.late_ms,
    };

    sl_callbacks_play(box->callbacks, payment->scenario, visit, &script);
}

static void settle(struct sl_sandbox *box, struct sl_mpesa *mpesa, struct sl_mpesa_payment *payment)
{
    payment->at_ms = sl_now_ms();
    if (payment->code == 0) {
        sl_mpesa_pay(box, mpesa, payment);
        return;
    }
    (void)snprintf(payment->state, sizeof payment->state, "failed");
    box->counts.unpaid++;
}

struct decision {
    struct sl_mpesa *mpesa;
    struct sl_mpesa_payment *payment;
};

static void decide(struct sl_sandbox *box, void *thing, enum sl_timer_end end)
{
    struct decision *decision = thing;

    if (end == SL_TIMER_CANCELLED)
        return;
    settle(box, decision->mpesa, decision->payment);
    tell(box, decision->payment, NULL);
}

/* ---- Push --------------------------------------------------------------------------- */

static int code_of(enum sl_scenario scenario, int asked, bool pair_fits)
{
    static const int codes[SL_N_SCENARIOS] = {
        [SL_PLAY_CANCELLED] = 1032,         [SL_PLAY_WRONG_PIN] = 2001,
        [SL_PLAY_INSUFFICIENT_FUNDS] = 1,   [SL_PLAY_TIMEOUT] = 1037,
        [SL_PLAY_EXPIRED] = 1019,           [SL_PLAY_ESCAPES] = 1,
        [SL_PLAY_INSUFFICIENT_BALANCE] = 1,
    };

    if (!pair_fits)
        return 2028;
    return asked >= 0 ? asked : codes[scenario];
}

static struct sl_mpesa_payment *make_payment(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_mpesa *mpesa = visit->state;
    struct sl_arena *arena = mpesa->arena;
    struct sl_mpesa_payment *payment = SL_NEW(arena, struct sl_mpesa_payment, 1);
    bool paybill = strcmp(sl_json_text(doc, "TransactionType"), "CustomerPayBillOnline") == 0;
    char now[SL_TIME_SIZE];

    payment->phone = sl_json_word(arena, doc, "PhoneNumber");
    payment->amount = sl_json_word(arena, doc, "Amount");
    payment->reference = sl_json_word(arena, doc, "AccountReference");
    payment->shortcode = sl_json_word(arena, doc, "PartyB");
    payment->callback = sl_json_word(arena, doc, "CallBackURL");
    (void)sl_parse_int(payment->amount, 1, 250000, &payment->shillings);
    payment->scenario = visit->scenario;
    payment->code =
        code_of(visit->scenario, sl_magic_of(payment->phone).code,
                !paybill || strcmp(payment->shortcode,
                                   sl_json_word(visit->arena, doc, "BusinessShortCode")) == 0);
    (void)snprintf(payment->state, sizeof payment->state, "processing");
    sl_time_compact(sl_now_ms(), 180, now);
    payment->merchant = sl_arena_strdup(arena, sl_mpesa_merchant_id(visit));
    payment->checkout =
        sl_arena_printf(arena, "ws_CO_%.2s%.2s%.4s%s%07llu%s", now + 6, now + 4, now, now + 8,
                        (unsigned long long)visit->box->serial % 10000000, payment->phone + 3);
    sl_table_set(&mpesa->pushes, sl_hash_text(SL_HASH_BEGIN, payment->checkout), payment);
    return payment;
}

static void record(struct sl_visit *visit, const struct sl_mpesa_payment *payment)
{
    static const struct sl_seen_kind kind = {
        .operation = "stk_push",
        .names = { "phone", "amount", "reference", "checkout_request_id", "state", "receipt",
                   "shortcode" },
        .numbers = 1 << 1,
        .live = 0x7f,
    };

    sl_seen_add(visit, &kind,
                (const char *const[]){ payment->phone, payment->amount, payment->reference,
                                       payment->checkout, payment->state, payment->receipt,
                                       payment->shortcode });
}

static void accept(struct sl_visit *visit, const struct sl_mpesa_payment *payment)
{
    const char *text =
        payment->scenario == SL_PLAY_ESCAPES ? escaped : "Success. Request accepted for processing";

    sl_visit_begin(visit, 200, "application/json");
    sl_buf_printf(&visit->answer,
                  "{\"MerchantRequestID\":\"%s\",\"CheckoutRequestID\":\"%s\","
                  "\"ResponseCode\":\"0\",\"ResponseDescription\":",
                  payment->merchant, payment->checkout);
    sl_json_quote(&visit->answer, text);
    sl_buf_text(&visit->answer, ",\"CustomerMessage\":");
    sl_json_quote(&visit->answer, text);
    sl_buf_text(&visit->answer, "}");
}

/* False, and answered, if this push does not reach the phone. */
static bool reaches(struct sl_visit *visit, struct json_object *doc)
{
    const char *phone = sl_json_word(visit->arena, doc, "PhoneNumber");
    const char *amount = sl_json_word(visit->arena, doc, "Amount");
    struct sl_magic magic = sl_magic_of(phone);

    if (magic.plays)
        visit->scenario = magic.scenario;
    if (sl_mpesa_token_expired(visit, sl_arena_printf(visit->arena, "%s %s %s", phone, amount,
                                                      sl_json_text(doc, "AccountReference"))))
        return false;
    if (visit->scenario != SL_PLAY_LOCKED)
        return !sl_mpesa_refused(visit);
    sl_mpesa_fail(visit, 500, "500.001.1001",
                  "Unable to lock subscriber, a transaction is already in process for the "
                  "current subscriber");
    return false;
}

void sl_mpesa_push(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_mpesa_rule rules[] = {
        { "BusinessShortCode", sl_mpesa_is_shortcode },
        { "Timestamp", is_timestamp },
        { "TransactionType", is_kind },
        { "Amount", sl_mpesa_is_amount },
        { "PartyA", sl_mpesa_is_phone },
        { "PhoneNumber", sl_mpesa_is_phone },
        { "PartyB", sl_mpesa_is_shortcode },
        { "CallBackURL", sl_mpesa_is_url },
        { "AccountReference", is_reference },
        { "TransactionDesc", is_description },
    };
    struct sl_sandbox *box = visit->box;
    struct sl_mpesa *mpesa = visit->state;
    struct sl_mpesa_payment *payment;
    struct decision *decision;

    if (!sl_mpesa_check(visit, doc, rules, SL_COUNT(rules)) || !is_merchant(visit, doc) ||
        !reaches(visit, doc))
        return;
    payment = make_payment(visit, doc);
    box->counts.pushes++;
    record(visit, payment);
    accept(visit, payment);
    if (visit->scenario == SL_PLAY_EARLY_CALLBACK) {
        settle(box, mpesa, payment);
        tell(box, payment, visit);
        return;
    }
    decision = SL_NEW(mpesa->arena, struct decision, 1);
    *decision = (struct decision){ mpesa, payment };
    sl_timers_add(box->timers, box->settings.callback_ms, decide, decision);
}

/* ---- Query -------------------------------------------------------------------------- */

static void tell_result(struct sl_visit *visit, const struct sl_mpesa_payment *payment)
{
    sl_visit_begin(visit, 200, "application/json");
    sl_buf_printf(
        &visit->answer,
        "{\"ResponseCode\":\"0\",\"ResponseDescription\":\"The service request has been "
        "accepted successfully\",\"MerchantRequestID\":\"%s\",\"CheckoutRequestID\":\"%s\","
        "\"ResultCode\":\"%d\",\"ResultDesc\":",
        payment->merchant, payment->checkout, payment->code);
    sl_json_quote(&visit->answer, result_text(payment));
    sl_buf_text(&visit->answer, "}");
}

/* Scenarios that spoil an answer spoil the push, not the query that is to settle it. */
void sl_mpesa_query(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_mpesa_rule rules[] = {
        { "BusinessShortCode", sl_mpesa_is_shortcode },
        { "Timestamp", is_timestamp },
        { "CheckoutRequestID", sl_mpesa_is_filled },
    };
    static const struct sl_seen_kind kind = { .operation = "stk_query",
                                              .names = { "checkout_request_id" } };
    struct sl_mpesa *mpesa = visit->state;
    const char *checkout = sl_json_text(doc, "CheckoutRequestID");
    const struct sl_mpesa_payment *payment;

    if (!sl_mpesa_check(visit, doc, rules, SL_COUNT(rules)) || !is_merchant(visit, doc) ||
        sl_mpesa_refused(visit))
        return;
    sl_seen_add(visit, &kind, (const char *const[]){ checkout });
    visit->scenario = SL_PLAY_OK;
    payment = checkout ? sl_table_get(&mpesa->pushes, sl_hash_text(SL_HASH_BEGIN, checkout)) : NULL;
    if (!payment)
        sl_mpesa_invalid(visit, "CheckoutRequestID");
    else if (strcmp(payment->state, "processing") == 0)
        sl_mpesa_fail(visit, 500, "500.001.1001", "The transaction is being processed");
    else
        tell_result(visit, payment);
}
