/* SendGrid: from answers to outcomes (docs/providers/sendgrid.md, 4 and 5). */
#include <stdio.h>
#include <string.h>

#include "adapters/email/sendgrid.h"
#include "lib/base/text.h"

enum { SECOND = 1000, HOUR = 3600 * SECOND };

const char *const sl_sendgrid_headers[] = { "X-Message-Id", "X-RateLimit-Reset", NULL };

/* ---- Refusals -------------------------------------------------------------------------- */

/* What the first error says, for a person. */
static const char *words(const struct sl_call *call, const struct sl_exchange *exchange,
                         struct json_object *doc)
{
    struct json_object *errors = sl_json_at(doc, "errors");
    struct json_object *first =
        sl_json_length(errors) > 0 ? json_object_array_get_idx(errors, 0) : NULL;
    const char *message = sl_json_text(first, "message"), *field = sl_json_text(first, "field");

    if (!message)
        return sl_exchange_text(call->arena, exchange);
    message = sl_printable(call->arena, message, strlen(message), 200);
    if (!field)
        return message;
    return sl_arena_printf(call->arena, "%s (%s)", message,
                           sl_printable(call->arena, field, strlen(field), 60));
}

/* "personalizations.3.to.0.email": of a list with a personalization each, the fourth. */
static bool named_item(const struct sl_call *call, struct json_object *error, size_t *item)
{
    const char *field = sl_json_text(error, "field");
    int end = 0;

    return call->in.email->n_to == 0 && field &&
           sscanf(field, "personalizations.%zu.to.%*u.%n", item, &end) == 1 && end > 0 &&
           *item < call->in.email->n_recipients;
}

/* One bad address refuses all: it fails, and the others are sent again without it. */
static bool blame_items(const struct sl_call *call, struct json_object *doc, const char *text,
                        struct sl_result *result)
{
    struct json_object *errors = sl_json_at(doc, "errors");
    bool any = false;

    for (size_t i = 0; i < sl_json_length(errors); i++) {
        struct json_object *error = json_object_array_get_idx(errors, i);
        size_t item;

        if (!named_item(call, error, &item))
            return false; /* something is wrong with the mail itself */
        if (!any)
            sl_result_all(result,
                          (struct sl_outcome){ .verdict = SL_RETRY,
                                               .after_ms = 1,
                                               .text = "another address of the request is bad" });
        any = true;
        result->items[item] = (struct sl_outcome){ .verdict = SL_PERMANENT, .text = text };
    }
    return any;
}

/* The window ends at a second of theirs. */
static int64_t wait_ms(const struct sl_call *call, const struct sl_exchange *exchange)
{
    const char *reset = sl_exchange_header(exchange, "X-RateLimit-Reset");
    int64_t at, wait = exchange->retry_after_ms;

    if (reset && sl_parse_int(reset, 0, INT64_MAX / SECOND, &at))
        wait = at * SECOND - call->now_ms;
    return wait < SECOND ? SECOND : wait > 60 * SECOND ? 60 * SECOND : wait;
}

static void refuse(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct sl_result *result)
{
    SL_AUTO(sl_json_free)
    struct json_object *doc = sl_json_parse(exchange->body, exchange->n_body);
    const char *text = words(call, exchange, doc);
    struct sl_outcome outcome = { .verdict = SL_PERMANENT, .text = text };
    int status = exchange->status;

    if (status == 400 && call->in.email && blame_items(call, doc, text, result))
        return;
    if (status == 401 && strcasestr(text, "maximum credits")) {
        outcome.verdict = SL_RETRY; /* nothing is wrong with the key */
        outcome.concerns = SL_ACCOUNT;
        outcome.after_ms = HOUR;
        outcome.text = "the plan's credits are used up";
    } else if (status == 401) {
        outcome.verdict = SL_AUTH;
        outcome.concerns = SL_ACCOUNT;
    } else if (status == 429) {
        outcome.verdict = SL_RATE_LIMITED;
        outcome.concerns = SL_ACCOUNT;
        outcome.after_ms = wait_ms(call, exchange);
    } else if (status == 403 || (status >= 404 && status < 500 && status != 413)) {
        outcome.concerns = SL_BATCH; /* the sender, the scope, the request: the same for all */
    } else if (status >= 500) {
        outcome.verdict = SL_RETRY;
        outcome.after_ms = exchange->retry_after_ms > 0 ? exchange->retry_after_ms : 0;
    } else if (status < 400) {
        outcome.verdict = SL_AMBIGUOUS;
    }
    sl_result_all(result, outcome);
}

/* ---- email.send ------------------------------------------------------------------------ */

/* 202 without a body; 200 where it is only looked at. */
void sl_sendgrid_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    const char *sandbox = call->settings->values[SANDBOX_MODE];
    const char *id = sl_exchange_header(exchange, "X-Message-Id");
    bool only_looked = sandbox && strcmp(sandbox, "true") == 0;

    if (sl_result_unanswered(exchange, result))
        return;
    if (exchange->n_body > 0 || exchange->status != (only_looked ? 200 : 202)) {
        refuse(call, exchange, result);
        return;
    }
    id = id ? sl_printable(call->arena, id, strcspn(id, "."), 100) : NULL;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK, .external = id });
}

/* ---- test ------------------------------------------------------------------------------ */

static bool may_send(struct json_object *doc)
{
    struct json_object *scopes = sl_json_at(doc, "scopes");

    for (size_t i = 0; i < sl_json_length(scopes); i++) {
        struct json_object *scope = json_object_array_get_idx(scopes, i);

        if (json_object_is_type(scope, json_type_string) &&
            strcmp(json_object_get_string(scope), "mail.send") == 0)
            return true;
    }
    return false;
}

void sl_sendgrid_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (sl_result_unanswered(exchange, result)) {
        sl_result_repeatable(result);
        return;
    }
    doc = sl_json_parse(exchange->body, exchange->n_body);
    if (exchange->status != 200 || sl_json_length(sl_json_at(doc, "scopes")) == 0) {
        refuse(call, exchange, result);
        sl_result_repeatable(result);
    } else if (!may_send(doc)) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_PERMANENT,
                                                   .text = "the key lacks the scope mail.send" });
    } else {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        sl_result_found(result, (struct sl_finding){ SL_FINDING_GOOD, "the key may send mail" });
    }
}
