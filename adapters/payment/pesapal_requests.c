/* Pesapal: what is sent, but for orders. */
#include "adapters/payment/pesapal.h"

#include <string.h>

#include "lib/adapter/body.h"
#include "lib/adapter/form.h"

static const char live_base[] = "https://pay.pesapal.com/v3";
static const char sandbox_base[] = "https://cybqa.pesapal.com/pesapalv3";

/* ---- Pieces -------------------------------------------------------------------------- */

const char *sl_pesapal_base(const struct sl_settings *settings)
{
    if (settings->base_url)
        return settings->base_url;
    return strcmp(settings->environment, "production") == 0 ? live_base : sandbox_base;
}

static void address(const struct sl_call *call, const char *method, const char *path,
                    struct sl_request *request)
{
    request->method = method;
    request->base = sl_pesapal_base(call->settings);
    request->path = path;
    sl_request_header(request, "Accept", "application/json");
}

static void authorize(const struct sl_call *call, struct sl_request *request)
{
    sl_request_header(request, "Authorization",
                      sl_arena_printf(call->arena, "Bearer %s", call->token));
}

/* They want a content type where there is no content too. */
int sl_pesapal_get(const struct sl_call *call, const char *path, struct sl_request *request)
{
    address(call, "GET", path, request);
    authorize(call, request);
    sl_request_header(request, "Content-Type", "application/json");
    return 0;
}

int sl_pesapal_post(const struct sl_call *call, const char *path, struct sl_buf *body,
                    struct sl_request *request)
{
    address(call, "POST", path, request);
    authorize(call, request);
    sl_request_json(request, body);
    return 0;
}

/* ---- Token and test ------------------------------------------------------------------ */

int sl_pesapal_build_grant(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    const char *const *values = call->settings->values;
    struct sl_buf body = sl_buf_new(call->arena);

    (void)err;
    sl_body_text(&body, "consumer_key", values[CONSUMER_KEY]);
    sl_body_text(&body, "consumer_secret", values[CONSUMER_SECRET]);
    address(call, "POST", "/api/Auth/RequestToken", request);
    sl_request_json(request, &body);
    return 0;
}

int sl_pesapal_build_list(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    (void)err;
    return sl_pesapal_get(call, "/api/URLSetup/GetIpnList", request);
}

/* ---- Payments ------------------------------------------------------------------------ */

static int ask_about(const struct sl_call *call, const char *tracking_id,
                     struct sl_request *request, struct sl_err *err)
{
    struct sl_buf query = sl_buf_new(call->arena);

    if (!tracking_id || !*tracking_id)
        return sl_err_set(
            err, SL_ERR_DATA,
            "no OrderTrackingId: the answer to the order was lost, and Pesapal can be "
            "asked by nothing else");
    sl_form_add(&query, "orderTrackingId", tracking_id);
    return sl_pesapal_get(call,
                          sl_arena_printf(call->arena, "/api/Transactions/GetTransactionStatus?%s",
                                          query.data),
                          request);
}

int sl_pesapal_build_verify(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    return ask_about(call, call->in.payment->external, request, err);
}

int sl_pesapal_build_cancel(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    struct sl_buf body = sl_buf_new(call->arena);

    (void)err;
    sl_body_text(&body, "order_tracking_id", call->in.payment->external);
    return sl_pesapal_post(call, "/api/Transactions/CancelOrder", &body, request);
}

/* ---- Refunds ------------------------------------------------------------------------- */

int sl_pesapal_build_refund(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    const struct sl_refund_ask *refund = call->in.refund;
    const char *username = call->settings->values[REFUND_USERNAME];
    struct sl_buf body = sl_buf_new(call->arena);

    if (!refund->receipt || !*refund->receipt)
        return sl_err_set(err, SL_ERR_DATA,
                          "no receipt: Pesapal gives back by its confirmation code");
    if (!username)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "refund_username is not set: Pesapal wants to know who asks");
    sl_body_text(&body, "confirmation_code", refund->receipt);
    sl_body_json(&body, "amount", sl_body_amount(call->arena, refund->amount_minor));
    sl_body_text(&body, "username", username);
    sl_body_text(&body, "remarks", refund->reason);
    return sl_pesapal_post(call, "/api/Transactions/RefundRequest", &body, request);
}

/* A refund has no id and no status of its own: the payment is reversed when it is done. */
int sl_pesapal_build_status(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    return ask_about(call, call->in.refund->payment_external, request, err);
}
