/* Flutterwave: what is sent. */
#include "adapters/payment/flutterwave.h"

#include <string.h>

#include "lib/adapter/body.h"
#include "lib/adapter/form.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

static const char live_base[] = "https://api.flutterwave.com";

enum { MOST_MPESA_MINOR = 25000000 };

/* ---- Pieces -------------------------------------------------------------------------- */

static void address(const struct sl_call *call, const char *method, const char *path,
                    struct sl_request *request)
{
    const struct sl_settings *settings = call->settings;

    request->method = method;
    request->base = settings->base_url ? settings->base_url : live_base;
    request->path = path;
    sl_request_header(request, "Authorization",
                      sl_arena_printf(call->arena, "Bearer %s", settings->values[SECRET_KEY]));
}

static int get(const struct sl_call *call, const char *path, struct sl_request *request)
{
    address(call, "GET", path, request);
    return 0;
}

static int post(const struct sl_call *call, const char *path, struct sl_buf *body,
                struct sl_request *request)
{
    address(call, "POST", path, request);
    sl_request_json(request, body);
    return 0;
}

/* Every charge needs one, also where the payer is asked by phone. */
static int read_email(const struct sl_call *call, const char **email, struct sl_err *err)
{
    const char *given = call->in.payment->email;

    *email = given && *given ? given : call->settings->values[DEFAULT_EMAIL];
    if (*email)
        return 0;
    return sl_err_set(err, SL_ERR_DATA,
                      "no mail address of the payer, which Flutterwave wants: give --email, or set "
                      "default_email");
}

static const char *digits_of(const char *phone)
{
    return phone + (*phone == '+');
}

static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

/* ---- Payments ------------------------------------------------------------------------ */

static const char *write_customer(const struct sl_call *call, const char *email)
{
    struct sl_buf customer = sl_buf_new(call->arena);

    sl_body_text(&customer, "email", email);
    sl_body_text(&customer, "phonenumber", digits_of(call->in.payment->phone));
    sl_body_text(&customer, "name", or_null(call->in.payment->name));
    return sl_body_end(&customer);
}

static const char *write_looks(const struct sl_call *call)
{
    const struct sl_settings *settings = call->settings;
    const char *title = settings->values[BRAND_TITLE];
    struct sl_buf looks = sl_buf_new(call->arena);

    sl_body_text(&looks, "title", title ? title : settings->school);
    sl_body_text(&looks, "description", or_null(call->in.payment->description));
    sl_body_text(&looks, "logo", settings->values[BRAND_LOGO]);
    return sl_body_end(&looks);
}

/* What the school finds a payment by in Flutterwave's own lists. */
static const char *write_meta(const struct sl_call *call)
{
    struct sl_buf meta = sl_buf_new(call->arena);

    sl_body_text(&meta, "student", call->in.payment->reference);
    return sl_body_end(&meta);
}

/* The currency is named always: without one it would be naira. */
static void begin_charge(const struct sl_call *call, struct sl_buf *body)
{
    const struct sl_payment_ask *payment = call->in.payment;

    *body = sl_buf_new(call->arena);
    sl_body_text(body, "tx_ref", call->id);
    sl_body_json(body, "amount", sl_body_amount(call->arena, payment->amount_minor));
    sl_body_text(body, "currency", payment->currency);
}

static int build_link(const struct sl_call *call, const char *email, struct sl_request *request)
{
    const char *const *values = call->settings->values;
    struct sl_buf body;

    begin_charge(call, &body);
    sl_body_text(&body, "redirect_url", values[REDIRECT_URL]);
    sl_body_text(&body, "payment_options", values[PAYMENT_OPTIONS]);
    sl_body_json(&body, "customer", write_customer(call, email));
    sl_body_json(&body, "customizations", write_looks(call));
    sl_body_json(&body, "meta", write_meta(call));
    sl_body_json(&body, "session_duration", values[LINK_MINUTES]);
    sl_body_json(&body, "max_retry_attempt", "3");
    return post(call, "/v3/payments", &body, request);
}

static int check_prompt(const struct sl_call *call, struct sl_err *err)
{
    const struct sl_payment_ask *payment = call->in.payment;
    const char *shown = sl_print_decimal(call->arena, payment->amount_minor, 2, 2);

    if (strcmp(payment->currency, "KES") != 0)
        return sl_err_set(err, SL_ERR_DATA, "the currency is %s: M-Pesa moves KES only",
                          payment->currency);
    if (payment->amount_minor < 100 || payment->amount_minor % 100 != 0)
        return sl_err_set(err, SL_ERR_DATA, "KES %s: M-Pesa moves whole shillings only", shown);
    if (payment->amount_minor > MOST_MPESA_MINOR)
        return sl_err_set(err, SL_ERR_DATA, "KES %s: M-Pesa moves 250000 at most", shown);
    if (strncmp(digits_of(payment->phone), "254", 3) != 0)
        return sl_err_set(err, SL_ERR_DATA,
                          "the phone %.5s… is no Kenyan number, and others have no M-Pesa",
                          payment->phone);
    return 0;
}

static int build_prompt(const struct sl_call *call, const char *email, struct sl_request *request,
                        struct sl_err *err)
{
    struct sl_buf body;

    if (check_prompt(call, err) < 0)
        return -1;
    begin_charge(call, &body);
    sl_body_text(&body, "email", email);
    sl_body_text(&body, "phone_number", digits_of(call->in.payment->phone));
    sl_body_text(&body, "fullname", or_null(call->in.payment->name));
    sl_body_json(&body, "meta", write_meta(call));
    return post(call, "/v3/charges?type=mpesa", &body, request);
}

int sl_flutterwave_build_request(const struct sl_call *call, struct sl_request *request,
                                 struct sl_err *err)
{
    const char *email;

    if (!or_null(call->in.payment->reference))
        return sl_err_set(err, SL_ERR_DATA, "there is no reference");
    if (read_email(call, &email, err) < 0)
        return -1;
    if (sl_flutterwave_prompts(call->settings))
        return build_prompt(call, email, request, err);
    return build_link(call, email, request);
}

/* By their id where the prompt's answer told it: it is the surer way. A page has no id before
 * somebody paid, and several afterwards if the first try failed. */
int sl_flutterwave_build_verify(const struct sl_call *call, struct sl_request *request,
                                struct sl_err *err)
{
    const char *id = call->in.payment->external2;
    struct sl_buf path = sl_buf_new(call->arena);
    struct sl_buf query = sl_buf_new(call->arena);

    (void)err;
    if (id && !call->in.payment->checkout_url)
        return get(call, sl_arena_printf(call->arena, "/v3/transactions/%s/verify", id), request);
    sl_form_add(&query, "tx_ref", call->id);
    sl_buf_printf(&path, "/v3/transactions/verify_by_reference?%s", query.data);
    return get(call, path.data, request);
}

/* ---- Refunds ------------------------------------------------------------------------- */

static int check_paid(const struct sl_refund_ask *refund, struct sl_err *err)
{
    if (refund->payment_external2)
        return 0;
    return sl_err_set(err, SL_ERR_DATA,
                      "the transaction's id is not known: Flutterwave gives back by nothing else");
}

int sl_flutterwave_build_refund(const struct sl_call *call, struct sl_request *request,
                                struct sl_err *err)
{
    const struct sl_refund_ask *refund = call->in.refund;
    struct sl_buf body = sl_buf_new(call->arena);

    if (check_paid(refund, err) < 0)
        return -1;
    sl_body_json(&body, "amount", sl_body_amount(call->arena, refund->amount_minor));
    sl_body_text(&body, "comments", or_null(refund->reason));
    return post(call,
                sl_arena_printf(call->arena, "/v3/transactions/%s/refund",
                                refund->payment_external2),
                &body, request);
}

static const char *date_of(struct sl_arena *arena, int64_t ms)
{
    char text[SL_TIME_SIZE];

    sl_time_utc(ms, text);
    return sl_arena_printf(arena, "%.10s", text);
}

/* The refund itself, or where its id was lost those since it was asked for. */
int sl_flutterwave_build_status(const struct sl_call *call, struct sl_request *request,
                                struct sl_err *err)
{
    const struct sl_refund_ask *refund = call->in.refund;

    if (check_paid(refund, err) < 0)
        return -1;
    if (refund->external)
        return get(call, sl_arena_printf(call->arena, "/v3/refunds/%s", refund->external), request);
    return get(call,
               sl_arena_printf(call->arena, "/v3/refunds?from=%s&to=%s",
                               date_of(call->arena, refund->asked_ms),
                               date_of(call->arena, call->now_ms)),
               request);
}

/* ---- The test ------------------------------------------------------------------------ */

int sl_flutterwave_build_test(const struct sl_call *call, struct sl_request *request,
                              struct sl_err *err)
{
    const char *today = date_of(call->arena, call->now_ms);

    (void)err;
    return get(call, sl_arena_printf(call->arena, "/v3/transactions?from=%s&to=%s", today, today),
               request);
}
