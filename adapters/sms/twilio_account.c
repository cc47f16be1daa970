/* Twilio: what its answers say of the account, its balance and its senders
 * (docs/providers/twilio.md, 4.1, 4.6 and 4.8). */
#include "adapters/sms/twilio.h"

#include <string.h>

#include "lib/base/text.h"

static bool is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* The answer as JSON if it is 200; NULL, and settled, if not. */
static struct json_object *read_answer(const struct sl_call *call,
                                       const struct sl_exchange *exchange, struct sl_result *result)
{
    struct json_object *doc = NULL;

    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        if (exchange->status != 200) {
            sl_twilio_read_refusal(call, exchange, doc, result);
            sl_json_free(&doc);
        }
    }
    sl_result_repeatable(result);
    return doc;
}

static void found(struct sl_result *result, bool good, const char *text)
{
    sl_result_found(result, (struct sl_finding){ good ? SL_FINDING_GOOD : SL_FINDING_WARN, text });
}

void sl_twilio_parse_balance(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = read_answer(call, exchange, result);
    const char *balance = sl_json_text(doc, "balance");
    const char *currency = sl_json_text(doc, "currency");
    int64_t micro;

    if (!balance || !currency || !sl_parse_decimal(balance, 6, &micro))
        return;
    result->balance = sl_arena_strdup(call->arena, balance);
    result->balance_currency = sl_arena_strdup(call->arena, currency);
    result->items[0] = (struct sl_outcome){ .verdict = SL_OK };
}

static void warn_of_key(const struct sl_call *call, struct sl_result *result)
{
    const char *token = call->settings->values[AUTH_TOKEN];

    if (!token || !*token)
        found(result, false, "without auth_token no callback can be proven: none is taken");
}

/* With test credentials nothing can be read, but a message be made. */
static bool is_test_account(const struct sl_result *result)
{
    return is_same(result->items[0].code, "20008");
}

static void read_account(const struct sl_call *call, struct json_object *doc,
                         struct sl_result *result)
{
    const char *status = sl_json_text(doc, "status");

    if (!status)
        return;
    if (strcmp(status, "active") != 0) {
        result->items[0] = (struct sl_outcome){
            .verdict = SL_PERMANENT,
            .text = sl_arena_printf(call->arena, "the account is %s",
                                    sl_printable(call->arena, status, strlen(status), 20))
        };
        return;
    }
    result->items[0] = (struct sl_outcome){ .verdict = SL_OK };
    found(result, true, "the account is active");
    if (is_same(sl_json_text(doc, "type"), "Trial"))
        found(result, false,
              "a trial account: it reaches verified numbers only, and puts its own words in front");
}

void sl_twilio_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = read_answer(call, exchange, result);

    if (is_test_account(result)) {
        result->items[0] = (struct sl_outcome){ .verdict = SL_OK };
        result->next = SL_STEP_NEXT;
        return;
    }
    if (json_object_is_type(sl_json_at(doc, "messages"), json_type_array)) {
        result->items[0] = (struct sl_outcome){ .verdict = SL_OK };
        found(result, true, "the API key can read messages");
    } else {
        read_account(call, doc, result);
    }
    if (result->items[0].verdict == SL_OK)
        warn_of_key(call, result);
}

void sl_twilio_parse_magic(const struct sl_call *call, const struct sl_exchange *exchange,
                           struct sl_result *result)
{
    sl_twilio_parse_send(call, exchange, result);
    sl_result_repeatable(result);
    if (result->items[0].verdict == SL_OK)
        found(result, false, "these are test credentials: nothing is sent with them");
}

/* What the first step found, kept for the end; NULL: nothing. */
static void go_on_with(struct sl_result *result, const char *text, bool good)
{
    result->items[0] = (struct sl_outcome){ .verdict = SL_OK };
    result->next = SL_STEP_NEXT;
    if (!text)
        return;
    result->memory = sl_json_new_object();
    sl_json_put_text(result->memory, good ? "good" : "warn", text);
}

void sl_twilio_parse_number(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *from = sl_twilio_sender(call, NULL);
    struct json_object *numbers;

    if (!from || !sl_twilio_is_number(from)) {
        go_on_with(result, from ? "whether `from` may be used cannot be asked" : NULL, true);
        return;
    }
    doc = read_answer(call, exchange, result);
    numbers = sl_json_at(doc, "incoming_phone_numbers");
    if (json_object_is_type(numbers, json_type_array))
        go_on_with(result,
                   sl_arena_printf(call->arena, "%s is %s this account", from,
                                   sl_json_length(numbers) > 0 ? "a number of" : "no number of"),
                   sl_json_length(numbers) > 0);
    else if (is_test_account(result))
        go_on_with(result, "with test credentials the sender cannot be looked up", false);
}

void sl_twilio_parse_service(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct sl_result *result)
{
    const char *service = call->settings->values[MESSAGING_SERVICE_SID];
    const char *good = sl_json_text(call->memory, "good");
    const char *warn = sl_json_text(call->memory, "warn");
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (service && *service) {
        doc = read_answer(call, exchange, result);
        if (is_same(sl_json_text(doc, "sid"), service)) {
            result->items[0] = (struct sl_outcome){ .verdict = SL_OK };
            found(result, true, "the messaging service is there");
        } else if (is_test_account(result)) {
            result->items[0] = (struct sl_outcome){ .verdict = SL_OK };
        }
    } else {
        result->items[0] = (struct sl_outcome){ .verdict = SL_OK };
    }
    if (good || warn)
        found(result, good != NULL, good ? good : warn);
}
