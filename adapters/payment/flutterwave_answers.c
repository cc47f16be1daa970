/* Flutterwave: what answers mean. Every one says "status": success or error; what became of the
 * money is in data.status, and only a query's is believed. */
#include "adapters/payment/flutterwave.h"

#include <string.h>

#include "lib/adapter/page.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

enum { TOLD_LENGTH = 200, WAIT_MS = 60000, CLOCKS_DIFFER_MS = 300000 };

static const char *told(struct sl_arena *arena, const char *text)
{
    return text && *text ? sl_printable(arena, text, strlen(text), TOLD_LENGTH) : NULL;
}

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

/* An id of theirs goes into paths: digits and nothing else. NULL if it is none. */
static const char *read_id(struct sl_arena *arena, struct json_object *doc, const char *path)
{
    const char *id = sl_json_word(arena, doc, path);
    size_t n = id ? strspn(id, "0123456789") : 0;

    return n > 0 && n <= 20 && !id[n] ? id : NULL;
}

static int64_t read_amount(struct sl_arena *arena, struct json_object *doc, const char *path)
{
    const char *text = sl_json_word(arena, doc, path);
    int64_t amount_minor;

    return text && sl_parse_decimal(text, 2, &amount_minor) && amount_minor >= 0 ? amount_minor
                                                                                 : -1;
}

/* ---- Refusals ------------------------------------------------------------------------ */

/* What their own envelope says by its status. That their gateway gave up (503) says nothing of the
 * charge behind it; any other 5xx neither. */
static void refuse(const struct sl_call *call, const struct sl_exchange *exchange,
                   struct json_object *doc, struct sl_result *result)
{
    const char *text = told(call->arena, sl_json_text(doc, "message"));
    bool enveloped = is(sl_json_text(doc, "status"), "error");

    if (enveloped && exchange->status >= 500)
        sl_result_all(result, (struct sl_outcome){ .text = text });
    else if (enveloped && (exchange->status / 100 == 2 || exchange->status == 403))
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_PERMANENT, .text = text });
    else
        sl_result_from_status(exchange, text, result);
    for (size_t i = 0; i < result->n_items; i++)
        if (result->items[i].verdict == SL_RATE_LIMITED && result->items[i].after_ms == 0)
            result->items[i].after_ms = WAIT_MS;
}

/* The data of a success, borrowed from *doc; or NULL, and the refusal is settled. */
static struct json_object *read_data(const struct sl_call *call, const struct sl_exchange *exchange,
                                     struct json_object *doc, struct sl_result *result)
{
    struct json_object *data = sl_json_at(doc, "data");

    if (exchange->status / 100 == 2 && is(sl_json_text(doc, "status"), "success") && data)
        return data;
    refuse(call, exchange, doc, result);
    return NULL;
}

/* ---- Payments ------------------------------------------------------------------------ */

/* A prompt is named by its transaction; a page has none before somebody paid. */
static void accept(const struct sl_call *call, struct json_object *data, struct sl_result *result)
{
    struct sl_payment_news *news = &result->payment;
    const char *link = sl_json_text(data, "link");

    if (sl_flutterwave_prompts(call->settings) ? !is(sl_json_text(data, "tx_ref"), call->id)
                                               : !sl_page_address(link)) {
        sl_result_all(result, (struct sl_outcome){ .text = "accepted, but the answer names no "
                                                           "payment of ours" });
        return;
    }
    news->external = call->id;
    news->external2 = read_id(call->arena, data, "id");
    news->checkout_url = sl_arena_strdup(call->arena, link);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK, .external = call->id });
}

void sl_flutterwave_parse_request(const struct sl_call *call, const struct sl_exchange *exchange,
                                  struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *data;

    result->payment.amount_minor = -1;
    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        data = read_data(call, exchange, doc, result);
        if (data)
            accept(call, data, result);
    }
    if (!sl_flutterwave_prompts(call->settings))
        sl_result_repeatable(result); /* no money moves before somebody opens the page */
}

static void not_clear(struct sl_result *result, const char *text)
{
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_RETRY, .text = text });
}

static bool link_is_dead(const struct sl_call *call)
{
    int64_t minutes = 0;

    return sl_parse_int(call->settings->values[LINK_MINUTES], 1, INT32_MAX, &minutes) &&
           sl_page_is_dead(call, minutes);
}

/* A try that failed on a page is not the end of it while the page can still be paid on. */
static enum sl_pay_state read_end(const struct sl_call *call, bool failed)
{
    if (!call->in.payment->checkout_url)
        return failed ? SL_PAY_FAILED : SL_PAY_PENDING;
    if (!link_is_dead(call))
        return SL_PAY_PENDING;
    return failed ? SL_PAY_FAILED : SL_PAY_EXPIRED;
}

static void read_paid(const struct sl_call *call, struct json_object *data,
                      struct sl_payment_news *news)
{
    const char *receipt = told(call->arena, sl_json_text(data, "flw_ref"));

    news->state = SL_PAY_PAID;
    news->external2 = read_id(call->arena, data, "id");
    news->receipt = receipt ? receipt : news->external2;
    news->payer = told(call->arena, sl_json_text(data, "customer.name"));
}

/* Paid is what says so of our reference, and names currency and amount; whether they are those that
 * were asked for is for the library to see. */
static void read_payment(const struct sl_call *call, struct json_object *data,
                         struct sl_result *result)
{
    struct sl_payment_news *news = &result->payment;
    const char *status = sl_json_text(data, "status");
    bool paid = is(status, "successful");

    if (!is(sl_json_text(data, "tx_ref"), call->id)) {
        not_clear(result, "the answer is not about this payment");
        return;
    }
    news->currency = told(call->arena, sl_json_text(data, "currency"));
    news->amount_minor = read_amount(call->arena, data, "amount");
    if (paid && (!news->currency || news->amount_minor < 0)) {
        not_clear(result, "paid, but the answer tells no currency or amount");
        return;
    }
    if (!paid && !is(status, "failed") && !is(status, "pending")) {
        not_clear(result, "the answer tells no status that we know");
        return;
    }
    news->external = call->id;
    news->text = paid ? NULL : told(call->arena, sl_json_text(data, "processor_response"));
    if (paid)
        read_paid(call, data, news);
    else
        news->state = read_end(call, is(status, "failed"));
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static bool is_unknown(const struct sl_exchange *exchange, struct json_object *doc)
{
    const char *text = sl_json_text(doc, "message");

    return (exchange->status == 400 || exchange->status == 404) && text &&
           strcasestr(text, "no transaction was found");
}

/* Nobody has paid on the page yet; or, where no answer ever came, nothing was asked for. */
static void settle_unknown(const struct sl_call *call, struct sl_result *result)
{
    if (!call->in.payment->external) {
        sl_result_all(result, (struct sl_outcome){ .verdict = SL_ABSENT,
                                                   .text = "Flutterwave has never heard of it" });
        return;
    }
    result->payment.state = read_end(call, false);
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

void sl_flutterwave_parse_verify(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *data;

    result->payment.amount_minor = -1;
    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        if (is_unknown(exchange, doc)) {
            settle_unknown(call, result);
            return;
        }
        data = read_data(call, exchange, doc, result);
        if (data)
            read_payment(call, data, result);
    }
    sl_result_repeatable(result);
}

/* ---- Refunds ------------------------------------------------------------------------- */

/* "completed", and variants that begin so; failed; anything else is under way. */
static enum sl_pay_state read_refund_state(struct json_object *refund)
{
    const char *status = sl_json_text(refund, "status");

    if (status && strncmp(status, "completed", 9) == 0)
        return SL_PAY_PAID;
    return is(status, "failed") ? SL_PAY_FAILED : SL_PAY_PENDING;
}

void sl_flutterwave_parse_refund(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_outcome taken = { .verdict = SL_OK };
    struct json_object *data;

    if (sl_result_unanswered(exchange, result))
        return;
    doc = sl_json_parse(exchange->body, exchange->n_body);
    data = read_data(call, exchange, doc, result);
    if (!data)
        return;
    taken.external = read_id(call->arena, data, "id");
    result->payment.state = read_refund_state(data);
    if (!taken.external)
        taken = (struct sl_outcome){ .text = "accepted, but without an id" };
    else if (result->payment.state == SL_PAY_FAILED)
        taken = (struct sl_outcome){ .verdict = SL_PERMANENT, .text = "the refund failed" };
    sl_result_all(result, taken);
}

/* Whether it may be the refund whose answer was lost: of this transaction and amount, and not made
 * before we asked. */
static bool may_be_ours(const struct sl_call *call, struct json_object *refund)
{
    const struct sl_refund_ask *asked = call->in.refund;
    const char *made = sl_json_text(refund, "created_at");
    int64_t made_ms;

    return is(read_id(call->arena, refund, "tx_id"), asked->payment_external2) &&
           read_amount(call->arena, refund, "amount_refunded") == asked->amount_minor && made &&
           sl_time_parse(made, "UTC", call->now_ms, &made_ms) == 0 &&
           made_ms >= asked->asked_ms - CLOCKS_DIFFER_MS;
}

/* The only one that may be ours; NULL if there is none, or more than one. */
static struct json_object *find_refund(const struct sl_call *call, struct json_object *list)
{
    struct json_object *found = NULL;

    for (size_t i = 0; i < sl_json_length(list); i++) {
        struct json_object *refund = json_object_array_get_idx(list, i);

        if (!may_be_ours(call, refund))
            continue;
        if (found)
            return NULL;
        found = refund;
    }
    return found;
}

/* One that is not found (yet) stays open. */
void sl_flutterwave_parse_status(const struct sl_call *call, const struct sl_exchange *exchange,
                                 struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *id = call->in.refund->external;
    struct json_object *data;

    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        data = read_data(call, exchange, doc, result);
        if (data && id && !is(read_id(call->arena, data, "id"), id)) {
            not_clear(result, "the answer is not about this refund");
        } else if (data && !id && !json_object_is_type(data, json_type_array)) {
            not_clear(result, "the answer lists no refunds");
        } else if (data) {
            data = id ? data : find_refund(call, data);
            result->payment.state = read_refund_state(data);
            result->payment.external = read_id(call->arena, data, "id");
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
        }
    }
    sl_result_repeatable(result);
}

/* ---- The test ------------------------------------------------------------------------ */

void sl_flutterwave_parse_test(const struct sl_call *call, const struct sl_exchange *exchange,
                               struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *data;

    if (!sl_result_unanswered(exchange, result)) {
        doc = sl_json_parse(exchange->body, exchange->n_body);
        data = read_data(call, exchange, doc, result);
        if (data && json_object_is_type(data, json_type_array)) {
            sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
            sl_result_found(result, (struct sl_finding){ SL_FINDING_GOOD,
                                                         "Flutterwave knows the secret key" });
            if (!call->settings->values[WEBHOOK_SECRET_HASH])
                sl_result_found(result, (struct sl_finding){
                                            SL_FINDING_WARN,
                                            "no webhook_secret_hash: callbacks are "
                                            "refused, and payments found by asking only" });
        }
    }
    sl_result_repeatable(result);
}
