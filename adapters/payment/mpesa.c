/* M-Pesa, through Safaricom's Daraja 3.0: its facts.
 *
 * Wire: JSON over HTTPS with a bearer token that an account has one of (a new one kills the
 * old), nothing signed, results by callback (docs/providers/mpesa.md; Safaricom's own
 * mpesa-node 0.1.3). Callback URLs must not contain Safaricom's names, hence the neutral
 * alias; an STK query that says paid carries no receipt: only the callback does. */
#include "adapters/payment/mpesa.h"

#include <ctype.h>
#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/rsa.h"

static const struct sl_field fields[N_FIELDS] = {
    [CONSUMER_KEY] = { .name = "consumer_key",
                       .help = "Consumer key of the Daraja app",
                       .required = true,
                       .secret = true,
                       .identity = true },
    [CONSUMER_SECRET] = { .name = "consumer_secret",
                          .help = "Consumer secret of the Daraja app",
                          .required = true,
                          .secret = true,
                          .identity = true },
    [SHORTCODE] = { .name = "shortcode",
                    .help = "The paybill; for a till its store number. Sandbox: 174379",
                    .required = true,
                    .callback = true },
    [SHORTCODE_TYPE] = { .name = "shortcode_type",
                         .help = "What payers pay to",
                         .kind = SL_FIELD_CHOICE,
                         .choices = "paybill till",
                         .otherwise = "paybill" },
    [TILL_NUMBER] = { .name = "till_number",
                      .help = "The till, where it is not the shortcode",
                      .callback = true },
    [PASSKEY] = { .name = "passkey",
                  .help = "Lipa na M-Pesa passkey; needed for payment prompts",
                  .needed_for = "payment.request",
                  .secret = true },
    [C2B_SHORTCODE] = { .name = "c2b_shortcode",
                        .help = "For C2B, refunds and balance, where it is not the shortcode",
                        .callback = true },
    [C2B_VALIDATION] = { .name = "c2b_validation",
                         .help = "Which C2B payments to take: accept, known or exec:/PROGRAM",
                         .otherwise = "accept",
                         .runs = true,
                         .callback = true },
    [C2B_RESPONSE_TYPE] = { .name = "c2b_response_type",
                            .help = "What M-Pesa does when validation cannot be reached",
                            .kind = SL_FIELD_CHOICE,
                            .choices = "Completed Cancelled",
                            .otherwise = "Completed" },
    [C2B_VERSION] = { .name = "c2b_version",
                      .help = "Version of the C2B interface",
                      .kind = SL_FIELD_CHOICE,
                      .choices = "v1 v2",
                      .otherwise = "v2" },
    [INITIATOR_NAME] = { .name = "initiator_name",
                         .help = "API operator, for refunds and balance. Sandbox: testapi",
                         .needed_for = "payment.refund" },
    [INITIATOR_PASSWORD] = { .name = "initiator_password",
                             .help = "The operator's password; M-Pesa ends it after 90 days",
                             .ends_days = 90,
                             .secret = true },
    [SECURITY_CREDENTIAL] = { .name = "security_credential",
                              .help = "The password as the portal encrypted it, instead",
                              .ends_days = 90,
                              .secret = true },
    [CERTIFICATE] = { .name = "certificate",
                      .help = "Safaricom's certificate, to encrypt initiator_password",
                      .kind = SL_FIELD_FILE },
    [CALLBACK_BASE_URL] = { .name = "callback_base_url",
                            .help = "Public address for callbacks, instead of public_url",
                            .kind = SL_FIELD_URL },
    [CALLBACK_CIDRS] = { .name = "callback_cidrs",
                         .help = "Addresses that callbacks may come from; empty: any",
                         .kind = SL_FIELD_CIDRS,
                         .callback = true },
    [MAX_AMOUNT] = { .name = "max_amount",
                     .help = "Most whole KES in one transaction",
                     .kind = SL_FIELD_INT,
                     .least = 1,
                     .most = 100000000,
                     .otherwise = "250000" },
};

/* Token, password and credential are as good as money; PartyA is a shortcode in some calls,
 * which showing as a phone does no harm. Value is where callbacks put the payer's number. */
static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },
    { "access_token", SL_SHOW_SECRET },
    { "Password", SL_SHOW_SECRET },
    { "SecurityCredential", SL_SHOW_SECRET },
    { "consumer_key", SL_SHOW_SECRET },
    { "consumer_secret", SL_SHOW_SECRET },
    { "PartyA", SL_SHOW_PHONE },
    { "PhoneNumber", SL_SHOW_PHONE },
    { "Msisdn", SL_SHOW_PHONE },
    { "MSISDN", SL_SHOW_PHONE },
    { "Value", SL_SHOW_PHONES },
    { "MerchantRequestID", SL_SHOW_ID },
    { "ConversationID", SL_SHOW_ID },
    { "OriginatorConversationID", SL_SHOW_ID },
    { "OriginatorCoversationID", SL_SHOW_ID }, /* spelt so by registration */
    { "OriginalConversationID", SL_SHOW_ID },
    { "requestId", SL_SHOW_ID },
};

/* ---- Callback addresses -------------------------------------------------------------- */

/* Documented for the C2B URLs, seen with the others; also inside longer words. */
static const char *const banned[] = { "mpesa", "safaricom", "exe", "exec", "cmd", "sql", "query" };

static bool host_is(const char *host, size_t n, const char *name)
{
    return strlen(name) == n && strncasecmp(host, name, n) == 0;
}

static bool is_loopback(const char *host, size_t n)
{
    return host_is(host, n, "localhost") || host_is(host, n, "[::1]") ||
           (n > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= n);
}

/* Letters, digits, '-' and dots inside, and the last label no number: no bare address. */
static bool is_dns_name(const char *host, size_t n)
{
    const char *dot = memrchr(host, '.', n);

    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)host[i]) && host[i] != '-' && host[i] != '.')
            return false;
    return dot && dot > host && isalpha((unsigned char)dot[1]) && dot + 1 < host + n;
}

static int check_host(const char *host, size_t n, bool plain, struct sl_err *err)
{
    const char *port = host + n;

    if (*port == ':')
        port += 1 + strspn(port + 1, "0123456789");
    if ((*port && *port != '/') || strpbrk(port, " \t\r\n?#\\"))
        return sl_err_set(err, SL_ERR_CONFIG, "this is no address like https://host/path");
    if (is_loopback(host, n))
        return 0;
    if (plain)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "callbacks come over https only (http only to a loopback address)");
    if (!is_dns_name(host, n))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "callbacks go to a DNS name, not to an address or a bare name");
    return 0;
}

int sl_mpesa_check_callback(const char *url, struct sl_err *err)
{
    bool plain = strncasecmp(url, "http://", 7) == 0;
    const char *host = url + (plain ? 7 : 8);
    size_t n;

    if (!plain && strncasecmp(url, "https://", 8) != 0)
        return sl_err_set(err, SL_ERR_CONFIG, "this is no address like https://host/path");
    n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    if (n > strlen(host))
        n = strlen(host);
    for (size_t i = 0; i < SL_COUNT(banned); i++)
        if (strcasestr(host, banned[i]))
            return sl_err_set(err, SL_ERR_CONFIG,
                              "Safaricom refuses callback addresses that contain '%s'", banned[i]);
    return check_host(host, n, plain, err);
}

/* ---- Settings ------------------------------------------------------------------------ */

static int check_number(const struct sl_settings *settings, size_t field, struct sl_err *err)
{
    const char *number = settings->values[field];
    size_t n = number ? strlen(number) : 0;

    if (!number || (n >= 5 && n <= 7 && strspn(number, "0123456789") == n))
        return 0;
    return sl_err_set(err, SL_ERR_CONFIG, "%s is not a number of 5 to 7 digits",
                      fields[field].name);
}

static int check_c2b(const struct sl_settings *settings, struct sl_err *err)
{
    const char *validation = settings->values[C2B_VALIDATION];
    const char *type = settings->values[C2B_RESPONSE_TYPE];

    if (validation && strcmp(validation, "accept") != 0 && strcmp(validation, "known") != 0 &&
        (strncmp(validation, "exec:/", 6) != 0 || !validation[6]))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "c2b_validation is accept, known or exec:/absolute/path");
    if (type && strcmp(type, "Completed") != 0 && strcmp(type, "Cancelled") != 0)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "c2b_response_type is Completed or Cancelled, written exactly so");
    return 0;
}

static int check_certificate(struct sl_arena *arena, const char *certificate, struct sl_err *err)
{
    static const unsigned char no_seed[SL_RSA_SEED_SIZE]; /* the result is thrown away */

    if (!certificate ||
        sl_rsa_encrypt_pkcs1(arena, certificate, strlen(certificate), "x", 1, no_seed, err))
        return 0;
    return sl_err_context(err, "certificate");
}

static int check_initiator(const struct sl_settings *settings, struct sl_err *err)
{
    const char *const *values = settings->values;

    if (!values[INITIATOR_NAME] || values[SECURITY_CREDENTIAL])
        return 0;
    if (!values[INITIATOR_PASSWORD])
        return sl_err_set(err, SL_ERR_CONFIG,
                          "initiator_name needs initiator_password or security_credential");
    if (!values[CERTIFICATE])
        return sl_err_set(err, SL_ERR_CONFIG,
                          "initiator_password needs certificate, which encrypts it");
    return 0;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    static const size_t numbers[] = { SHORTCODE, TILL_NUMBER, C2B_SHORTCODE };
    const char *const *values = settings->values;

    for (size_t i = 0; i < SL_COUNT(numbers); i++)
        if (check_number(settings, numbers[i], err))
            return -1;
    if (values[PASSKEY] && !*values[PASSKEY])
        return sl_err_set(err, SL_ERR_CONFIG, "passkey is empty");
    if (values[CALLBACK_BASE_URL] && sl_mpesa_check_callback(values[CALLBACK_BASE_URL], err))
        return sl_err_context(err, "callback_base_url");
    if (check_c2b(settings, err) || check_initiator(settings, err))
        return -1;
    return check_certificate(arena, values[CERTIFICATE], err);
}

/* ---- Operations ---------------------------------------------------------------------- */

/* What only asks may be asked again. */
static const struct sl_step steps_verify[] = {
    { sl_mpesa_build_verify, sl_mpesa_parse_verify, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_status[] = {
    { sl_mpesa_build_status, sl_mpesa_parse_status, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_balance[] = {
    { sl_mpesa_build_balance, sl_mpesa_parse_balance, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_register[] = {
    { sl_mpesa_build_register, sl_mpesa_parse_register, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_simulate[] = {
    /* sandbox money */
    { sl_mpesa_build_simulate, sl_mpesa_parse_register, .ambiguous = { .last = SL_RESEND } },
};

/* A push whose answer was lost leaves nothing to ask by: only its callback can tell. */
static const struct sl_step steps_request[] = {
    { sl_mpesa_build_request, sl_mpesa_parse_request,
      .ambiguous = { .callback = "stk", .wait_s = 180, .last = SL_HOLD } },
};

/* A second reversal of the same receipt ends in R000001, which counts as done. */
static const struct sl_step steps_refund[] = {
    { sl_mpesa_build_refund, sl_mpesa_parse_refund,
      .ambiguous = { .callback = "result", .wait_s = 300, .last = SL_RESEND } },
};

static int build_nothing(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)call, (void)request, (void)err; /* that there is a token proves all that can be */
    return 0;
}

/* Nothing was sent: that the library got a token is the test. */
static void parse_nothing(const struct sl_call *call, const struct sl_exchange *exchange,
                          struct sl_result *result)
{
    const char *const *values = call->settings->values;

    (void)exchange;
    sl_result_all(result, (struct sl_outcome){ .verdict = SL_OK });
    sl_result_found(result,
                    (struct sl_finding){ SL_FINDING_GOOD,
                                         "M-Pesa gave a token: key, secret and environment fit" });
    if (!values[PASSKEY])
        sl_result_found(result,
                        (struct sl_finding){ SL_FINDING_WARN,
                                             "no passkey: payment prompts cannot be sent" });
    if (values[INITIATOR_PASSWORD] && strpbrk(values[INITIATOR_PASSWORD], "@."))
        sl_result_found(result,
                        (struct sl_finding){ SL_FINDING_WARN,
                                             "initiator_password has '@' or '.' in it, with which "
                                             "M-Pesa is known to refuse it" });
}

static const struct sl_step steps_test[] = {
    { .build = build_nothing, .parse = parse_nothing },
};

static const struct sl_op ops[] = {
    { .name = "payment.request",
      .input = SL_INPUT_PAYMENT,
      .steps = steps_request,
      .n_steps = 1,
      .callback = true,
      .accepts = true,
      .accepted = { .callback = "stk",
                    .query = "payment.verify",
                    .ask_at_s = { 20, 50, 80, 120, 180, 240, 300 },
                    .ask_every_s = 3600,
                    .until_s = 86400,
                    .last = SL_HOLD },
      .stale_s = 600 },
    { .name = "payment.verify", .input = SL_INPUT_PAYMENT, .steps = steps_verify, .n_steps = 1 },
    { .name = "payment.refund",
      .input = SL_INPUT_REFUND,
      .steps = steps_refund,
      .n_steps = 1,
      .callback = true,
      .accepts = true,
      .accepted = { .callback = "result",
                    .query = "payment.refund_status",
                    .ask_at_s = { 600, 3600 },
                    .ask_every_s = 3600,
                    .until_s = 86400,
                    .last = SL_HOLD } },
    { .name = "payment.refund_status",
      .input = SL_INPUT_REFUND,
      .steps = steps_status,
      .n_steps = 1,
      .callback = true,
      .accepts = true,
      .accepted = { .callback = "result", .wait_s = 300, .last = SL_RESEND } },
    { .name = "c2b.register", .steps = steps_register, .n_steps = 1 },
    { .name = "c2b.simulate", .input = SL_INPUT_C2B, .steps = steps_simulate, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
    { .name = "test.deep",
      .steps = steps_balance,
      .n_steps = 1,
      .callback = true,
      .accepts = true,
      .accepted = { .callback = "result", .wait_s = 60, .last = SL_HOLD } },
};

static const struct sl_grant grant = {
    .step = { sl_mpesa_build_grant, sl_mpesa_parse_grant, .ambiguous = { .last = SL_RESEND } },
    .renew_before_s = 60,
};

const struct sl_adapter sl_mpesa = {
    .code = "mpesa",
    .name = "M-Pesa",
    .adapter_class = "MpesaAdapter",
    .category = SL_PAYMENT,
    .environment = "sandbox",
    .limits = { .rate_per_second = 5, .burst = 10 }, /* ours: Safaricom's is in the contract */
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .grant = &grant,
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .hook_alias = "k",
    .hooks = sl_mpesa_hooks,
    .n_hooks = SL_MPESA_HOOKS,
    .check = check,
};
