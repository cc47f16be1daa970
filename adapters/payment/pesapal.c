/* Pesapal, version 3 of its interface: its facts.
 *
 * Wire: JSON over HTTPS with a bearer token of some minutes; HTTP 200 with "status": "500" inside is the
 * normal shape of failure and of "not yet" (docs/providers/pesapal.md; pesapaljs-v3 1.0.13, pesapal3-sdk
 * 0.0.11). A payment is an order that is paid on a hosted page. Notifications are unsigned and say
 * nothing but which order to ask about. An order lives until it is cancelled, so it is, after a
 * day. */
#include "adapters/payment/pesapal.h"

#include "adapters/registry.h"

static const struct sl_field fields[N_FIELDS] = {
    [CONSUMER_KEY] = { .name = "consumer_key",
                       .help =
                           "Consumer key; of the developer site for the sandbox, by mail for production",
                       .required = true,
                       .secret = true,
                       .identity = true },
    [CONSUMER_SECRET] = { .name = "consumer_secret",
                          .help = "Consumer secret that came with it",
                          .required = true,
                          .secret = true,
                          .identity = true },
    [CALLBACK_URL] = { .name = "callback_url",
                       .help = "Where the payer's browser goes afterwards",
                       .kind = SL_FIELD_URL,
                       .required = true },
    [CANCELLATION_URL] = { .name = "cancellation_url",
                           .help = "Where it goes when the payer gave up",
                           .kind = SL_FIELD_URL },
    [NOTIFICATION_URL] = { .name = "notification_url",
                           .help =
                               "Where Pesapal tells of payments; made by `sl-config webhook add`",
                           .kind = SL_FIELD_URL,
                           .needed_for = "payment.request",
                           .secret = true,
                           .hook = "ipn" },
    [NOTIFICATION_METHOD] = { .name = "notification_method",
                              .help = "How it is called",
                              .kind = SL_FIELD_CHOICE,
                              .choices = "POST GET",
                              .otherwise = "POST" },
    [IPN_ID] = { .name = "ipn_id",
                 .help = "Id of a registered address; without it notification_url is registered" },
    [BRANCH] = { .name = "branch", .help = "Branch that Pesapal's reports show" },
    [COUNTRY_CODE] = { .name = "country_code",
                       .help = "Country of the payers, two letters, instead of the school's" },
    [REFUND_USERNAME] = { .name = "refund_username",
                          .help = "Who asks for refunds, as Pesapal is told",
                          .needed_for = "payment.refund" },
};

/* The address for notifications has a token in it. */
static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },
    { "consumer_key", SL_SHOW_SECRET },
    { "consumer_secret", SL_SHOW_SECRET },
    { "token", SL_SHOW_SECRET },
    { "url", SL_SHOW_SECRET },
    { "phone_number", SL_SHOW_PHONE },
    { "payment_account", SL_SHOW_PHONE },
};

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *country = settings->values[COUNTRY_CODE];

    (void)arena;
    for (size_t i = 0; country && (i < 2 || country[i]); i++)
        if (i >= 2 || country[i] < 'A' || country[i] > 'Z')
            return sl_err_set(err, SL_ERR_CONFIG, "country_code '%s' is not two capital letters",
                              country);
    return 0;
}

/* ---- Operations ---------------------------------------------------------------------- */

/* Nobody has the link of an order whose answer was lost, so another one does no harm. */
static const struct sl_step steps_request[] = {
    { sl_pesapal_build_order, sl_pesapal_parse_order, sl_pesapal_order_facts,
      .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_verify[] = {
    { sl_pesapal_build_verify, sl_pesapal_parse_verify, .ambiguous = { .last = SL_RESEND } },
    { sl_pesapal_build_cancel, sl_pesapal_parse_cancel, .ambiguous = { .last = SL_RESEND } },
};

/* Worked by people, in days, and never to be asked for twice. */
#define REFUND_IS_ASKED_ABOUT                                                                      \
    {                                                                                              \
        .query = "payment.refund_status", .ask_at_s = { 3600, 21600 }, .ask_every_s = 43200,       \
        .until_s = 1814400, .last = SL_HOLD                                                        \
    }
static const struct sl_step steps_refund[] = {
    { sl_pesapal_build_refund, sl_pesapal_parse_refund, .ambiguous = REFUND_IS_ASKED_ABOUT },
};
static const struct sl_step steps_status[] = {
    { sl_pesapal_build_status, sl_pesapal_parse_status, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_test[] = {
    { sl_pesapal_build_list, sl_pesapal_parse_test, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "payment.request",
      .input = SL_INPUT_PAYMENT,
      .steps = steps_request,
      .n_steps = 1,
      .accepts = true,
      /* The last question comes when the link is a day old, and ends it. */
      .accepted = { .query = "payment.verify",
                    .ask_at_s = { 120, 300, 900, 3600 },
                    .ask_every_s = 3600,
                    .until_s = 97200,
                    .last = SL_HOLD },
      .stale_s = 600 },
    { .name = "payment.verify", .input = SL_INPUT_PAYMENT, .steps = steps_verify, .n_steps = 2 },
    { .name = "payment.refund",
      .input = SL_INPUT_REFUND,
      .steps = steps_refund,
      .n_steps = 1,
      .accepts = true,
      .accepted = REFUND_IS_ASKED_ABOUT },
    { .name = "payment.refund_status",
      .input = SL_INPUT_REFUND,
      .steps = steps_status,
      .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
};

static const struct sl_grant grant = {
    .step = { sl_pesapal_build_grant, sl_pesapal_parse_grant, .ambiguous = { .last = SL_RESEND } },
    .renew_before_s = 30,
};

/* The limits are our own: none are published. */
const struct sl_adapter sl_pesapal = {
    .code = "pesapal",
    .name = "Pesapal",
    .adapter_class = "PesapalAdapter",
    .category = SL_PAYMENT,
    .environment = "sandbox",
    .limits = { .rate_per_second = 2, .burst = 5, .max_in_flight = 4 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .grant = &grant,
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .hook_alias = "pp",
    .hooks = sl_pesapal_hooks,
    .n_hooks = SL_PESAPAL_HOOKS,
    .check = check,
};
