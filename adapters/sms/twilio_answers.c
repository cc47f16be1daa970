/* Twilio: what its answers mean (docs/providers/twilio.md, 4 and 5). */
#include "adapters/sms/twilio.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

/* ---- A message's state ----------------------------------------------------------------- */

bool sl_twilio_delivery(const char *status, enum sl_delivery *delivery)
{
    static const struct {
        const char *status;
        enum sl_delivery delivery;
    } rows[] = {
        { "accepted", SL_DELIVERY_SENT },
        { "scheduled", SL_DELIVERY_SENT },
        { "queued", SL_DELIVERY_SENT },
        { "sending", SL_DELIVERY_SENT },
        { "sent", SL_DELIVERY_SENT }, /* for many carriers the last word */
        { "partially_delivered", SL_DELIVERY_SENT },
        { "delivered", SL_DELIVERY_DELIVERED },
        { "read", SL_DELIVERY_DELIVERED },
        { "undelivered", SL_DELIVERY_UNDELIVERED },
        { "failed", SL_DELIVERY_FAILED },
    };

    for (size_t i = 0; status && i < SL_COUNT(rows); i++)
        if (strcmp(rows[i].status, status) == 0) {
            *delivery = rows[i].delivery;
            return true;
        }
    return false;
}

const char *sl_twilio_reason(struct sl_arena *arena, const char *code)
{
    static const struct {
        const char *code, *text;
    } reasons[] = {
        { "30001", "too much was queued" },
        { "30002", "the account was suspended" },
        { "30003", "the phone is off or has no signal" },
        { "30004", "blocked by the recipient or the carrier" },
        { "30005", "unknown or inactive number" },
        { "30006", "landline or unreachable carrier" },
        { "30007", "filtered as spam" },
        { "30008", "for a reason that nobody knows" },
        { "30024", "the sender is not registered with that country's carriers" },
        { "30036", "its validity period was over" },
        { "30042", "the sender name is too general or has special characters" },
        { "30410", "the carrier did not answer in time: it may have arrived" },
        { "21610", "the recipient has opted out" },
        { "63038", "the daily limit of the account was reached" },
    };

    if (!code || !*code)
        return NULL;
    for (size_t i = 0; i < SL_COUNT(reasons); i++)
        if (strcmp(reasons[i].code, code) == 0)
            return reasons[i].text;
    return sl_printable(arena, code, strlen(code), 20);
}

/* ---- Refusals -------------------------------------------------------------------------- */

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

/* What concerns the batch is the sender's fault, and every other recipient would hear it too. */
static const struct refusal {
    int64_t code;
    struct sl_outcome outcome; /* its text: NULL for Twilio's own */
} refusals[] = {
    { 20003, { .verdict = SL_AUTH, .text = "account_sid, auth_token or API key is wrong" } },
    { 20005,
      { .verdict = SL_PERMANENT, .concerns = SL_BATCH, .text = "the account is suspended" } },
    { 10001,
      { .verdict = SL_PERMANENT, .concerns = SL_BATCH, .text = "the account is suspended" } },
    { 20006, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 20008,
      { .verdict = SL_PERMANENT,
        .concerns = SL_BATCH,
        .text = "test credentials send nothing but from a test number" } },
    { 20403, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 70051, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 20404, { .verdict = SL_PERMANENT } },
    { 20429, { .verdict = SL_RATE_LIMITED, .concerns = SL_ACCOUNT, .after_ms = SECOND } },
    { 20503, { .verdict = SL_RETRY } },
    { 21211, { .verdict = SL_PERMANENT, .learned = SL_DEAD_ADDRESS } },
    { 21212, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21214, { .verdict = SL_PERMANENT, .learned = SL_DEAD_ADDRESS } },
    { 21217, { .verdict = SL_PERMANENT, .learned = SL_DEAD_ADDRESS } },
    { 21601, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21606, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21607, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21610, { .verdict = SL_PERMANENT, .learned = SL_OPTED_OUT } },
    { 21611, { .verdict = SL_RATE_LIMITED, .concerns = SL_ACCOUNT, .after_ms = 10 * MINUTE } },
    { 21614, { .verdict = SL_PERMANENT, .learned = SL_DEAD_ADDRESS } },
    { 21635, { .verdict = SL_PERMANENT, .learned = SL_DEAD_ADDRESS } },
    { 21657, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21659, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21660, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21661, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21701, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21702, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21703, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21704, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 21705, { .verdict = SL_PERMANENT, .concerns = SL_BATCH } },
    { 60728, { .verdict = SL_RATE_LIMITED, .concerns = SL_ACCOUNT, .after_ms = HOUR } },
    { 63017, { .verdict = SL_RATE_LIMITED, .concerns = SL_ACCOUNT, .after_ms = 5 * SECOND } },
    { 63038, { .verdict = SL_RATE_LIMITED, .concerns = SL_ACCOUNT, .after_ms = HOUR } },
};

/* A 5xx may have been carried out, unless Twilio itself says that it refused before any work. */
static struct sl_outcome classify(int64_t code, int status)
{
    for (size_t i = 0; i < SL_COUNT(refusals); i++)
        if (refusals[i].code == code)
            return refusals[i].outcome;
    if (status == 503)
        return (struct sl_outcome){ .verdict = SL_RETRY };
    return (struct sl_outcome){ .verdict = status >= 500 ? SL_AMBIGUOUS : SL_PERMANENT };
}

/* Its own texts change; the code decides. Without one, as from a proxy, the status says less. */
void sl_twilio_read_refusal(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct json_object *doc, struct sl_result *result)
{
    int64_t code = sl_json_int(doc, "code", 0);
    const char *text = sl_json_text(doc, "message");
    struct sl_outcome outcome;

    if (code == 0 || exchange->status < 400) {
        sl_result_from_status(exchange, sl_arena_printf(call->arena, "HTTP %d", exchange->status),
                              result);
        return;
    }
    outcome = classify(code, exchange->status);
    outcome.code = sl_arena_printf(call->arena, "%lld", (long long)code);
    if (!outcome.text && text)
        outcome.text = sl_printable(call->arena, text, strlen(text), 200);
    if (exchange->retry_after_ms > 0 &&
        (outcome.verdict == SL_RATE_LIMITED || outcome.verdict == SL_RETRY))
        outcome.after_ms = exchange->retry_after_ms;
    sl_result_all(result, outcome);
}

/* ---- A message ------------------------------------------------------------------------- */

/* Numbers are texts; a price is negative, and null until it is known. */
static void read_numbers(const struct sl_call *call, struct json_object *message,
                         struct sl_outcome *outcome)
{
    const char *price = sl_json_word(call->arena, message, "price");
    const char *currency = sl_json_text(message, "price_unit");
    const char *segments = sl_json_word(call->arena, message, "num_segments");
    int64_t number = 0, micro;

    if (segments && sl_parse_int(segments, 1, 100, &number))
        outcome->segments = (int)number;
    if (!price || !currency || !sl_parse_decimal(price, 6, &micro))
        return;
    outcome->cost = price + (*price == '-');
    outcome->currency = sl_arena_strdup(call->arena, currency);
}

/* Of a message that Twilio has: its sid proves it. */
static struct sl_outcome read_message(const struct sl_call *call, struct json_object *message)
{
    const char *sid = sl_json_text(message, "sid"), *status = sl_json_text(message, "status");
    struct sl_outcome outcome = { .verdict = SL_OK };

    if (!sid || !(sl_twilio_is_sid(sid, "SM") || sl_twilio_is_sid(sid, "MM")))
        return (struct sl_outcome){ .text = "the answer names no message" };
    outcome.external = sl_arena_strdup(call->arena, sid);
    (void)sl_twilio_delivery(status, &outcome.delivery);
    if (outcome.delivery == SL_DELIVERY_UNDELIVERED || outcome.delivery == SL_DELIVERY_FAILED) {
        outcome.code = sl_json_word(call->arena, message, "error_code");
        outcome.text = sl_twilio_reason(call->arena, outcome.code);
    }
    read_numbers(call, message, &outcome);
    return outcome;
}

void sl_twilio_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_outcome outcome;

    if (sl_result_unanswered(exchange, result))
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    if (exchange->status / 100 != 2) {
        sl_twilio_read_refusal(call, exchange, doc, result);
        return;
    }
    outcome = read_message(call, doc);
    if (outcome.delivery == SL_DELIVERY_UNDELIVERED || outcome.delivery == SL_DELIVERY_FAILED)
        outcome.verdict = SL_PERMANENT;
    outcome.delivery = SL_DELIVERY_NONE;
    sl_result_all(result, outcome);
}

/* ---- sms.status: the list, where no answer told the sid ------------------------------------ */

enum { BEFORE_MS = 5 * SECOND, AFTER_MS = 2 * MINUTE }; /* a request lasts up to one */

/* "Mon, 23 Nov 2026 21:30:00 +0000" (RFC 2822), as Twilio writes every date. */
static bool read_date(const char *text, int64_t *ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = { 0 }, written[24];
    const char *at;

    if (!text || strlen(text) != 31 || strcmp(text + 25, " +0000") != 0)
        return false;
    memcpy(month, text + 8, 3);
    at = strstr(months, month);
    if (!at || (at - months) % 3 != 0)
        return false;
    (void)snprintf(written, sizeof written, "%.4s-%02d-%.2sT%.8sZ", text + 12,
                   (int)(at - months) / 3 + 1, text + 5, text + 17);
    return sl_time_parse(written, "UTC", 0, ms) == 0;
}

static bool is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Trial accounts put this in front of it; an account that redacts texts shows none, and with smart
 * encoding it is not ours any more. */
static bool has_text(const struct sl_call *call, const char *body)
{
    static const char trial[] = "Sent from your Twilio trial account - ";

    if (!body || !*body || strcmp(call->settings->values[SMART_ENCODING], "true") == 0)
        return true;
    if (strncmp(body, trial, sizeof trial - 1) == 0)
        body += sizeof trial - 1;
    return strcmp(body, call->in.asked->text) == 0;
}

static bool may_be(const struct sl_call *call, struct json_object *row)
{
    const struct sl_messages_ask *asked = call->in.asked;
    const char *sender = sl_twilio_sender(call, asked->from);
    const char *service = call->settings->values[MESSAGING_SERVICE_SID];
    int64_t made_ms;

    return is_same(sl_json_text(row, "direction"), "outbound-api") &&
           is_same(sl_json_text(row, "to"), asked->messages[0].to) &&
           (is_same(sl_json_text(row, "from"), sender) ||
            is_same(sl_json_text(row, "messaging_service_sid"), service)) &&
           has_text(call, sl_json_text(row, "body")) &&
           read_date(sl_json_text(row, "date_created"), &made_ms) &&
           made_ms >= asked->sent_ms - BEFORE_MS && made_ms <= asked->sent_ms + AFTER_MS;
}

/* Newest first in the answer. With another page nobody can say that it is not there. */
static void read_list(const struct sl_call *call, struct json_object *doc, struct sl_result *result)
{
    struct json_object *rows = sl_json_at(doc, "messages");
    size_t n = sl_json_length(rows);
    struct sl_match *matches = SL_NEW(call->arena, struct sl_match, n + 1);

    if (!json_object_is_type(rows, json_type_array))
        return;
    for (size_t i = n; i > 0; i--) {
        struct json_object *row = json_object_array_get_idx(rows, i - 1);
        struct sl_outcome outcome = read_message(call, row);

        if (outcome.verdict == SL_OK && may_be(call, row))
            matches[result->n_matches++] = (struct sl_match){ 0, outcome };
    }
    result->matches = matches;
    if (result->n_matches == 0 && !sl_json_text(doc, "next_page_uri"))
        result->items[0].verdict = SL_ABSENT;
}

void sl_twilio_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (sl_result_unanswered(exchange, result)) {
        sl_result_repeatable(result);
        return;
    }
    doc = sl_json_parse(exchange->body, exchange->n_body);
    if (exchange->status != 200) {
        sl_twilio_read_refusal(call, exchange, doc, result);
        sl_result_repeatable(result);
    } else if (call->in.asked->messages[0].external) {
        result->items[0] = read_message(call, doc);
    } else {
        read_list(call, doc, result);
    }
}
