/* M-Pesa: what answers mean. ResponseCode says whether a request was accepted, ResultCode how
 * it ended; an errorCode stands for several things, so its text decides. */
#include "adapters/payment/mpesa.h"

#include <string.h>

#include "lib/base/text.h"

enum { TOLD_LENGTH = 200, SPIKE_MS = 5000, LOCKED_MS = 60000, TOKEN_S = 3599 };

const char *sl_mpesa_told(struct sl_arena *arena, const char *text)
{
    return text && *text ? sl_printable(arena, text, strlen(text), TOLD_LENGTH) : NULL;
}

/* ---- How a push ended ---------------------------------------------------------------- */

static const struct {
    const char *code;
    enum sl_pay_state state;
    const char *meaning; /* NULL: the provider's text says it */
} ends[] = {
    { "0", SL_PAY_PAID, NULL },
    { "1", SL_PAY_FAILED, "insufficient_funds" },
    { "2", SL_PAY_FAILED, "amount" },
    { "3", SL_PAY_FAILED, "amount" },
    { "4", SL_PAY_FAILED, "limit" },
    { "8", SL_PAY_FAILED, "limit" },
    { "17", SL_PAY_FAILED, "repeated, may be asked again after 2 minutes" },
    { "26", SL_PAY_FAILED, "system busy, try again" },
    { "1001", SL_PAY_FAILED, "busy with another transaction, try again in 2 minutes" },
    { "1019", SL_PAY_EXPIRED, NULL },
    { "1025", SL_PAY_FAILED, "the prompt could not be sent, try again" },
    { "1032", SL_PAY_CANCELLED, NULL },
    { "1037", SL_PAY_FAILED, "unreachable" },
    { "2001", SL_PAY_FAILED, "wrong_pin" },
    { "2028", SL_PAY_FAILED, "configuration: shortcode_type and till_number do not fit" },
    { "SFC_IC0003", SL_PAY_FAILED, "configuration: shortcode_type and till_number do not fit" },
    { "4999", SL_PAY_PENDING, NULL },
    { "8006", SL_PAY_FAILED, "locked" },
    { "9999", SL_PAY_FAILED, "the prompt could not be sent, try again" },
};

void sl_mpesa_read_end(struct sl_arena *arena, const char *code, const char *text,
                       struct sl_payment_news *news)
{
    const char *meaning = NULL;

    news->state = SL_PAY_UNKNOWN;
    for (size_t i = 0; i < SL_COUNT(ends); i++)
        if (strcmp(ends[i].code, code) == 0) {
            news->state = ends[i].state;
            meaning = ends[i].meaning;
        }
    news->code = code;
    news->text = sl_mpesa_told(arena, text);
    if (meaning && news->text)
        news->text = sl_arena_printf(arena, "%s: %s", meaning, news->text);
    else if (meaning)
        news->text = meaning;
}

/* ---- Refusals ------------------------------------------------------------------------ */

/* By a fragment of the text or of a gateway's code; the first that is in it counts. Only what
 * stands here as SL_AUTH, SL_RATE_LIMITED or SL_RETRY is known to come before acting. */
static const struct refusal {
    const char *fragment;
    enum sl_verdict verdict;
    enum sl_concerns concerns;
    int64_t after_ms;
    const char *meaning; /* put before the provider's text; or NULL */
} refusals[] = {
    { "access token", SL_AUTH, SL_ITEM, 0, NULL },
    { "keymanagement.", SL_AUTH, SL_ITEM, 0, NULL },
    { "spike arrest", SL_RATE_LIMITED, SL_ITEM, SPIKE_MS, NULL },
    { "quota violation", SL_RATE_LIMITED, SL_ITEM, SPIKE_MS, NULL },
    { "policies.ratelimit.", SL_RATE_LIMITED, SL_ITEM, SPIKE_MS, NULL },
    { "lock subscriber", SL_RETRY, SL_ITEM, LOCKED_MS, "the payer has a prompt open" },
    { "system is busy", SL_RETRY, SL_ITEM, 0, NULL },
    { "wrong credentials", SL_PERMANENT, SL_BATCH, 0, "shortcode and passkey do not fit" },
    { "merchant does not exist", SL_PERMANENT, SL_BATCH, 0, "no such shortcode here" },
    { "already registered", SL_PERMANENT, SL_ITEM, 0,
      "already registered: delete it in the portal under Self-service, URL management, then "
      "register again" },
    { "duplicate notification info", SL_PERMANENT, SL_ITEM, 0,
      "already registered on the old broker platform: ask Safaricom to remove it" },
    { "addurlvault", SL_PERMANENT, SL_ITEM, 0, "C2B addresses of this shortcode cannot be set" },
};

static bool says(const char *text, const char *fragment)
{
    return text && strcasestr(text, fragment);
}

static const struct refusal *find_refusal(const char *code, const char *text)
{
    for (size_t i = 0; i < SL_COUNT(refusals); i++)
        if (says(text, refusals[i].fragment) || says(code, refusals[i].fragment))
            return &refusals[i];
    return NULL;
}

static const char *first_word(struct sl_arena *arena, struct json_object *doc,
                              const char *const *paths, size_t n)
{
    const char *word = NULL;

    for (size_t i = 0; !word && i < n; i++)
        word = sl_json_word(arena, doc, paths[i]);
    return word;
}

/* Daraja's own envelope, its gateway's, and a SOAP fault turned into JSON. */
static const char *read_error_text(struct sl_arena *arena, struct json_object *doc)
{
    static const char *const paths[] = { "errorMessage", "fault.faultstring",
                                         "Envelope.Body.Fault.faultstring" };

    return sl_mpesa_told(arena, first_word(arena, doc, paths, SL_COUNT(paths)));
}

static const char *read_error_code(struct sl_arena *arena, struct json_object *doc)
{
    static const char *const paths[] = { "errorCode", "fault.detail.errorcode" };

    return first_word(arena, doc, paths, SL_COUNT(paths));
}

/* No refusal that is known: a page of the layer in front of the interface, or nothing at all. */
static void refuse_by_status(const struct sl_call *call, const struct sl_exchange *exchange,
                             const char *code, const char *text, struct sl_result *result)
{
    if (!code && !text)
        text = sl_arena_printf(call->arena, "HTTP %d %s", exchange->status,
                               exchange->n_body ? "and an answer that is none of M-Pesa's"
                                                : "and an empty answer");
    sl_result_from_status(exchange, text, result);
    for (size_t i = 0; i < result->n_items; i++) {
        struct sl_outcome *outcome = &result->items[i];

        outcome->code = code;
        if (outcome->verdict == SL_RATE_LIMITED && outcome->after_ms == 0)
            outcome->after_ms = SPIKE_MS;
    }
}

static void refuse(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct json_object *doc, struct sl_result *result)
{
    const char *code = read_error_code(call->arena, doc);
    const char *text = read_error_text(call->arena, doc);
    const struct refusal *refusal = find_refusal(code, text);
    struct sl_outcome outcome = { .code = code, .text = text };

    if (!refusal) {
        refuse_by_status(call, exchange, code, text, result);
        return;
    }
    outcome.verdict = refusal->verdict;
    outcome.concerns = refusal->concerns;
    outcome.after_ms = refusal->after_ms;
    if (exchange->retry_after_ms > outcome.after_ms)
        outcome.after_ms = exchange->retry_after_ms;
    if (refusal->meaning)
        outcome.text =
            sl_arena_printf(call->arena, "%s (%s)", refusal->meaning, text ? text : code);
    sl_result_all(result, outcome);
}

/* ---- Acceptances --------------------------------------------------------------------- */

static bool is_good(const struct sl_exchange *exchange)
{
    return exchange->status >= 200 && exchange->status < 300;
}

/* ResponseCode "0" in a good status, or the refusal is settled. */
static bool read_acceptance(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct json_object *doc, struct sl_result *result)
{
    const char *code = sl_json_word(call->arena, doc, "ResponseCode");
    const char *text = sl_json_word(call->arena, doc, "ResponseDescription");
    struct sl_outcome refused = { .verdict = SL_PERMANENT, .code = code };

    if (is_good(exchange) && code && strcmp(code, "0") == 0)
        return true;
    refused.text = sl_mpesa_told(call->arena, text);
    if (is_good(exchange) && code)
        sl_result_all(result, refused);
    else
        refuse(call, exchange, doc, result);
    return false;
}

/* What only begins by its acceptance must bring the id that it is asked for by: one that does
 * not is as good as lost. */
static void accept_with(const struct sl_call *call, const struct sl_exchange *exchange,
                        const char *id, struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_outcome taken = { .verdict = SL_OK };

    if (sl_result_unanswered(exchange, result))
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    if (!read_acceptance(call, exchange, doc, result))
        return;
    taken.external = sl_json_word(call->arena, doc, id);
    if (!taken.external || !*taken.external)
        taken = (struct sl_outcome){ .text = sl_arena_printf(call->arena,
                                                             "accepted, but without %s", id) };
    sl_result_all(result, taken);
}

void sl_mpesa_parse_request(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    result->payment.amount_minor = -1;
    accept_with(call, exchange, "CheckoutRequestID", result);
    if (result->n_items == 0 || result->items[0].verdict != SL_OK)
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    result->payment.external = result->items[0].external;
    result->payment.external2 = sl_json_word(call->arena, doc, "MerchantRequestID");
}

void sl_mpesa_parse_refund(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    accept_with(call, exchange, "OriginatorConversationID", result);
}

void sl_mpesa_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    accept_with(call, exchange, "OriginatorConversationID", result);
    sl_result_repeatable(result);
}

void sl_mpesa_parse_balance(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    sl_mpesa_parse_status(call, exchange, result);
    if (result->n_items > 0 && result->items[0].verdict == SL_OK)
        sl_result_found(result, (struct sl_finding){
                                    SL_FINDING_GOOD,
                                    "the account balance is asked for; its result, which proves "
                                    "initiator and credential, comes as a callback" });
}

/* Registration and simulation. The first name of the id is how Safaricom spells it. */
void sl_mpesa_parse_register(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    static const char *const ids[] = { "OriginatorCoversationID", "OriginatorConversationID" };
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_outcome taken = { .verdict = SL_OK };

    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        if (read_acceptance(call, exchange, doc, result)) {
            taken.external = first_word(call->arena, doc, ids, SL_COUNT(ids));
            sl_result_all(result, taken);
        }
    }
    sl_result_repeatable(result);
}

/* ---- The query ----------------------------------------------------------------------- */

/* Only an answer that names the push that was asked for says anything of it. */
static bool is_ours(const struct sl_call *call, struct json_object *doc)
{
    const char *asked = call->in.payment->external;
    const char *id = sl_json_text(doc, "CheckoutRequestID");

    return id && asked && strcmp(id, asked) == 0;
}

static bool is_open(const char *text)
{
    return says(text, "being processed") || says(text, "under processing");
}

/* An unknown code of a callback counts as a failure only if a query agrees: this is the query. */
static void read_query(const struct sl_call *call, struct json_object *doc,
                       struct sl_result *result)
{
    const char *code = sl_json_word(call->arena, doc, "ResultCode");
    const char *text = sl_json_word(call->arena, doc, "ResultDesc");
    struct sl_payment_news *news = &result->payment;

    if (!is_ours(call, doc)) {
        sl_result_all(result, (struct sl_outcome){
                                  .verdict = SL_RETRY,
                                  .text = "the answer is not about this CheckoutRequestID" });
        return;
    }
    if (code)
        sl_mpesa_read_end(call->arena, code, text, news);
    if (news->state == SL_PAY_UNKNOWN)
        news->state = is_open(text) ? SL_PAY_PENDING : SL_PAY_FAILED;
    news->external = sl_json_word(call->arena, doc, "CheckoutRequestID");
    news->external2 = sl_json_word(call->arena, doc, "MerchantRequestID");
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

/* Not decided yet comes as an error 500; other 500s say nothing of the payment, and a later
 * query may. */
static void settle_query(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct json_object *doc, struct sl_result *result)
{
    const char *text = read_error_text(call->arena, doc);

    if (exchange->status == 500 && is_open(text)) {
        result->payment.text = text;
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        return;
    }
    if (read_acceptance(call, exchange, doc, result))
        read_query(call, doc, result);
    for (size_t i = 0; i < result->n_items; i++) {
        struct sl_outcome *outcome = &result->items[i];

        if (exchange->status < 500 || outcome->verdict != SL_PERMANENT)
            continue;
        outcome->verdict = SL_RETRY;
        outcome->concerns = SL_ITEM;
    }
}

void sl_mpesa_parse_verify(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    result->payment.amount_minor = -1;
    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        settle_query(call, exchange, doc, result);
    }
    sl_result_repeatable(result);
}

/* ---- The token ----------------------------------------------------------------------- */

/* Written as text or as a number; what cannot be read is taken for what is documented. */
static int64_t read_lifetime(const struct sl_call *call, struct json_object *doc)
{
    const char *text = sl_json_word(call->arena, doc, "expires_in");
    int64_t seconds = TOKEN_S;

    if (text)
        (void)sl_parse_int(text, 1, 86400 * 365, &seconds);
    return seconds * 1000;
}

/* It goes into a header: nothing but visible ASCII. */
static bool is_token(const char *text)
{
    const char *at = text;

    while (*at > 0x20 && *at < 0x7f)
        at++;
    return at > text && !*at;
}

/* 400, 401 and 403 are the credentials here, whatever the body, which may be empty; but not
 * for a gateway that only wants us to go slower. */
static void refuse_token(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct json_object *doc, struct sl_result *result)
{
    int status = exchange->status;

    refuse(call, exchange, doc, result);
    for (size_t i = 0; i < result->n_items; i++) {
        struct sl_outcome *outcome = &result->items[i];

        if (outcome->verdict == SL_RATE_LIMITED)
            continue;
        outcome->verdict = SL_RETRY;
        if (status != 400 && status != 401 && status != 403)
            continue;
        *outcome = (struct sl_outcome){
            .verdict = SL_AUTH, .concerns = SL_ACCOUNT, .code = outcome->code, .text = outcome->text
        };
    }
}

void sl_mpesa_parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *access;

    if (sl_result_unanswered(exchange, result)) {
        sl_result_repeatable(result);
        return;
    }
    doc = sl_json_parse(exchange->body, exchange->n_body);
    access = sl_arena_strdup(call->arena, sl_json_text(doc, "access_token"));
    if (!is_good(exchange) || !access || !is_token(access)) {
        refuse_token(call, exchange, doc, result);
        return;
    }
    result->token.access = access;
    result->token.type = "Bearer";
    result->token.lives_ms = read_lifetime(call, doc);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}
