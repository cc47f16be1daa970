/* M-Pesa: what Safaricom sends by itself. Nothing of it is signed: the token of the path is
 * the proof, the body's digest is part of every key, and a query confirms what was paid. */
#include "adapters/payment/mpesa.h"

#include <ctype.h>
#include <string.h>

#include "lib/base/text.h"

enum { MOST_CODE = 16, MOST_REFERENCE = 20 };

/* ---- Pieces -------------------------------------------------------------------------- */

static void malformed(struct sl_heard *heard, const char *why)
{
    heard->proof = SL_MALFORMED;
    heard->why = why;
}

/* Takes the only event that a body has. */
static void hear_one(const struct sl_inbound *inbound, struct sl_heard *heard,
                     struct sl_event event)
{
    heard->events = SL_NEW(inbound->arena, struct sl_event, 1);
    heard->events[0] = event;
    heard->n_events = 1;
}

/* A word that says something, or NULL. */
static const char *word(const struct sl_inbound *inbound, struct json_object *doc, const char *path)
{
    const char *text = sl_json_word(inbound->arena, doc, path);

    return text && *text ? text : NULL;
}

/* What stands under a name in a list of {label: name, "Value": …}; the list may be its only
 * entry instead. The first counts: the documentation repeats some. */
static const char *listed(const struct sl_inbound *inbound, struct json_object *list,
                          const char *label, const char *name)
{
    bool is_list = json_object_is_type(list, json_type_array);
    size_t n = is_list ? sl_json_length(list) : 1;

    for (size_t i = 0; i < n; i++) {
        struct json_object *entry = is_list ? json_object_array_get_idx(list, i) : list;
        const char *found = sl_json_text(entry, label);

        if (found && strcmp(found, name) == 0)
            return word(inbound, entry, "Value");
    }
    return NULL;
}

/* 1.00, "5.00" and 10, as they are written: json-c keeps a decimal's text, so nothing is
 * rounded. -1 for what is no amount. */
static int64_t read_amount(const char *text)
{
    int64_t amount_minor;

    return text && sl_parse_decimal(text, 2, &amount_minor) && amount_minor >= 0 ? amount_minor
                                                                                 : -1;
}

/* A prompt that was paid tells its amount always. */
static void read_paid_amount(const char *text, struct sl_payment_news *news)
{
    news->amount_minor = read_amount(text);
    if (news->state == SL_PAY_PAID && news->amount_minor < 0)
        news->amount_unread = text ? text : "";
}

/* A word like 0, 1032, R000002 or SFC_IC0003: what has no digit, or letters that are none of a
 * code's, says nothing. */
static bool is_code(const char *code)
{
    return code && strpbrk(code, "0123456789") && strlen(code) <= MOST_CODE &&
           !code[strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_")];
}

/* ---- The payment prompt -------------------------------------------------------------- */

static void hear_stk(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(inbound->body, inbound->n_body);
    struct json_object *stk = sl_json_at(doc, "Body.stkCallback");
    struct json_object *items = sl_json_at(stk, "CallbackMetadata.Item");
    const char *code = word(inbound, stk, "ResultCode");
    struct sl_event event = { .kind = SL_EVENT_PAYMENT };
    struct sl_payment_news *news = &event.payment;

    news->external = word(inbound, stk, "CheckoutRequestID");
    if (!news->external || !is_code(code)) {
        malformed(heard, "no stkCallback with CheckoutRequestID and a ResultCode that can be read");
        return;
    }
    sl_mpesa_read_end(inbound->arena, code, word(inbound, stk, "ResultDesc"), news);
    news->external2 = word(inbound, stk, "MerchantRequestID");
    news->receipt = listed(inbound, items, "Name", "MpesaReceiptNumber");
    news->phone = listed(inbound, items, "Name", "PhoneNumber");
    news->currency = "KES";
    read_paid_amount(listed(inbound, items, "Name", "Amount"), news);
    event.key = sl_arena_printf(inbound->arena, "stk:%s:%s", news->external, inbound->digest);
    event.external = news->external;
    event.phone = news->phone;
    event.code = news->code;
    event.text = news->text;
    hear_one(inbound, heard, event);
}

/* ---- Payments that nobody asked for (C2B) -------------------------------------------- */

/* Typed by a person: blanks around it are none of it. */
static const char *trimmed(const struct sl_inbound *inbound, const char *text)
{
    size_t n;

    if (!text)
        return NULL;
    text += strspn(text, " \t\r\n");
    for (n = strlen(text); n > 0 && isspace((unsigned char)text[n - 1]);)
        n--;
    return n > 0 ? sl_arena_memdup(inbound->arena, text, n) : NULL;
}

/* M-Pesa lets nobody type a longer one: what is behind that is cut off, and the event says so. */
static const char *read_reference(const struct sl_inbound *inbound, struct json_object *doc,
                                  struct sl_event *event)
{
    const char *text = trimmed(inbound, word(inbound, doc, "BillRefNumber"));

    if (!text || strlen(text) <= MOST_REFERENCE)
        return text;
    event->text = "its reference is longer than 20 characters and was cut";
    return sl_printable(inbound->arena, text, strlen(text), MOST_REFERENCE);
}

static const char *read_payer(const struct sl_inbound *inbound, struct json_object *doc)
{
    static const char *const names[] = { "FirstName", "MiddleName", "LastName" };
    struct sl_buf payer = sl_buf_new(inbound->arena);

    for (size_t i = 0; i < SL_COUNT(names); i++) {
        const char *name = trimmed(inbound, word(inbound, doc, names[i]));

        if (name && payer.len > 0)
            sl_buf_text(&payer, " ");
        if (name)
            sl_buf_text(&payer, name);
    }
    return payer.len > 0 ? payer.data : NULL;
}

static bool is_our_number(const struct sl_inbound *inbound, const char *number)
{
    static const size_t ours[] = { SHORTCODE, C2B_SHORTCODE, TILL_NUMBER };

    for (size_t i = 0; i < SL_COUNT(ours); i++) {
        const char *our_number = inbound->settings->values[ours[i]];

        if (our_number && strcmp(our_number, number) == 0)
            return true;
    }
    return false;
}

/* Money for another shortcode is none of this school's, token or not: it is kept, changes
 * nothing, and is not to be paid. */
static void disown(struct sl_event *event)
{
    if (event->kind == SL_EVENT_RECEIVED)
        event->kind = SL_EVENT_NOTE;
    event->payment.state = SL_PAY_FAILED;
    event->code = event->payment.code = "C2B00015";
    event->text = event->payment.text = "paid to a shortcode that is not in the settings";
}

static void hear_c2b(const struct sl_inbound *inbound, struct sl_heard *heard,
                     enum sl_event_kind kind, const char *name)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(inbound->body, inbound->n_body);
    const char *number = word(inbound, doc, "BusinessShortCode");
    struct sl_event event = { .kind = kind };
    struct sl_payment_news *news = &event.payment;

    news->receipt = word(inbound, doc, "TransID");
    news->amount_minor = read_amount(word(inbound, doc, "TransAmount"));
    if (!news->receipt || !number || news->amount_minor <= 0) {
        malformed(heard, "no payment with TransID, TransAmount and BusinessShortCode");
        return;
    }
    news->state = kind == SL_EVENT_RECEIVED ? SL_PAY_PAID : SL_PAY_PENDING;
    news->reference = read_reference(inbound, doc, &event);
    news->phone = word(inbound, doc, "MSISDN");
    news->payer = read_payer(inbound, doc);
    news->currency = "KES";
    event.key =
        sl_arena_printf(inbound->arena, "c2b:%s:%s:%s", news->receipt, name, inbound->digest);
    event.external = news->receipt;
    event.phone = news->phone;
    if (!is_our_number(inbound, number))
        disown(&event);
    hear_one(inbound, heard, event);
}

static void hear_validation(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    hear_c2b(inbound, heard, SL_EVENT_VALIDATION, "validation");
}

static void hear_confirmation(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    hear_c2b(inbound, heard, SL_EVENT_RECEIVED, "confirmation");
}

/* ---- Results of reversal, status and balance ----------------------------------------- */

/* What the code says where the provider's text does not say what to do. The same number means
 * another thing in a payment prompt (2001: the payer's PIN). */
static const struct {
    const char *code;
    enum sl_verdict verdict;
    const char *meaning;
} results[] = {
    { "0", SL_OK, NULL },
    { "R000001", SL_OK, "already reversed" },
    { "R000002", SL_PERMANENT, "unknown receipt" },
    { "1", SL_PERMANENT, "our balance is too low" },
    { "11", SL_PERMANENT, "the account is not active" },
    { "15", SL_AMBIGUOUS, "a duplicate of an earlier request" }, /* which may have been done */
    { "18", SL_PERMANENT, "initiator_password or security_credential is wrong" },
    { "20", SL_PERMANENT, "initiator_name is unknown" },
    { "21", SL_PERMANENT, "the initiator lacks the role for this" },
    { "2001", SL_PERMANENT, "initiator_name or its credential is wrong" },
    { "2006", SL_PERMANENT, "the account is not active" },
    { "2028", SL_PERMANENT, "not permitted for this shortcode" },
    { "8006", SL_PERMANENT, "the initiator's credential is locked" },
};

/* Of the transaction that a status is about. */
static const struct {
    const char *word;
    enum sl_pay_state state;
    enum sl_verdict verdict;
} statuses[] = {
    { "Completed", SL_PAY_PAID, SL_OK },
    { "Cancelled", SL_PAY_CANCELLED, SL_PERMANENT },
    { "Declined", SL_PAY_FAILED, SL_PERMANENT },
    { "Expired", SL_PAY_EXPIRED, SL_PERMANENT },
};

static struct sl_outcome read_result(const struct sl_inbound *inbound, struct json_object *doc,
                                     const char *code)
{
    const char *meaning = NULL;
    struct sl_outcome outcome = { .verdict = SL_PERMANENT, .code = code };

    for (size_t i = 0; i < SL_COUNT(results); i++)
        if (strcmp(results[i].code, code) == 0) {
            outcome.verdict = results[i].verdict;
            meaning = results[i].meaning;
        }
    outcome.external = word(inbound, doc, "OriginatorConversationID");
    outcome.text = sl_mpesa_told(inbound->arena, word(inbound, doc, "ResultDesc"));
    if (meaning)
        outcome.text = sl_arena_printf(inbound->arena, "%s%s%s", meaning, outcome.text ? ": " : "",
                                       outcome.text ? outcome.text : "");
    return outcome;
}

/* That a status was told is no news of the refund: its word is. An unknown one (Authorized)
 * leaves it open. */
static void read_status(const char *status, struct sl_event *event)
{
    event->payment.state = SL_PAY_PENDING;
    event->outcome.verdict = SL_AMBIGUOUS;
    for (size_t i = 0; i < SL_COUNT(statuses); i++)
        if (strcasecmp(statuses[i].word, status) == 0) {
            event->payment.state = statuses[i].state;
            event->outcome.verdict = statuses[i].verdict;
        }
    event->outcome.code = status;
}

/* "Working Account|KES|700000.00|…&Utility Account|KES|…": name, currency, current. */
static const char *read_balance(const struct sl_inbound *inbound, const char *text)
{
    struct sl_buf out = sl_buf_new(inbound->arena);
    size_t n, part;

    for (const char *at = text; *at; at += n + (at[n] == '&')) {
        n = strcspn(at, "&");
        sl_buf_text(&out, out.len > 0 ? ", " : "");
        for (size_t from = 0, field = 0; from < n && field < 3; from += part + 1, field++) {
            part = strcspn(at + from, "|&");
            sl_buf_text(&out, field > 0 ? " " : "");
            sl_buf_add(&out, at + from, part);
        }
    }
    return out.data;
}

/* What the result told, for a person. */
static const char *read_result_text(const struct sl_inbound *inbound, struct json_object *list,
                                    const char *status, const char *receipt)
{
    const char *balance = listed(inbound, list, "Key", "AccountBalance"), *text = NULL;

    if (balance)
        text = read_balance(inbound, balance);
    else if (status && receipt)
        text = sl_arena_printf(inbound->arena, "%s, receipt %s", status, receipt);
    else if (status)
        text = status;
    else if (receipt)
        text = sl_arena_printf(inbound->arena, "receipt %s", receipt);
    return sl_mpesa_told(inbound->arena, text);
}

static const char *result_key(const struct sl_inbound *inbound, struct json_object *result)
{
    const char *id = word(inbound, result, "ConversationID");

    if (!id)
        id = word(inbound, result, "OriginatorConversationID");
    return sl_arena_printf(inbound->arena, "res:%s:%s", id ? id : "", inbound->digest);
}

static void hear_result(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(inbound->body, inbound->n_body);
    struct json_object *result = sl_json_at(doc, "Result");
    struct json_object *list = sl_json_at(result, "ResultParameters.ResultParameter");
    const char *code = word(inbound, result, "ResultCode");
    const char *status = listed(inbound, list, "Key", "TransactionStatus"), *receipt;
    struct sl_event event = { .kind = SL_EVENT_RESULT, .payment.state = SL_PAY_UNKNOWN };

    if (!is_code(code)) {
        malformed(heard, "no Result with a ResultCode that can be read");
        return;
    }
    receipt = listed(inbound, list, "Key", "ReceiptNo");
    if (strcmp(code, "0") == 0 && !status) /* of a refusal it names nothing */
        receipt = word(inbound, result, "TransactionID");
    event.key = result_key(inbound, result);
    event.outcome = read_result(inbound, result, code);
    event.payment.receipt = receipt;
    event.payment.currency = "KES";
    event.payment.amount_minor = read_amount(listed(inbound, list, "Key", "Amount"));
    if (event.outcome.verdict == SL_OK && status)
        read_status(status, &event);
    event.external = event.outcome.external;
    event.code = event.outcome.code;
    event.text = event.outcome.text;
    if (event.outcome.verdict != SL_PERMANENT || status)
        event.result_text = read_result_text(inbound, list, status, receipt);
    hear_one(inbound, heard, event);
}

/* M-Pesa gave up queueing: that says nothing of whether it was done. */
static void hear_timeout(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(inbound->body, inbound->n_body);
    struct json_object *result = sl_json_at(doc, "Result");
    struct sl_event event = { .kind = SL_EVENT_RESULT,
                              .payment = { .state = SL_PAY_UNKNOWN, .amount_minor = -1 } };

    if (!json_object_is_type(doc, json_type_object)) {
        malformed(heard, "no JSON object");
        return;
    }
    event.key = result_key(inbound, result);
    event.outcome.external = word(inbound, result, "OriginatorConversationID");
    event.outcome.code = word(inbound, result, "ResultCode");
    event.outcome.text = "M-Pesa gave up queueing it: whether it was done is not known";
    event.external = event.outcome.external;
    event.code = event.outcome.code;
    event.text = event.outcome.text;
    hear_one(inbound, heard, event);
}

/* ---- The table ----------------------------------------------------------------------- */

#define JSON "application/json"

const struct sl_hook sl_mpesa_hooks[SL_MPESA_HOOKS] = {
    { .word = "stk",
      .endpoint = "/webhooks/mpesa/callback",
      .methods = "POST",
      .body_type = JSON,
      .per_operation = true,
      .hear = hear_stk,
      .taken = { 200, JSON, "{\"ResultCode\":0,\"ResultDesc\":\"Accepted\"}" } },
    { .word = "validate",
      .endpoint = "/webhooks/mpesa/validation",
      .methods = "POST",
      .body_type = JSON,
      .hear = hear_validation,
      .taken = { 200, JSON, "{\"ResultCode\":\"0\",\"ResultDesc\":\"Accepted\"}" },
      .refused = { 200, JSON, "{\"ResultCode\":\"C2B00012\",\"ResultDesc\":\"Rejected\"}" } },
    { .word = "confirm",
      .endpoint = "/webhooks/mpesa/confirmation",
      .methods = "POST",
      .body_type = JSON,
      .hear = hear_confirmation,
      .taken = { 200, JSON, "{\"ResultCode\":0,\"ResultDesc\":\"Success\"}" } },
    { .word = "result",
      .endpoint = "/webhooks/mpesa/result",
      .methods = "POST",
      .body_type = JSON,
      .per_operation = true,
      .hear = hear_result,
      .taken = { 200, JSON, "{\"ResultCode\":0,\"ResultDesc\":\"Accepted\"}" } },
    { .word = "timeout",
      .endpoint = "/webhooks/mpesa/timeout",
      .methods = "POST",
      .body_type = JSON,
      .per_operation = true,
      .callback = "result",
      .hear = hear_timeout,
      .taken = { 200, JSON, "{\"ResultCode\":0,\"ResultDesc\":\"Accepted\"}" } },
};
