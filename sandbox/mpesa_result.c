/* M-Pesa, simulated: reversal, transaction status and account balance, which end in a Result
 * callback (docs/providers/mpesa.md, 4.6 to 4.8, 6.3). */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/mpesa.h"

/* What an operation comes to: code and text of the result and, if it succeeded, the
 * parameters, as members of their array. */
struct result {
    const char *code, *text;
    const char *parameters; /* NULL: none */
    const char *transaction;
};

static const char done[] = "The service request is processed successfully.";

/* ---- The request -------------------------------------------------------------------- */

static bool is_identifier(const char *value)
{
    return strcmp(value, "1") == 0 || strcmp(value, "2") == 0 || strcmp(value, "4") == 0 ||
           strcmp(value, "11") == 0;
}

static bool is_eleven(const char *value)
{
    return strcmp(value, "11") == 0;
}

static bool is_reversal(const char *value)
{
    return strcmp(value, "TransactionReversal") == 0;
}

static bool is_status_query(const char *value)
{
    return strcmp(value, "TransactionStatusQuery") == 0;
}

static bool is_account_balance(const char *value)
{
    return strcmp(value, "AccountBalance") == 0;
}

static const struct sl_mpesa_rule shared_rules[] = {
    { "Initiator", sl_mpesa_is_filled },    { "SecurityCredential", sl_mpesa_is_credential },
    { "Remarks", sl_mpesa_is_remarks },     { "ResultURL", sl_mpesa_is_url },
    { "QueueTimeOutURL", sl_mpesa_is_url },
};

/* False, and answered, if the request is not in order or the scenario refuses it. */
static bool is_fine(struct sl_visit *visit, struct json_object *doc,
                    const struct sl_mpesa_rule *rules, size_t n)
{
    const char *occasion = sl_json_word(visit->arena, doc, "Occasion");

    if (!sl_mpesa_check(visit, doc, shared_rules, SL_COUNT(shared_rules)) ||
        !sl_mpesa_check(visit, doc, rules, n))
        return false;
    if (occasion && sl_utf8_length(occasion) > 100) {
        sl_mpesa_invalid(visit, "Occasion");
        return false;
    }
    return !sl_mpesa_token_expired(visit, visit->body) && !sl_mpesa_refused(visit);
}

/* The payment that it is about, or NULL. Its scenario is the request's unless another than
 * "ok" is in force. */
static struct sl_mpesa_payment *payment_of(struct sl_visit *visit, struct json_object *doc)
{
    struct sl_mpesa *mpesa = visit->state;
    const char *receipt = sl_json_text(doc, "TransactionID");
    const char *order = sl_json_text(doc, "OriginalConversationID");
    struct sl_mpesa_payment *payment = NULL;

    if (receipt && *receipt)
        payment = sl_table_get(&mpesa->paid, sl_hash_text(SL_HASH_BEGIN, receipt));
    else if (order)
        payment = sl_table_get(&mpesa->orders, sl_hash_text(SL_HASH_BEGIN, order));
    if (payment && visit->scenario == SL_PLAY_OK)
        visit->scenario = payment->scenario;
    return payment;
}

#define RECORD(name)                                                                               \
    {                                                                                              \
        .operation = (name),                                                                       \
        .names = { "transaction_id", "amount", "initiator", "originator_conversation_id" },        \
        .numbers = 1 << 1                                                                          \
    }

static void record(struct sl_visit *visit, struct json_object *doc, const char *originator,
                   const struct sl_seen_kind *kind)
{
    const char *amount = sl_json_word(visit->arena, doc, "Amount");

    sl_seen_add(visit, kind,
                (const char *const[]){ sl_json_text(doc, "TransactionID"),
                                       amount && sl_mpesa_is_amount(amount) ? amount : NULL,
                                       sl_json_text(doc, "Initiator"), originator });
}

/* ---- The result --------------------------------------------------------------------- */

static const char *print_result(struct sl_visit *visit, const struct result *result,
                                const char *originator, const char *conversation)
{
    struct sl_buf out = sl_buf_new(visit->arena);
    bool number = !strpbrk(result->code, "R");

    sl_buf_printf(&out, "{\"Result\":{\"ResultType\":0,\"ResultCode\":%s%s%s,\"ResultDesc\":",
                  number ? "" : "\"", result->code, number ? "" : "\"");
    sl_json_quote(&out, result->text);
    sl_buf_printf(&out,
                  ",\"OriginatorConversationID\":\"%s\",\"ConversationID\":\"%s\","
                  "\"TransactionID\":\"%s\"",
                  originator, conversation, result->transaction);
    if (result->parameters)
        sl_buf_printf(&out, ",\"ResultParameters\":{\"ResultParameter\":[%s]}", result->parameters);
    sl_buf_text(&out,
                ",\"ReferenceData\":{\"ReferenceItem\":{\"Key\":\"QueueTimeoutURL\",\"Value\":"
                "\"https://internalsandbox.test/timeout\"}}}}");
    return out.data;
}

static const struct result refusals[SL_N_SCENARIOS] = {
    [SL_PLAY_INSUFFICIENT_FUNDS] = { .code = "1",
                                     .text = "The balance is insufficient for the transaction." },
    [SL_PLAY_INSUFFICIENT_BALANCE] = { .code = "1",
                                       .text = "The balance is insufficient for the transaction." },
    [SL_PLAY_WRONG_PIN] = { .code = "2001", .text = "The initiator information is invalid." },
    [SL_PLAY_CANCELLED] = { .code = "21",
                            .text = "The initiator is not allowed to initiate this "
                                    "request." },
    [SL_PLAY_ESCAPES] = { .code = "17", .text = "\033[31mSystem internal error.\033]0;owned\a" },
};

static const struct result not_permitted = {
    .code = "2028", .text = "The request is not permitted according to product assignment."
};

/* What stands in the way whatever is asked, or NULL. */
static const struct result *refusal_of(const struct sl_visit *visit, struct json_object *doc)
{
    const char *initiator = sl_json_text(doc, "Initiator");

    if (initiator && strcmp(initiator, "wrong") == 0)
        return &refusals[SL_PLAY_WRONG_PIN];
    return refusals[visit->scenario].code ? &refusals[visit->scenario] : NULL;
}

static void send_result(struct sl_visit *visit, struct json_object *doc, struct result result,
                        const char *originator, const char *conversation)
{
    static const struct result broken = { .code = "17", .text = "System internal error." };
    bool timed_out = visit->scenario == SL_PLAY_TIMEOUT;
    struct result contrary = broken;
    struct sl_script script = {
        .url = sl_json_text(doc, timed_out ? "QueueTimeOutURL" : "ResultURL"),
        .type = "application/json",
        .delay_ms = visit->box->settings.callback_ms,
        .late_ms = visit->box->settings.late_ms,
    };

    result.transaction = sl_arena_printf(visit->arena, "S%09llu",
                                         (unsigned long long)(sl_box_id(visit->box) % 1000000000));
    contrary.transaction = result.transaction;
    script.genuine = print_result(visit, &result, originator, conversation);
    script.contrary = print_result(visit, &contrary, originator, conversation);
    if (visit->scenario != SL_PLAY_WRONG_AMOUNT)
        script.other = script.contrary;
    if (timed_out)
        script.genuine = script.contrary;
    sl_callbacks_play(visit->box->callbacks, visit->scenario, visit, &script);
}

static void accept(struct sl_visit *visit, const char *originator, const char *conversation)
{
    sl_visit_begin(visit, 200, "application/json");
    sl_buf_printf(&visit->answer,
                  "{\"OriginatorConversationID\":\"%s\",\"ConversationID\":\"%s\","
                  "\"ResponseCode\":\"0\",\"ResponseDescription\":\"Accept the service request "
                  "successfully.\"}",
                  originator, conversation);
}

static void finish(struct sl_visit *visit, struct json_object *doc, struct result result,
                   const char *originator)
{
    const char *conversation = sl_mpesa_conversation_id(visit);

    send_result(visit, doc, result, originator, conversation);
    accept(visit, originator, conversation);
}

/* ---- Reversal ----------------------------------------------------------------------- */

static struct result judge_reversal(struct sl_visit *visit, struct json_object *doc,
                                    struct sl_mpesa_payment *payment)
{
    const struct result *refusal = refusal_of(visit, doc);
    int64_t amount = 0;
    char now[SL_TIME_SIZE];

    (void)sl_parse_int(sl_json_word(visit->arena, doc, "Amount"), 1, 250000, &amount);
    if (refusal)
        return *refusal;
    if (!payment)
        return (struct result){ .code = "R000002",
                                .text = "The OriginalTransactionID is invalid." };
    if (payment->reversed)
        return (struct result){ .code = "R000001",
                                .text = "The transaction has already been reversed." };
    if (strcmp(sl_json_word(visit->arena, doc, "ReceiverParty"), payment->shortcode) != 0)
        return not_permitted;
    if (amount > payment->shillings)
        return (struct result){ .code = "25", .text = "The amount is above that of the payment." };
    if (visit->scenario != SL_PLAY_TIMEOUT) {
        payment->reversed = true;
        visit->box->counts.reversed++;
    }
    sl_time_compact(sl_now_ms(), 180, now);
    return (struct result){
        .code = "0",
        .text = done,
        .parameters = sl_arena_printf(
            visit->arena,
            "{\"Key\":\"DebitAccountBalance\",\"Value\":\"Utility Account|KES|7722179.62|7722179.62|"
            "0.00|0.00\"},{\"Key\":\"Amount\",\"Value\":%lld.00},{\"Key\":\"TransCompletedTime\","
            "\"Value\":%s},{\"Key\":\"OriginalTransactionID\",\"Value\":\"%s\"},{\"Key\":\"Charge\","
            "\"Value\":0.00},{\"Key\":\"CreditPartyPublicName\",\"Value\":\"%s - NICHOLAS\"},"
            "{\"Key\":\"DebitPartyPublicName\",\"Value\":\"%s - SCHOOL\"}",
            (long long)amount, now, payment->receipt, payment->phone, payment->shortcode),
    };
}

void sl_mpesa_reverse(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_mpesa_rule rules[] = {
        { "CommandID", is_reversal },
        { "TransactionID", sl_mpesa_is_filled },
        { "Amount", sl_mpesa_is_amount },
        { "ReceiverParty", sl_mpesa_is_shortcode },
        { "RecieverIdentifierType", is_eleven },
    };
    static const struct sl_seen_kind kind = RECORD("reversal");
    struct sl_mpesa *mpesa = visit->state;
    struct sl_mpesa_payment *payment = payment_of(visit, doc);
    const char *originator = sl_mpesa_merchant_id(visit);

    if (!is_fine(visit, doc, rules, SL_COUNT(rules)))
        return;
    record(visit, doc, originator, &kind);
    finish(visit, doc, judge_reversal(visit, doc, payment), originator);
    if (payment)
        sl_table_set(&mpesa->orders, sl_hash_text(SL_HASH_BEGIN, originator), payment);
}

/* ---- Transaction status ------------------------------------------------------------- */

static struct result judge_status(struct sl_visit *visit, struct json_object *doc,
                                  const struct sl_mpesa_payment *payment)
{
    const struct result *refusal = refusal_of(visit, doc);
    bool by_order = !sl_json_text(doc, "TransactionID"); /* it asks about the reversal */
    char when[SL_TIME_SIZE];

    if (refusal)
        return *refusal;
    if (!payment)
        return (struct result){ .code = "R000002",
                                .text = "The OriginalTransactionID is invalid." };
    if (strcmp(sl_json_word(visit->arena, doc, "PartyA"), payment->shortcode) != 0)
        return not_permitted;
    sl_time_compact(payment->at_ms, 180, when);
    return (struct result){
        .code = "0",
        .text = done,
        .parameters = sl_arena_printf(
            visit->arena,
            "{\"Key\":\"ReceiptNo\",\"Value\":\"%s\"},{\"Key\":\"TransactionStatus\",\"Value\":"
            "\"%s\"},{\"Key\":\"Amount\",\"Value\":%lld.00},{\"Key\":\"InitiatedTime\",\"Value\":%s},"
            "{\"Key\":\"FinalisedTime\",\"Value\":%s},{\"Key\":\"DebitPartyName\",\"Value\":"
            "\"%s - NICHOLAS\"},{\"Key\":\"CreditPartyName\",\"Value\":\"%s - SCHOOL\"},"
            "{\"Key\":\"DebitPartyCharges\"},{\"Key\":\"ReasonType\",\"Value\":\"%s\"}",
            payment->receipt, !by_order || payment->reversed ? "Completed" : "Declined",
            (long long)payment->shillings, when, when, payment->phone, payment->shortcode,
            payment->reversed ? "Transaction Reversal" : "Pay Bill Online"),
    };
}

void sl_mpesa_status(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_mpesa_rule rules[] = {
        { "CommandID", is_status_query },
        { "PartyA", sl_mpesa_is_shortcode },
        { "IdentifierType", is_identifier },
    };
    static const struct sl_seen_kind kind = RECORD("transaction_status");
    const struct sl_mpesa_payment *payment = payment_of(visit, doc);
    const char *originator = sl_mpesa_merchant_id(visit);

    if (!is_fine(visit, doc, rules, SL_COUNT(rules)))
        return;
    if (!sl_json_text(doc, "TransactionID") && !sl_json_text(doc, "OriginalConversationID")) {
        sl_mpesa_invalid(visit, "TransactionID");
        return;
    }
    record(visit, doc, originator, &kind);
    finish(visit, doc, judge_status(visit, doc, payment), originator);
}

/* ---- Account balance ---------------------------------------------------------------- */

void sl_mpesa_balance(struct sl_visit *visit, struct json_object *doc)
{
    static const struct sl_mpesa_rule rules[] = {
        { "CommandID", is_account_balance },
        { "PartyA", sl_mpesa_is_shortcode },
        { "IdentifierType", is_identifier },
    };
    static const struct sl_seen_kind kind = RECORD("account_balance");
    const char *originator = sl_mpesa_merchant_id(visit);
    const struct result *refusal;
    struct result fine = {
        .code = "0",
        .text = done,
        .parameters = "{\"Key\":\"AccountBalance\",\"Value\":\"Working Account|KES|700000.00|"
                      "700000.00|0.00|0.00&Utility Account|KES|228037.00|228037.00|0.00|0.00\"},"
                      "{\"Key\":\"BOCompletedTime\",\"Value\":20261124083000}",
    };

    if (!is_fine(visit, doc, rules, SL_COUNT(rules)))
        return;
    refusal = refusal_of(visit, doc);
    record(visit, doc, originator, &kind);
    finish(visit, doc, refusal ? *refusal : fine, originator);
}
