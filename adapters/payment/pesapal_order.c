/* Pesapal: an order, and the address for notifications that it must name.
 *
 * One step that is done again: look into the list of addresses, register ours if it is not there,
 * submit. Which of these is meant follows from what is known of the account and remembered of the
 * operation. An order is checked before any of them. */
#include "adapters/payment/pesapal.h"

#include <string.h>

#include "lib/adapter/body.h"
#include "lib/adapter/page.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

static const char register_it[] = "register"; /* it is not in the list */
static const char forgot[] = "forgot";        /* the id that we knew was refused */
static const char again[] = "again";          /* our id was taken, by an answer that was lost */

enum { MOST_DESCRIPTION = 100, MOST_ID = 50, KEY_DIGITS = 32 };

/* ---- Where it stands ----------------------------------------------------------------- */

/* Not the address itself: its token stands nowhere in clear. Another address, method or
 * environment is another fact. */
size_t sl_pesapal_order_facts(const struct sl_call *call, struct sl_fact *wanted)
{
    const char *const *values = call->settings->values;
    unsigned char sum[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];
    const char *what;

    if (values[IPN_ID] || !values[NOTIFICATION_URL])
        return 0;
    what = sl_arena_printf(call->arena, "%s %s %s", sl_pesapal_base(call->settings),
                           values[NOTIFICATION_METHOD], values[NOTIFICATION_URL]);
    sl_sha256(what, strlen(what), sum);
    sl_hex(sum, sizeof sum, hex);
    wanted[0] =
        (struct sl_fact){ .kind = "ipn", .key = sl_arena_memdup(call->arena, hex, KEY_DIGITS) };
    return 1;
}

static const char *ipn_of(const struct sl_call *call)
{
    const char *given = call->settings->values[IPN_ID];

    return given ? given : call->facts[0];
}

static bool remembers(const struct sl_call *call, const char *what)
{
    return sl_json_at(call->memory, what) != NULL;
}

enum stage { LOOK, REGISTER, SUBMIT };

static enum stage stage_of(const struct sl_call *call)
{
    if (ipn_of(call))
        return SUBMIT;
    return remembers(call, register_it) ? REGISTER : LOOK;
}

/* The next round remembers what this one did, but for whether to register. NULL: nothing new. */
static void keep(const struct sl_call *call, const char *what, struct sl_result *result)
{
    static const char *const kept[] = { forgot, again };

    result->memory = sl_json_new_object();
    for (size_t i = 0; i < SL_COUNT(kept); i++)
        if (remembers(call, kept[i]))
            sl_json_put_int(result->memory, kept[i], 1);
    if (what)
        sl_json_put_int(result->memory, what, 1);
}

static void go_round(const struct sl_call *call, const char *what, struct sl_result *result)
{
    keep(call, what, result);
    result->next = SL_STEP_AGAIN;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
}

static void learn(const struct sl_call *call, const char *ipn_id, struct sl_result *result)
{
    struct sl_fact fact[SL_MOST_FACTS] = { 0 };

    if (sl_pesapal_order_facts(call, fact) == 0)
        return;
    fact[0].value = ipn_id;
    sl_result_learned(result, fact[0]);
}

static const char *order_id(const struct sl_call *call)
{
    if (!remembers(call, again))
        return call->id;
    return sl_arena_printf(call->arena, "%s" SL_PESAPAL_AGAIN, call->id);
}

/* ---- What is sent -------------------------------------------------------------------- */

static int check_order(const struct sl_call *call, struct sl_err *err)
{
    const struct sl_payment_ask *payment = call->in.payment;

    if (!payment->reference || !*payment->reference)
        return sl_err_set(err, SL_ERR_DATA, "there is no reference");
    if (strlen(call->id) + strlen(SL_PESAPAL_AGAIN) > MOST_ID)
        return sl_err_set(err, SL_ERR_DATA, "the id of the payment is longer than Pesapal takes");
    if (!call->settings->values[NOTIFICATION_URL] && !call->settings->values[IPN_ID])
        return sl_err_set(err, SL_ERR_CONFIG,
                          "no address for notifications: `sl-config webhook add` makes one");
    return 0;
}

/* As they are written in Kenya; others without the '+'. */
static const char *local_phone(const struct sl_call *call, const char *phone)
{
    const char *digits = phone + (*phone == '+');

    if (strncmp(digits, "254", 3) != 0)
        return digits;
    return sl_arena_printf(call->arena, "0%s", digits + 3);
}

/* The first and the last word, and what is between them. */
static void write_name(const struct sl_call *call, struct sl_buf *address)
{
    const char *name = call->in.payment->name ? call->in.payment->name : "";
    const char *first = name + strspn(name, " "), *last = strrchr(first, ' ');
    size_t n = strcspn(first, " ");
    const char *middle = first + n;

    if (last && last > middle)
        middle += strspn(middle, " ");
    sl_body_text(address, "first_name", sl_arena_memdup(call->arena, first, n));
    sl_body_text(address, "middle_name",
                 last && last > middle
                     ? sl_arena_memdup(call->arena, middle, (size_t)(last - middle))
                     : "");
    sl_body_text(address, "last_name", last ? last + 1 : "");
}

static const char *write_address(const struct sl_call *call)
{
    static const char *const empty[] = { "line_1", "line_2",      "city",
                                         "state",  "postal_code", "zip_code" };
    const struct sl_payment_ask *payment = call->in.payment;
    const char *country = call->settings->values[COUNTRY_CODE];
    struct sl_buf address = sl_buf_new(call->arena);

    sl_body_text(&address, "email_address", payment->email ? payment->email : "");
    sl_body_text(&address, "phone_number", local_phone(call, payment->phone));
    sl_body_text(&address, "country_code", country ? country : call->settings->country);
    write_name(call, &address);
    for (size_t i = 0; i < SL_COUNT(empty); i++)
        sl_body_text(&address, empty[i], "");
    return sl_body_end(&address);
}

static const char *description_of(const struct sl_call *call)
{
    const struct sl_payment_ask *payment = call->in.payment;
    const char *text = *payment->description ? payment->description : payment->reference;

    return sl_printable(call->arena, text, strlen(text), MOST_DESCRIPTION);
}

static int submit(const struct sl_call *call, struct sl_request *request)
{
    const struct sl_payment_ask *payment = call->in.payment;
    const char *const *values = call->settings->values;
    struct sl_buf body = sl_buf_new(call->arena);

    sl_body_text(&body, "id", order_id(call));
    sl_body_text(&body, "currency", payment->currency);
    sl_body_json(&body, "amount", sl_body_amount(call->arena, payment->amount_minor));
    sl_body_text(&body, "description", description_of(call));
    sl_body_text(&body, "callback_url", values[CALLBACK_URL]);
    sl_body_text(&body, "cancellation_url", values[CANCELLATION_URL]);
    sl_body_text(&body, "notification_id", ipn_of(call));
    sl_body_text(&body, "branch", values[BRANCH]);
    sl_body_json(&body, "billing_address", write_address(call));
    return sl_pesapal_post(call, "/api/Transactions/SubmitOrderRequest", &body, request);
}

static int register_address(const struct sl_call *call, struct sl_request *request)
{
    const char *const *values = call->settings->values;
    struct sl_buf body = sl_buf_new(call->arena);

    sl_body_text(&body, "url", values[NOTIFICATION_URL]);
    sl_body_text(&body, "ipn_notification_type", values[NOTIFICATION_METHOD]);
    return sl_pesapal_post(call, "/api/URLSetup/RegisterIPN", &body, request);
}

int sl_pesapal_build_order(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    if (check_order(call, err) < 0)
        return -1;
    switch (stage_of(call)) {
    case LOOK: return sl_pesapal_build_list(call, request, err);
    case REGISTER: return register_address(call, request);
    case SUBMIT: break;
    }
    return submit(call, request);
}

/* ---- What comes back ----------------------------------------------------------------- */

static bool is_ours(const struct sl_call *call, struct json_object *entry)
{
    const char *const *values = call->settings->values;
    const char *url = sl_json_text(entry, "url");
    const char *method = sl_json_text(entry, "ipn_notification_type_description");

    return values[NOTIFICATION_URL] && strcmp(url, values[NOTIFICATION_URL]) == 0 &&
           (!method || strcasecmp(method, values[NOTIFICATION_METHOD]) == 0);
}

bool sl_pesapal_read_list(const struct sl_call *call, struct json_object *doc, const char **ipn_id)
{
    *ipn_id = NULL;
    if (!json_object_is_type(doc, json_type_array))
        return false;
    for (size_t i = 0; i < sl_json_length(doc); i++) {
        struct json_object *entry = json_object_array_get_idx(doc, i);
        const struct sl_pesapal_complaint complaint = sl_pesapal_complaint(call->arena, entry);
        const char *id = sl_json_text(entry, "ipn_id");

        if (complaint.code || complaint.text || !id || !*id || !sl_json_text(entry, "url"))
            return false;
        if (is_ours(call, entry))
            *ipn_id = sl_arena_strdup(call->arena, id);
    }
    return true;
}

static void parse_list(const struct sl_call *call, const struct sl_exchange *exchange,
                       struct json_object *doc, struct sl_result *result)
{
    const char *ipn_id;

    if (exchange->status / 100 != 2 || !sl_pesapal_read_list(call, doc, &ipn_id)) {
        sl_pesapal_refuse(call, exchange, doc, result);
        sl_result_repeatable(result);
        return;
    }
    if (ipn_id)
        learn(call, ipn_id, result);
    go_round(call, ipn_id ? NULL : register_it, result);
}

/* Whether one whose answer was lost was registered is looked up in the list. */
static void parse_registration(const struct sl_call *call, const struct sl_exchange *exchange,
                               struct json_object *doc, struct sl_result *result)
{
    const char *ipn_id = sl_json_text(doc, "ipn_id");

    if (sl_pesapal_is_good(call->arena, exchange, doc) && ipn_id && *ipn_id) {
        learn(call, sl_arena_strdup(call->arena, ipn_id), result);
        go_round(call, NULL, result);
        return;
    }
    keep(call, NULL, result);
    sl_pesapal_refuse(call, exchange, doc, result);
    sl_result_repeatable(result);
}

static bool is_ours_and_whole(const struct sl_call *call, struct json_object *doc)
{
    const char *reference = sl_json_text(doc, "merchant_reference");
    const char *tracking_id = sl_json_text(doc, "order_tracking_id");

    return reference && strcmp(reference, order_id(call)) == 0 && tracking_id && *tracking_id &&
           sl_page_address(sl_json_text(doc, "redirect_url"));
}

static void accept(const struct sl_call *call, struct json_object *doc, struct sl_result *result)
{
    struct sl_payment_news *news = &result->payment;

    if (!is_ours_and_whole(call, doc)) {
        sl_result_all(result, (struct sl_outcome){ .text = "accepted, but the answer names no "
                                                           "order of ours" });
        return;
    }
    news->external = sl_arena_strdup(call->arena, sl_json_text(doc, "order_tracking_id"));
    news->checkout_url = sl_arena_strdup(call->arena, sl_json_text(doc, "redirect_url"));
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK, .external = news->external });
}

/* An id that is taken is ours, by an answer that was lost; an address that is unknown was removed by
 * a person. Each is mended once. */
static void parse_submission(const struct sl_call *call, const struct sl_exchange *exchange,
                             struct json_object *doc, struct sl_result *result)
{
    const struct sl_pesapal_complaint complaint = sl_pesapal_complaint(call->arena, doc);
    bool unknown_ipn =
        sl_pesapal_says(&complaint, "ipn") || sl_pesapal_says(&complaint, "notification");

    if (sl_pesapal_is_good(call->arena, exchange, doc)) {
        accept(call, doc, result);
    } else if (sl_pesapal_says(&complaint, "duplicate") && !remembers(call, again)) {
        go_round(call, again, result);
    } else if (unknown_ipn && call->facts[0] && !remembers(call, forgot)) {
        learn(call, NULL, result);
        go_round(call, forgot, result);
    } else {
        sl_pesapal_refuse(call, exchange, doc, result);
    }
}

void sl_pesapal_parse_order(const struct sl_call *call, const struct sl_exchange *exchange,
                            struct sl_result *result)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    enum stage stage = stage_of(call);

    result->payment.amount_minor = -1;
    if (sl_result_unanswered(exchange, result)) {
        if (stage == SUBMIT)
            return;
        keep(call, NULL, result); /* and looks into the list again */
        sl_result_repeatable(result);
        return;
    }
    doc = sl_json_parse(exchange->body, exchange->n_body);
    switch (stage) {
    case LOOK: parse_list(call, exchange, doc, result); return;
    case REGISTER: parse_registration(call, exchange, doc, result); return;
    case SUBMIT: parse_submission(call, exchange, doc, result); return;
    }
}
