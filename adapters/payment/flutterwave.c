/* Flutterwave, version 3 of its interface: its facts.
 *
 * Wire: JSON over HTTPS with the secret key in a header, one host for test and live, no
 * idempotency key (docs/providers/flutterwave.md; flutterwave-node-v3 1.4.1). Our reference, tx_ref, is the
 * operation's id: by it a payment can be asked about before any answer came. A callback is
 * proven by a secret that does not cover its body, so what it says is never believed: it makes a
 * query due. */
#include "adapters/payment/flutterwave.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/base/text.h"

static const struct sl_field fields[N_FIELDS] = {
    [SECRET_KEY] = { .name = "secret_key",
                     .help = "Settings > API keys > Secret key: FLWSECK_TEST-… or FLWSECK-…",
                     .required = true,
                     .secret = true,
                     .identity = true },
    [WEBHOOK_SECRET_HASH] = { .name = "webhook_secret_hash",
                              .help =
                                  "The secret hash of Settings > Webhooks; needed for callbacks",
                              .secret = true,
                              .callback = true },
    [REDIRECT_URL] = { .name = "redirect_url",
                       .help = "Where the payer's browser goes afterwards",
                       .kind = SL_FIELD_URL,
                       .required = true },
    [CHARGE] = { .name = "charge",
                 .help = "How payers are asked: by a link to a page, or by an M-Pesa prompt",
                 .kind = SL_FIELD_CHOICE,
                 .choices = "link mpesa",
                 .otherwise = "link" },
    [PAYMENT_OPTIONS] = { .name = "payment_options",
                          .help = "What the page offers, comma-separated",
                          .otherwise = "mpesa,card" },
    [DEFAULT_EMAIL] = { .name = "default_email",
                        .help = "The payer's mail address where a request names none" },
    [BRAND_TITLE] = { .name = "brand_title",
                      .help = "Title of the page, instead of the school's name" },
    [BRAND_LOGO] = { .name = "brand_logo",
                     .help = "Address of a picture for the page",
                     .kind = SL_FIELD_URL },
    [LINK_MINUTES] = { .name = "link_minutes",
                       .help = "How long a link can be paid by",
                       .kind = SL_FIELD_INT,
                       .least = 1,
                       .most = 1440,
                       .otherwise = "1440" },
};

static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },         { "verif-hash", SL_SHOW_SECRET },
    { "flutterwave-signature", SL_SHOW_SECRET }, { "phonenumber", SL_SHOW_PHONE },
    { "phone_number", SL_SHOW_PHONE },
};

bool sl_flutterwave_prompts(const struct sl_settings *settings)
{
    return strcmp(settings->values[CHARGE], "mpesa") == 0;
}

/* ---- Settings ------------------------------------------------------------------------ */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* One host serves test and live: the key alone tells which is meant. */
static int check_key(const struct sl_settings *settings, struct sl_err *err)
{
    const char *key = settings->values[SECRET_KEY];
    bool live = strcmp(settings->environment, "production") == 0;

    if (!key)
        return 0;
    if (begins(key, "FLWPUBK"))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "secret_key is a public key (FLWPUBK…): the secret one is needed");
    if (begins(key, "FLWSECK_TEST-") == live || (live && !begins(key, "FLWSECK-")))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "secret_key begins with %s in %s, and this one does not",
                          live ? "FLWSECK-" : "FLWSECK_TEST-", settings->environment);
    return 0;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *email = settings->values[DEFAULT_EMAIL];

    (void)arena;
    if (email && (!strchr(email, '@') || strpbrk(email, " \t\r\n<>")))
        return sl_err_set(err, SL_ERR_CONFIG, "default_email '%s' is no mail address", email);
    return check_key(settings, err);
}

/* ---- Operations ---------------------------------------------------------------------- */

/* Their gateway gives up after some 28 seconds, and says so. */
enum { ANSWER_S = 40 };

/* A charge whose answer was lost is asked about by our reference. What Flutterwave has not heard of
 * after two minutes was never made. */
static const struct sl_step steps_request[] = {
    { sl_flutterwave_build_request, sl_flutterwave_parse_request,
      .ambiguous = { .query = "payment.verify",
                     .ask_at_s = { 30, 60, 120 },
                     .until_s = 130,
                     .last = SL_RESEND_IF_ABSENT },
      .answer_s = ANSWER_S },
};
static const struct sl_step steps_verify[] = {
    { sl_flutterwave_build_verify, sl_flutterwave_parse_verify, .ambiguous = { .last = SL_RESEND },
      .answer_s = ANSWER_S },
};
static const struct sl_step steps_refund[] = {
    { sl_flutterwave_build_refund, sl_flutterwave_parse_refund,
      .ambiguous = { .query = "payment.refund_status",
                     .ask_at_s = { 30, 120, 300 },
                     .until_s = 310,
                     .last = SL_HOLD },
      .answer_s = ANSWER_S },
};
static const struct sl_step steps_status[] = {
    { sl_flutterwave_build_status, sl_flutterwave_parse_status, .ambiguous = { .last = SL_RESEND },
      .answer_s = ANSWER_S },
};
static const struct sl_step steps_test[] = {
    { sl_flutterwave_build_test, sl_flutterwave_parse_test, .ambiguous = { .last = SL_RESEND },
      .answer_s = ANSWER_S },
};

static const struct sl_op ops[] = {
    { .name = "payment.request",
      .input = SL_INPUT_PAYMENT,
      .steps = steps_request,
      .n_steps = 1,
      .accepts = true,
      /* A link lives for a day at most, and is dead for certain an hour later. */
      .accepted = { .query = "payment.verify",
                    .ask_at_s = { 30, 60, 120, 300, 900 },
                    .ask_every_s = 3600,
                    .until_s = 93600,
                    .last = SL_HOLD },
      .stale_s = 600 },
    { .name = "payment.verify",
      .input = SL_INPUT_PAYMENT,
      .steps = steps_verify,
      .n_steps = 1,
      .by_our_id = true },
    { .name = "payment.refund",
      .input = SL_INPUT_REFUND,
      .steps = steps_refund,
      .n_steps = 1,
      .accepts = true,
      .accepted = { .query = "payment.refund_status",
                    .ask_at_s = { 60, 600, 3600 },
                    .ask_every_s = 21600,
                    .until_s = 1209600,
                    .last = SL_HOLD },
      .in_part = true },
    { .name = "payment.refund_status",
      .input = SL_INPUT_REFUND,
      .steps = steps_status,
      .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
};

/* The limits are our own: none are published. */
const struct sl_adapter sl_flutterwave = {
    .code = "flutterwave",
    .name = "Flutterwave",
    .adapter_class = "FlutterwaveAdapter",
    .category = SL_PAYMENT,
    .environment = "sandbox",
    .limits = { .rate_per_second = 10, .burst = 20, .max_in_flight = 8 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .hook_alias = "fw",
    .hooks = sl_flutterwave_hooks,
    .n_hooks = SL_FLUTTERWAVE_HOOKS,
    .check = check,
};
