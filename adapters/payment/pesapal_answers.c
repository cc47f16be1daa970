/* Pesapal: what answers mean. The "status" in the body tells, not that of HTTP; and of a payment
 * status_code and the complaint's code tell, not "status". */
#include "adapters/payment/pesapal.h"

#include <string.h>

#include "lib/adapter/page.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

enum {
    TOLD_LENGTH = 200,
    WAIT_MS = 10000,
    SHORT_TOKEN_MS = 240000,
    LONGEST_TOKEN_MS = 86400000,
    LINK_MINUTES = 1380, /* an hour late (lib/adapter/page.h) is a day */
};

static const char *told(struct sl_arena *arena, const char *text)
{
    return text && *text ? sl_printable(arena, text, strlen(text), TOLD_LENGTH) : NULL;
}

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

/* ---- Complaints ---------------------------------------------------------------------- */

/* "error" is null, an object of nulls, an object, or text. */
struct sl_pesapal_complaint sl_pesapal_complaint(struct sl_arena *arena, struct json_object *doc)
{
    struct json_object *error = sl_json_at(doc, "error");
    struct sl_pesapal_complaint complaint = { 0 };

    if (!error)
        return complaint;
    if (!json_object_is_type(error, json_type_object)) {
        complaint.text = told(arena, json_object_get_string(error));
        return complaint;
    }
    complaint.code = told(arena, sl_json_word(arena, error, "code"));
    complaint.text = told(arena, sl_json_word(arena, error, "message"));
    if (!complaint.code)
        complaint.code = told(arena, sl_json_word(arena, error, "error_type"));
    if (!complaint.code)
        complaint.code = told(arena, sl_json_word(arena, error, "type"));
    return complaint;
}

bool sl_pesapal_says(const struct sl_pesapal_complaint *complaint, const char *fragment)
{
    return (complaint->code && strcasestr(complaint->code, fragment)) ||
           (complaint->text && strcasestr(complaint->text, fragment));
}

bool sl_pesapal_is_good(struct sl_arena *arena, const struct sl_exchange *exchange,
                        struct json_object *doc)
{
    const struct sl_pesapal_complaint complaint = sl_pesapal_complaint(arena, doc);

    return exchange->status / 100 == 2 && !complaint.code && !complaint.text &&
           is(sl_json_word(arena, doc, "status"), "200");
}

/* By a fragment of code or text; the first that is in it counts. */
static const struct refusal {
    const char *fragment;
    enum sl_verdict verdict;
    enum sl_concerns concerns;
    const char *meaning; /* put before the provider's text; or NULL */
} refusals[] = {
    { "consumer_key", SL_AUTH, SL_ACCOUNT,
      "consumer_key or consumer_secret is wrong, or of the other environment" },
    { "token", SL_AUTH, SL_ITEM, NULL },
    { "invalid_api_credentials", SL_AUTH, SL_ITEM, NULL },
    { "maximum_amount_limit", SL_PERMANENT, SL_ITEM,
      "beyond what a test account may, or a live one that is still limited like it" },
    { "maximum allowed test", SL_PERMANENT, SL_ITEM,
      "beyond what a test account may, or a live one that is still limited like it" },
};

static const struct refusal *find_refusal(const struct sl_pesapal_complaint *complaint)
{
    for (size_t i = 0; i < SL_COUNT(refusals); i++)
        if (sl_pesapal_says(complaint, refusals[i].fragment))
            return &refusals[i];
    return NULL;
}

void sl_pesapal_refuse(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct json_object *doc, struct sl_result *result)
{
    const struct sl_pesapal_complaint complaint = sl_pesapal_complaint(call->arena, doc);
    const char *status = sl_json_word(call->arena, doc, "status");
    const char *text =
        complaint.text ? complaint.text : told(call->arena, sl_json_text(doc, "message"));
    bool said_no = complaint.code || complaint.text || (status && !is(status, "200"));
    const struct refusal *refusal = find_refusal(&complaint);
    struct sl_outcome outcome = { .verdict = SL_PERMANENT, .code = complaint.code, .text = text };

    if (!said_no || exchange->status == 401 || exchange->status == 429) {
        sl_result_from_status(exchange, text, result);
        for (size_t i = 0; i < result->n_items; i++)
            if (result->items[i].verdict == SL_RATE_LIMITED && result->items[i].after_ms == 0)
                result->items[i].after_ms = WAIT_MS;
        return;
    }
    if (refusal) {
        outcome.verdict = refusal->verdict;
        outcome.concerns = refusal->concerns;
        outcome.text = refusal->meaning ? refusal->meaning : text;
    }
    sl_result_all(result, outcome);
}

/* ---- Token and test ------------------------------------------------------------------ */

static bool is_token(const char *text)
{
    const char *at = text;

    while (*at > ' ' && *at < 0x7f)
        at++;
    return at > text && !*at;
}

/* The documentation says five minutes, the sandbox has given sixty: what it says itself counts. */
static int64_t read_lifetime(const struct sl_call *call, struct json_object *doc)
{
    const char *until = sl_json_text(doc, "expiryDate");
    int64_t until_ms, lives_ms;

    if (!until || !strchr(until, 'T') || sl_time_parse(until, "UTC", call->now_ms, &until_ms) < 0)
        return SHORT_TOKEN_MS;
    lives_ms = until_ms - call->now_ms;
    if (lives_ms <= 0)
        return SHORT_TOKEN_MS;
    return lives_ms < LONGEST_TOKEN_MS ? lives_ms : LONGEST_TOKEN_MS;
}

void sl_pesapal_parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *token;

    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        token = sl_json_text(doc, "token");
        if (sl_pesapal_is_good(call->arena, exchange, doc) && token && is_token(token)) {
            result->token.access = sl_arena_strdup(call->arena, token);
            result->token.lives_ms = read_lifetime(call, doc);
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
            return;
        }
        sl_pesapal_refuse(call, exchange, doc, result);
    }
    sl_result_repeatable(result);
}

static void find(const struct sl_call *call, const char *ipn_id, struct sl_result *result)
{
    const char *const *values = call->settings->values;

    sl_result_found(result,
                    (struct sl_finding){ SL_FINDING_GOOD, "Pesapal gave a token: key, secret and "
                                                          "environment fit" });
    if (ipn_id)
        sl_result_found(result,
                        (struct sl_finding){ SL_FINDING_GOOD, "the address for notifications is "
                                                              "registered" });
    else if (!values[NOTIFICATION_URL] && !values[IPN_ID])
        sl_result_found(result, (struct sl_finding){ SL_FINDING_WARN,
                                                     "no address for notifications: `sl-config "
                                                     "webhook add` makes one" });
    else if (!values[IPN_ID])
        sl_result_found(result, (struct sl_finding){ SL_FINDING_GOOD,
                                                     "the address for notifications is registered "
                                                     "with the first payment" });
}

void sl_pesapal_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *ipn_id;

    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        if (exchange->status / 100 == 2 && sl_pesapal_read_list(call, doc, &ipn_id)) {
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
            find(call, ipn_id, result);
            return;
        }
        sl_pesapal_refuse(call, exchange, doc, result);
    }
    sl_result_repeatable(result);
}

/* ---- The query ----------------------------------------------------------------------- */

static void not_clear(struct sl_result *result, const char *text)
{
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY, .text = text });
}

static bool is_our_order(const struct sl_call *call, struct json_object *doc)
{
    const char *reference = sl_json_text(doc, "merchant_reference");
    size_t n = strlen(call->id);

    return reference && strncmp(reference, call->id, n) == 0 &&
           (!reference[n] || is(reference + n, SL_PESAPAL_AGAIN));
}

/* A documented answer leaves the tracking id out; one that is there must be the right one. */
static bool is_of(const char *tracking_id, struct json_object *doc)
{
    const char *named = sl_json_text(doc, "order_tracking_id");

    return !sl_json_at(doc, "order_tracking_id") || is(named, tracking_id);
}

/* Nobody has paid yet: said by an error, and sometimes with HTTP 500. */
static bool is_open(struct sl_arena *arena, struct json_object *doc)
{
    const struct sl_pesapal_complaint complaint = sl_pesapal_complaint(arena, doc);

    return sl_pesapal_says(&complaint, "payment_details_not_found") ||
           sl_pesapal_says(&complaint, "pending payment");
}

/* While the order lives it may still be paid, whatever became of a try. A day after it was made
 * it is cancelled: that is the next step. */
static void end_or_wait(const struct sl_call *call, const char *end, const char *text,
                        struct sl_result *result)
{
    result->payment.text = text;
    if (sl_page_is_dead(call, LINK_MINUTES)) {
        result->next = SL_STEP_NEXT;
        result->memory = sl_json_new_object();
        sl_json_put_text(result->memory, "end", end);
        sl_json_put_text(result->memory, "text", text);
    }
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static int64_t read_amount(struct sl_arena *arena, struct json_object *doc)
{
    const char *text = sl_json_word(arena, doc, "amount");
    int64_t amount_minor;

    return text && sl_parse_decimal(text, 2, &amount_minor) && amount_minor >= 0 ? amount_minor
                                                                                 : -1;
}

static void read_paid(const struct sl_call *call, const struct sl_exchange *exchange,
                      struct json_object *doc, struct sl_result *result)
{
    struct sl_payment_news *news = &result->payment;
    const char *receipt = told(call->arena, sl_json_text(doc, "confirmation_code"));

    news->currency = told(call->arena, sl_json_text(doc, "currency"));
    news->amount_minor = read_amount(call->arena, doc);
    if (!sl_pesapal_is_good(call->arena, exchange, doc) || !news->currency ||
        news->amount_minor < 0 || !receipt) {
        not_clear(result, "completed, but the answer tells no currency, amount or confirmation");
        return;
    }
    news->state = SL_PAY_PAID;
    news->receipt = receipt;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static const char *why_failed(const struct sl_call *call, struct json_object *doc)
{
    const char *why = told(call->arena, sl_json_text(doc, "payment_status_code"));

    return why ? why : told(call->arena, sl_json_text(doc, "description"));
}

static void read_status(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct json_object *doc, struct sl_result *result)
{
    const char *code = sl_json_word(call->arena, doc, "status_code");

    if (is_open(call->arena, doc)) {
        end_or_wait(call, "expired", NULL, result);
    } else if (!code) {
        sl_pesapal_refuse(call, exchange, doc, result);
    } else if (!is_our_order(call, doc) || !is_of(call->in.payment->external, doc)) {
        not_clear(result, "the answer is not about this order");
    } else if (is(code, "1")) {
        read_paid(call, exchange, doc, result);
    } else if (is(code, "2")) {
        end_or_wait(call, "failed", why_failed(call, doc), result);
    } else if (is(code, "3")) {
        result->payment.state = SL_PAY_REFUNDED;
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    } else if (is(code, "0")) {
        end_or_wait(call, "expired", NULL, result);
    } else {
        not_clear(result, "the answer tells no status that we know");
    }
}

void sl_pesapal_parse_verify(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    result->payment.amount_minor = -1;
    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        read_status(call, exchange, doc, result);
    }
    sl_result_repeatable(result);
}

/* An order that cannot be cancelled was paid or cancelled meanwhile: the next query tells. */
void sl_pesapal_parse_cancel(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    result->payment.amount_minor = -1;
    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        if (sl_pesapal_is_good(call->arena, exchange, doc)) {
            result->payment.state =
                is(sl_json_text(call->memory, "end"), "failed") ? SL_PAY_FAILED : SL_PAY_EXPIRED;
            result->payment.text = told(call->arena, sl_json_text(call->memory, "text"));
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
            return;
        }
        sl_pesapal_refuse(call, exchange, doc, result);
    }
    sl_result_repeatable(result);
}

/* ---- Refunds ------------------------------------------------------------------------- */

/* Taken is not done: people at Pesapal work on it. */
void sl_pesapal_parse_refund(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (sl_result_unanswered(exchange, result))
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    if (sl_pesapal_is_good(call->arena, exchange, doc))
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK,
                                                   .external = call->in.refund->payment_external });
    else
        sl_pesapal_refuse(call, exchange, doc, result);
}

void sl_pesapal_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *code;

    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        code = sl_json_word(call->arena, doc, "status_code");
        if (!code) {
            sl_pesapal_refuse(call, exchange, doc, result);
        } else if (!is_of(call->in.refund->payment_external, doc) || strspn(code, "0123") != 1 ||
                   code[1]) {
            not_clear(result, "the answer is not about this order, or tells no status that we "
                              "know");
        } else {
            result->payment.state = is(code, "3") ? SL_PAY_REFUNDED : SL_PAY_PENDING;
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        }
    }
    sl_result_repeatable(result);
}
