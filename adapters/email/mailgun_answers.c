/* Mailgun: from answers to outcomes (docs/providers/mailgun.md, 4 and 5). */
#include <string.h>

#include "adapters/email/mailgun.h"
#include "lib/base/text.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

const char *const sl_mailgun_headers[] = { "X-RateLimit-Reset", NULL };

/* ---- Refusals -------------------------------------------------------------------------- */

static const char *words(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct json_object *doc)
{
    const char *message = sl_json_text(doc, "message");

    return message ? sl_printable(call->arena, message, strlen(message), 200)
                   : sl_exchange_text(call->arena, exchange);
}

/* A moment of theirs, in seconds or milliseconds. */
static int64_t wait_ms(const struct sl_call *call, const struct sl_exchange *exchange)
{
    const char *reset = sl_exchange_header(exchange, "X-RateLimit-Reset");
    int64_t at, wait = exchange->retry_after_ms;

    if (wait < 0 && reset && sl_parse_int(reset, 0, INT64_MAX / SECOND, &at))
        wait = (at > 1000000000000 ? at : at * SECOND) - call->now_ms;
    if (wait < 0)
        return MINUTE;
    return wait < SECOND ? SECOND : wait;
}

static void refuse(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct json_object *doc, struct sl_result *result)
{
    struct sl_outcome outcome = { .verdict = SL_PERMANENT, .text = words(call, exchange, doc) };
    int status = exchange->status;

    if (status == 401) {
        outcome.verdict = SL_AUTH;
        outcome.concerns = SL_ACCOUNT;
    } else if (status == 420 || status == 429) {
        outcome.verdict = SL_RATE_LIMITED;
        outcome.concerns = SL_ACCOUNT;
        outcome.after_ms = wait_ms(call, exchange);
    } else if (status >= 500) {
        outcome.verdict = SL_RETRY;
        outcome.after_ms = exchange->retry_after_ms > 0 ? exchange->retry_after_ms : 0;
    } else if (status < 400) {
        outcome.verdict = SL_AMBIGUOUS;
    } else if (status != 400 && status != 413) {
        outcome.concerns = SL_BATCH; /* plan, domain, region: the same for all */
    }
    if (status == 404)
        outcome.text = sl_arena_printf(call->arena, "%s; a domain of the other region is not found",
                                       outcome.text);
    sl_result_all(result, outcome);
}

/* ---- email.send ------------------------------------------------------------------------ */

/* In brackets in the answer, without them in events. */
static const char *bare_id(struct sl_arena *arena, const char *id)
{
    size_t n = strlen(id);

    if (n > 2 && id[0] == '<' && id[n - 1] == '>')
        return sl_printable(arena, id + 1, n - 2, 300);
    return sl_printable(arena, id, n, 300);
}

void sl_mailgun_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    static const char nowhere[] = "Mailgun Magnificent API";
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *id;

    if (sl_result_unanswered(exchange, result))
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    id = sl_json_text(doc, "id");
    if (exchange->status == 200 && id && *id)
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK,
                                                   .external = bare_id(call->arena, id) });
    else if (exchange->status == 200 && strstr(exchange->body, nowhere))
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_PERMANENT,
                                                   .concerns = SL_BATCH,
                                                   .text = "base_url or domain is wrong" });
    else
        refuse(call, exchange, doc, result);
}

/* ---- Events ---------------------------------------------------------------------------- */

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

enum sl_delivery sl_mailgun_delivery(struct json_object *event)
{
    const char *word = sl_json_text(event, "event"), *reason = sl_json_text(event, "reason");

    if (is(word, "accepted"))
        return SL_DELIVERY_SENT;
    if (is(word, "delivered"))
        return SL_DELIVERY_DELIVERED;
    if (is(word, "rejected"))
        return SL_DELIVERY_FAILED;
    if (!is(word, "failed") || !is(sl_json_text(event, "severity"), "permanent"))
        return SL_DELIVERY_NONE;
    return reason && strncmp(reason, "suppress-", 9) == 0 ? SL_DELIVERY_FAILED
                                                          : SL_DELIVERY_UNDELIVERED;
}

const char *sl_mailgun_reason(struct sl_arena *arena, struct json_object *event)
{
    static const char *const paths[] = { "delivery-status.description", "delivery-status.message",
                                         "reject.reason", "reason" };

    for (size_t i = 0; i < SL_COUNT(paths); i++) {
        const char *text = sl_json_text(event, paths[i]);

        if (text && *text)
            return sl_printable(arena, text, strlen(text), 200);
    }
    return NULL;
}

/* How far the mail to one recipient came, by all that is told of it. */
static struct sl_outcome read_events(const struct sl_call *call, struct json_object *items,
                                     const char *to)
{
    struct sl_outcome outcome = { .verdict = SL_ABSENT };

    for (size_t i = 0; i < sl_json_length(items); i++) {
        struct json_object *event = json_object_array_get_idx(items, i);
        const char *recipient = sl_json_text(event, "recipient");
        const char *id = sl_json_text(event, "message.headers.message-id");
        enum sl_delivery delivery = sl_mailgun_delivery(event);

        if (!recipient || strcasecmp(recipient, to) != 0 || !id)
            continue;
        outcome.verdict = SL_OK;
        outcome.external = bare_id(call->arena, id);
        if (delivery <= outcome.delivery)
            continue;
        outcome.delivery = delivery;
        outcome.text = delivery == SL_DELIVERY_UNDELIVERED || delivery == SL_DELIVERY_FAILED
                           ? sl_mailgun_reason(call->arena, event)
                           : NULL;
    }
    return outcome;
}

void sl_mailgun_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *items;

    if (sl_result_unanswered(exchange, result)) {
        sl_result_repeatable(result);
        return;
    }
    doc = sl_json_parse(exchange->body, exchange->n_body);
    items = sl_json_at(doc, "items");
    if (exchange->status != 200 || !json_object_is_type(items, json_type_array)) {
        refuse(call, exchange, doc, result);
        sl_result_repeatable(result);
        return;
    }
    for (size_t i = 0; i < result->n_items; i++)
        result->items[i] = read_events(call, items, call->in.asked->messages[i].to);
}

/* ---- test ------------------------------------------------------------------------------ */

/* False for a state that nobody knows. */
static bool judge_domain(const struct sl_call *call, struct json_object *doc,
                         struct sl_result *result)
{
    const char *state = sl_json_text(doc, "domain.state");
    const char *reason = sl_json_text(doc, "domain.disabled.reason");

    if (json_object_get_boolean(sl_json_at(doc, "domain.is_disabled")) || is(state, "disabled")) {
        sl_result_all(result,
                      (struct sl_outcome){
                          .verdict = SL_PERMANENT,
                          .text = reason ? sl_printable(call->arena, reason, strlen(reason), 200)
                                         : "the domain is disabled" });
        return true;
    }
    if (!is(state, "active") && !is(state, "unverified"))
        return false;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    if (is(state, "active"))
        sl_result_found(result, (struct sl_finding){ SL_FINDING_GOOD, "the domain is active" });
    else
        sl_result_found(result, (struct sl_finding){ SL_FINDING_WARN,
                                                     "the domain is not verified: its DNS records "
                                                     "are missing or wrong" });
    return true;
}

void sl_mailgun_parse_domain(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (sl_result_unanswered(exchange, result)) {
        sl_result_repeatable(result);
        return;
    }
    doc = sl_json_parse(exchange->body, exchange->n_body);
    if (exchange->status == 200 && judge_domain(call, doc, result))
        return;
    refuse(call, exchange, doc, result);
    sl_result_repeatable(result);
}

void sl_mailgun_parse_probe(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (sl_result_unanswered(exchange, result)) {
        sl_result_repeatable(result);
        return;
    }
    doc = sl_json_parse(exchange->body, exchange->n_body);
    if (exchange->status == 400 && sl_json_text(doc, "message")) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        sl_result_found(result,
                        (struct sl_finding){ SL_FINDING_GOOD, "the key may send for the domain" });
        return;
    }
    refuse(call, exchange, doc, result);
    sl_result_repeatable(result);
}
