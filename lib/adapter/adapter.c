#include "lib/adapter/adapter.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

const char *const sl_category_names[] = {
    [SL_PAYMENT] = "payment",   [SL_SMS] = "sms",         [SL_EMAIL] = "email", [SL_PUSH] = "push",
    [SL_WHATSAPP] = "whatsapp", [SL_STORAGE] = "storage", [SL_LMS] = "lms",     [SL_LMS + 1] = NULL,
};

void sl_request_header(struct sl_request *request, const char *name, const char *value)
{
    assert(request->n_headers < SL_MOST_HEADERS);
    request->headers[request->n_headers++] = (struct sl_pair){ name, value };
}

void sl_request_basic(struct sl_request *request, struct sl_arena *arena, const char *user,
                      const char *password)
{
    const char *pair = sl_arena_printf(arena, "%s:%s", user, password);

    sl_request_header(request, "Authorization",
                      sl_arena_printf(arena, "Basic %s", sl_base64(arena, pair, strlen(pair))));
}

void sl_result_all(struct sl_result *result, struct sl_outcome outcome)
{
    for (size_t i = 0; i < result->n_items; i++)
        result->items[i] = outcome;
}

static const char redirected[] = "it answered with a redirect, which is not followed: is base_url "
                                 "right?";
static const char taken_or_not[] = "the provider may or may not have taken it";

bool sl_result_unanswered(const struct sl_exchange *exchange, struct sl_result *result)
{
    struct sl_outcome outcome = { .text = exchange->transport };

    if (exchange->reach == SL_ANSWERED && !exchange->too_large)
        return false;
    if (exchange->reach == SL_NOT_SENT)
        outcome.verdict = SL_RETRY;
    if (!outcome.text)
        outcome.text =
            exchange->too_large ? "the answer was longer than any answer may be" : taken_or_not;
    sl_result_all(result, outcome);
    return true;
}

void sl_result_from_status(const struct sl_exchange *exchange, const char *text,
                           struct sl_result *result)
{
    struct sl_outcome outcome = { .verdict = SL_AMBIGUOUS, .text = text };
    int status = exchange->status;

    if (status == 401 || status == 403)
        outcome.verdict = SL_AUTH;
    else if (status == 429)
        outcome.verdict = SL_RATE_LIMITED;
    else if (status == 503 && exchange->retry_after_ms >= 0)
        outcome.verdict = SL_RETRY;
    else if (status >= 400 && status < 500)
        outcome.verdict = SL_PERMANENT;
    if (status / 100 == 3)
        outcome.text = redirected;
    if (!outcome.text && outcome.verdict == SL_AMBIGUOUS)
        outcome.text = taken_or_not;
    if (outcome.verdict == SL_AUTH || outcome.verdict == SL_RATE_LIMITED)
        outcome.concerns = SL_ACCOUNT;
    if (exchange->retry_after_ms > 0)
        outcome.after_ms = exchange->retry_after_ms;
    sl_result_all(result, outcome);
}

void sl_result_repeatable(struct sl_result *result)
{
    for (size_t i = 0; i < result->n_items; i++)
        if (result->items[i].verdict == SL_AMBIGUOUS)
            result->items[i].verdict = SL_RETRY;
}

const char *sl_exchange_text(struct sl_arena *arena, const struct sl_exchange *exchange)
{
    if (!sl_utf8_valid(exchange->body, exchange->n_body))
        return sl_arena_printf(arena, "%zu bytes that are no text", exchange->n_body);
    return sl_printable(arena, exchange->body, exchange->n_body, 200);
}

static const char *find_header(const struct sl_pair *headers, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    return NULL;
}

const char *sl_exchange_header(const struct sl_exchange *exchange, const char *name)
{
    return find_header(exchange->headers, exchange->n_headers, name);
}

const char *sl_inbound_header(const struct sl_inbound *inbound, const char *name)
{
    return find_header(inbound->headers, inbound->n_headers, name);
}

void sl_result_learned(struct sl_result *result, struct sl_fact fact)
{
    if (result->n_facts < SL_MOST_FACTS)
        result->facts[result->n_facts++] = fact;
}

void sl_result_found(struct sl_result *result, struct sl_finding finding)
{
    if (result->n_findings < SL_MOST_FINDINGS)
        result->findings[result->n_findings++] = finding;
}

const struct sl_adapter *sl_adapter_find(const char *code)
{
    for (size_t i = 0; sl_adapters[i]; i++)
        if (strcmp(sl_adapters[i]->code, code) == 0)
            return sl_adapters[i];
    return NULL;
}

const struct sl_op *sl_adapter_op(const struct sl_adapter *adapter, const char *name)
{
    for (size_t i = 0; i < adapter->n_ops; i++)
        if (strcmp(adapter->ops[i].name, name) == 0)
            return &adapter->ops[i];
    return NULL;
}

const struct sl_hook *sl_adapter_hook(const struct sl_adapter *adapter, const char *word)
{
    for (size_t i = 0; i < adapter->n_hooks; i++)
        if (strcmp(adapter->hooks[i].word, word) == 0)
            return &adapter->hooks[i];
    return NULL;
}

bool sl_adapter_grants(const struct sl_adapter *adapter, const struct sl_settings *settings)
{
    const struct sl_grant *grant = adapter->grant;

    return grant && (!grant->needed || grant->needed(settings));
}
