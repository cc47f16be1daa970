/* Africa's Talking: what its answers mean (docs/providers/africastalking.md, 4.3 to 5.2). */
#include "adapters/sms/africastalking.h"

#include <string.h>

#include "lib/base/text.h"

/* ---- What answers have in common ------------------------------------------------------ */

const char *sl_africastalking_shown(struct sl_arena *arena, const char *text)
{
    return text && *text ? sl_printable(arena, text, strlen(text), 200) : NULL;
}

/* The words of an answer that is no JSON; a web page has none for a person. */
static const char *said(const struct sl_call *call, const struct sl_exchange *exchange)
{
    const char *body = exchange->body + strspn(exchange->body, " \t\r\n");

    if (*body && *body != '<')
        return sl_exchange_text(call->arena, exchange);
    return exchange->status >= 400 && exchange->status < 500
               ? sl_arena_printf(call->arena, "HTTP %d", exchange->status)
               : NULL;
}

enum { TOO_MANY_MS = 5000, TOP_UP_MS = 15 * 60 * 1000 };

static void read_status(const struct sl_exchange *exchange, const char *text,
                        struct sl_result *result)
{
    struct sl_outcome outcome;

    sl_result_from_status(exchange, text, result);
    outcome = result->items[0];
    if (outcome.verdict == SL_RATE_LIMITED && outcome.after_ms == 0)
        outcome.after_ms = TOO_MANY_MS;
    if (exchange->status == 413)
        outcome.cure = SL_HALVE;
    sl_result_all(result, outcome);
}

struct money {
    const char *amount, *currency; /* NULL: not told */
    int64_t micros;
    bool unreadable;
};

/* "KES 0.8000", or "0" without a currency; "None" and "" say nothing. */
static struct money read_money(const struct sl_call *call, const char *text)
{
    const char *currency = call->settings->values[CURRENCY];
    struct money money = { .currency =
                               currency && *currency ? currency : call->settings->currency };

    if (!text || !*text || strcmp(text, "None") == 0)
        return (struct money){ 0 };
    if (strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3 && text[3] == ' ') {
        money.currency = sl_arena_memdup(call->arena, text, 3);
        text += 4;
    }
    if (!sl_parse_decimal(text, 6, &money.micros))
        return (struct money){ .unreadable = true };
    money.amount = sl_arena_strdup(call->arena, text);
    return money;
}

/* ---- sms.send: its answer -------------------------------------------------------------- */

static const struct reason {
    int code;
    const char *name;
    struct sl_outcome outcome;
} reasons[] = {
    { 401, "RiskHold", { .verdict = SL_PERMANENT } },
    { 402, "InvalidSenderId", { .verdict = SL_PERMANENT } },
    { 403, "InvalidPhoneNumber", { .verdict = SL_PERMANENT, .learned = SL_DEAD_ADDRESS } },
    { 404, "UnsupportedNumberType", { .verdict = SL_PERMANENT } },
    { 405,
      "InsufficientBalance",
      { .verdict = SL_RETRY,
        .concerns = SL_BATCH,
        .after_ms = TOP_UP_MS,
        .text = "InsufficientBalance: top up the account" } },
    { 406, "UserInBlacklist", { .verdict = SL_PERMANENT } },
    { 407, "CouldNotRoute", { .verdict = SL_PERMANENT } },
    { 409, "DoNotDisturbRejection", { .verdict = SL_PERMANENT } },
    { 500, "InternalServerError", { .verdict = SL_RETRY } }, /* this number was not taken */
    { 501, "GatewayError", { .verdict = SL_RETRY } },
    { 502, "RejectedByGateway", { .verdict = SL_PERMANENT } },
};

static struct sl_outcome classify(int64_t code)
{
    for (size_t i = 0; i < SL_COUNT(reasons); i++)
        if (reasons[i].code == code)
            return reasons[i].outcome;
    if (code >= 100 && code < 200)
        return (struct sl_outcome){ .verdict = SL_OK };
    return (struct sl_outcome){ .verdict =
                                    code >= 400 && code < 500 ? SL_PERMANENT : SL_AMBIGUOUS };
}

/* "None" and the empty text are the provider's words for no reference. */
static const char *reference(struct sl_arena *arena, struct json_object *entry)
{
    const char *id = sl_json_text(entry, "messageId");

    return id && *id && strcmp(id, "None") != 0 ? sl_arena_strdup(arena, id) : NULL;
}

static struct sl_outcome read_recipient(const struct sl_call *call, struct json_object *entry)
{
    const char *code = sl_json_word(call->arena, entry, "statusCode");
    const char *status = sl_json_text(entry, "status");
    const char *external = reference(call->arena, entry);
    struct money cost = read_money(call, sl_json_word(call->arena, entry, "cost"));
    int64_t number = 0, parts = sl_json_int(entry, "messageParts", 0);
    struct sl_outcome outcome;

    if (code)
        (void)sl_parse_int(code, 1, 9999, &number); /* anything else: no code that we know */
    outcome = classify(number);
    if (!sl_json_at(entry, "statusCode") && external && status && strcmp(status, "Success") == 0)
        outcome.verdict = SL_OK;
    if (outcome.verdict != SL_OK && (external || cost.micros > 0 || cost.unreadable))
        outcome = (struct sl_outcome){ .verdict = SL_AMBIGUOUS }; /* refused, yet taken or paid */
    if (outcome.verdict != SL_OK && !outcome.text)
        outcome.text = sl_africastalking_shown(call->arena, status);
    outcome.code = sl_africastalking_shown(call->arena, code);
    outcome.external = external;
    outcome.cost = cost.amount;
    outcome.currency = cost.currency;
    outcome.segments = parts > 0 && parts < 1000 ? (int)parts : 0;
    return outcome;
}

/* The digits of a number as one, so that a missing '+' does no harm; 0 if it has none. E.164
 * has at most 15. */
static uint64_t digits_of(const char *text)
{
    uint64_t digits = 0;

    for (; *text && digits < 1000000000000000; text++)
        if (*text >= '0' && *text <= '9')
            digits = digits * 10 + (uint64_t)(*text - '0');
    return digits;
}

static const char unlisted[] = "the answer does not list this number";
static const char listed_twice[] = "the answer lists this number twice, and differently";

/* Entries are matched by number: their order is not promised, and one may be missing. They
 * come mostly in the order of the request: the search starts at *next, where the last one
 * ended, so that a list in order costs one comparison an entry. */
static void settle(const struct sl_call *call, const uint64_t *wanted, struct json_object *entry,
                   size_t *next, struct sl_result *result)
{
    const char *number = sl_json_word(call->arena, entry, "number");
    uint64_t digits = number ? digits_of(number) : 0;
    size_t i = *next, tried = 0;
    struct sl_outcome outcome;

    while (tried < result->n_items && wanted[i] != digits) {
        i = i + 1 < result->n_items ? i + 1 : 0;
        tried++;
    }
    if (tried == result->n_items)
        return; /* a number that nobody asked for */
    outcome = read_recipient(call, entry);
    if (result->items[i].text == unlisted)
        result->items[i] = outcome;
    else if (result->items[i].verdict != outcome.verdict)
        result->items[i] = (struct sl_outcome){ .text = listed_twice };
    *next = i + 1 < result->n_items ? i + 1 : 0;
}

static void read_recipients(const struct sl_call *call, struct json_object *entries,
                            struct sl_result *result)
{
    uint64_t *wanted = SL_NEW(call->arena, uint64_t, result->n_items);
    size_t next = 0, n = sl_json_length(entries);

    for (size_t i = 0; i < result->n_items; i++)
        wanted[i] = digits_of(call->in.sms->to[i]);
    sl_result_all(result, (struct sl_outcome){ .text = unlisted });
    for (size_t i = 0; i < n; i++)
        settle(call, wanted, json_object_array_get_idx(entries, i), &next, result);
}

/* Words for "taken" prove nothing where nobody is listed: "Sent to 1/2 …" says that somebody
 * was texted, and not who. */
static bool claims_some(const char *message)
{
    static const char *const words[] = { "Processed", "Sent", "Queued", "Success" };

    for (size_t i = 0; i < SL_COUNT(words); i++)
        if (strcmp(words[i], message) == 0)
            return true;
    return strncmp(message, "Sent to ", 8) == 0 && strncmp(message, "Sent to 0/", 10) != 0;
}

/* A success that lists nobody: `message` is one word for the whole request. */
static struct sl_outcome read_word(const struct sl_call *call, const char *message)
{
    const char *sender = sl_africastalking_sender(call);
    struct sl_outcome outcome = { .verdict = SL_PERMANENT };

    if (claims_some(message))
        return (struct sl_outcome){ .text = sl_africastalking_shown(call->arena, message) };
    for (size_t i = 0; i < SL_COUNT(reasons); i++)
        if (strcmp(reasons[i].name, message) == 0)
            outcome = reasons[i].outcome;
    if (!outcome.text)
        outcome.text = sl_africastalking_shown(call->arena, message);
    if (strcmp(message, "InvalidSenderId") == 0) {
        outcome.concerns = SL_BATCH;
        outcome.text = sl_arena_printf(call->arena,
                                       "InvalidSenderId: %s is not registered for "
                                       "this app or network",
                                       sender ? sender : "the account's own sender");
    }
    return outcome;
}

void sl_africastalking_parse_send(const struct sl_call *call, const struct sl_exchange *exchange,
                                  struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *data, *entries;
    const char *message;

    if (sl_result_unanswered(exchange, result))
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    data = sl_json_at(doc, "SMSMessageData");
    entries = sl_json_at(data, "Recipients");
    message = sl_json_text(data, "Message");
    if (sl_json_length(entries) > 0) /* whatever the status: who is listed, is listed */
        read_recipients(call, entries, result);
    else if (exchange->status / 100 == 2 && message && *message &&
             (!entries || json_object_is_type(entries, json_type_array)))
        sl_result_all(result, read_word(call, message));
    else
        read_status(exchange,
                    message ? sl_africastalking_shown(call->arena, message) : said(call, exchange),
                    result);
}

/* ---- test, balance: their answer ------------------------------------------------------- */

/* The documentation writes the member both ways. Returns what it found. */
static struct money read_balance(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct money balance = { 0 };
    const char *text;

    if (sl_result_unanswered(exchange, result))
        return balance;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    text = sl_json_text(doc, "UserData.balance");
    if (exchange->status == 200)
        balance = read_money(call, text ? text : sl_json_text(doc, "userData.balance"));
    if (balance.amount) {
        result->balance = balance.amount;
        result->balance_currency = balance.currency;
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    } else {
        read_status(exchange,
                    exchange->status == 200 ? "the answer has no balance" : said(call, exchange),
                    result);
    }
    return balance;
}

void sl_africastalking_parse_balance(const struct sl_call *call, const struct sl_exchange *exchange,
                                     struct sl_result *result)
{
    (void)read_balance(call, exchange, result);
    sl_result_repeatable(result);
}

void sl_africastalking_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                                  struct sl_result *result)
{
    struct money balance = read_balance(call, exchange, result);
    const char *said_of_key = result->items[0].text;

    sl_result_repeatable(result);
    if (result->items[0].verdict == SL_AUTH && exchange->status == 401)
        result->items[0].text =
            sl_arena_printf(call->arena,
                            "username or api_key is wrong, or made less than 20 minutes ago (%s)",
                            said_of_key ? said_of_key : "HTTP 401");
    if (!balance.amount)
        return;
    sl_result_found(result,
                    (struct sl_finding){ SL_FINDING_GOOD,
                                         sl_arena_printf(call->arena, "balance: %s %s",
                                                         balance.currency, balance.amount) });
    if (balance.micros <= 0)
        sl_result_found(result, (struct sl_finding){ SL_FINDING_WARN,
                                                     "nothing is sent until the account is topped "
                                                     "up" });
}
