/* M-Pesa: what is sent. Every number is sent as text, which Safaricom takes everywhere. */
#include "adapters/payment/mpesa.h"

#include <ctype.h>
#include <string.h>

#include "lib/adapter/body.h"
#include "lib/adapter/rsa.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

static const char live_base[] = "https://api.safaricom.co.ke";
static const char sandbox_base[] = "https://sandbox.safaricom.co.ke";

enum { EAST_AFRICA_MINUTES = 180, REFERENCE_LENGTH = 12, BILL_REFERENCE_LENGTH = 20 };

/* ---- Pieces -------------------------------------------------------------------------- */

/* public_url, which check() does not see, may be what it was made from. */
static int check_base(const struct sl_call *call, struct sl_err *err)
{
    if (!call->callback_base)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "no address for callbacks: set public_url in the "
                          "configuration file, or callback_base_url here");
    if (sl_mpesa_check_callback(call->callback_base, err))
        return sl_err_context(err, "the address for callbacks (public_url or callback_base_url)");
    return 0;
}

static void put_hook(const struct sl_call *call, struct sl_buf *body, const char *name,
                     const char *word)
{
    sl_body_text(body, name, sl_arena_printf(call->arena, "%s/%s", call->callback_base, word));
}

static const char *base(const struct sl_settings *settings)
{
    if (settings->base_url)
        return settings->base_url;
    return strcmp(settings->environment, "production") == 0 ? live_base : sandbox_base;
}

static int post(const struct sl_call *call, const char *path, struct sl_buf *body,
                struct sl_request *request)
{
    request->method = "POST";
    request->base = base(call->settings);
    request->path = path;
    sl_request_header(request, "Authorization",
                      sl_arena_printf(call->arena, "Bearer %s", call->token));
    sl_request_json(request, body);
    sl_request_header(request, "Accept", "application/json");
    return 0;
}

static const char *or_shortcode(const struct sl_settings *settings, size_t field)
{
    return settings->values[field] ? settings->values[field] : settings->values[SHORTCODE];
}

static bool is_till(const struct sl_settings *settings)
{
    return strcmp(settings->values[SHORTCODE_TYPE], "till") == 0;
}

/* Who gets the money of an STK push. */
static const char *prompted(const struct sl_settings *settings)
{
    return is_till(settings) ? or_shortcode(settings, TILL_NUMBER) : settings->values[SHORTCODE];
}

/* Who got the money, and so gives it back and is asked about that. */
static const char *paid_to(const struct sl_settings *settings, const struct sl_refund_ask *refund)
{
    return refund->requested ? prompted(settings) : or_shortcode(settings, C2B_SHORTCODE);
}

static const char *transaction_type(const struct sl_settings *settings)
{
    return is_till(settings) ? "CustomerBuyGoodsOnline" : "CustomerPayBillOnline";
}

static int check_currency(const char *currency, struct sl_err *err)
{
    if (strcmp(currency, "KES") != 0)
        return sl_err_set(err, SL_ERR_DATA, "the currency is %s: M-Pesa moves KES only", currency);
    return 0;
}

/* Whole shillings, as text. */
static int read_amount(const struct sl_call *call, int64_t amount_minor, const char **amount,
                       struct sl_err *err)
{
    const char *shown = sl_print_decimal(call->arena, amount_minor, 2, 2);
    int64_t most;

    if (!sl_parse_int(call->settings->values[MAX_AMOUNT], 1, INT64_MAX / 100, &most))
        return sl_err_set(err, SL_ERR_CONFIG, "max_amount is not a number of whole KES");
    if (amount_minor < 100)
        return sl_err_set(err, SL_ERR_DATA, "KES %s: the least that M-Pesa moves is 1", shown);
    if (amount_minor % 100 != 0)
        return sl_err_set(err, SL_ERR_DATA, "KES %s: M-Pesa moves whole shillings only", shown);
    if (amount_minor > most * 100)
        return sl_err_set(err, SL_ERR_DATA, "KES %s is more than max_amount (%s)", shown,
                          call->settings->values[MAX_AMOUNT]);
    *amount = sl_print_decimal(call->arena, amount_minor / 100, 0, 0);
    return 0;
}

/* The number without '+'. A wrong one is named by its beginning: errors are kept in logs. */
static int read_phone(const char *phone, const char **digits, struct sl_err *err)
{
    const char *at = phone + (*phone == '+');

    if (strlen(at) != 12 || strspn(at, "0123456789") != 12 || strncmp(at, "254", 3) != 0 ||
        (at[3] != '7' && at[3] != '1'))
        return sl_err_set(err, SL_ERR_DATA,
                          "the phone %.5s… is no Kenyan mobile number: M-Pesa takes +2547 or "
                          "+2541 and 8 digits more",
                          phone);
    *digits = at;
    return 0;
}

/* Never shortened or folded: the payer must see it as it is. Longer ones are accepted by the
 * interface, and then no prompt appears. It is documented as alphanumeric, and other signs can make a
 * request fail without a word (docs/providers/mpesa.md, 8): a slash is refused with them. */
static int check_reference(const char *reference, size_t most, struct sl_err *err)
{
    bool named = false;

    for (const char *at = reference; at && *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr(" .-", *at))
            return sl_err_set(err, SL_ERR_DATA,
                              "the reference '%s': M-Pesa takes letters, digits, blank, '.' and "
                              "'-' only",
                              reference);
        named = named || isalnum((unsigned char)*at);
    }
    if (!named)
        return sl_err_set(err, SL_ERR_DATA, "there is no reference: M-Pesa shows one to the payer");
    if (strlen(reference) > most)
        return sl_err_set(err, SL_ERR_DATA,
                          "the reference '%s' is longer than the %zu characters that M-Pesa takes",
                          reference, most);
    return 0;
}

/* Letters lose their accents (Latin-1), all else that makes requests fail becomes a blank. */
static char fold_point(uint32_t point)
{
    static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty";

    if (point >= 0xc0 && point <= 0xff)
        return latin[point - 0xc0];
    if (point < 0x80 && (isalnum((int)point) || point == '.' || point == '-'))
        return (char)point;
    return ' ';
}

/* At most `most` characters of it; `otherwise` if fewer than `least` are left. */
static const char *fold(struct sl_arena *arena, const char *text, size_t least, size_t most,
                        const char *otherwise)
{
    struct sl_buf out = sl_buf_new(arena);
    uint32_t point;

    while (text && out.len < most && (point = sl_utf8_next(&text)) != 0) {
        char letter = fold_point(point);

        if (letter != ' ' || (out.len > 0 && out.data[out.len - 1] != ' '))
            sl_buf_add(&out, &letter, 1);
    }
    if (out.len > 0 && out.data[out.len - 1] == ' ')
        out.data[--out.len] = '\0';
    return out.len >= least ? out.data : otherwise;
}

static int put_password(const struct sl_call *call, struct sl_buf *body, struct sl_err *err)
{
    const char *const *values = call->settings->values;
    const char *plain;
    char timestamp[SL_TIME_SIZE];

    if (!values[PASSKEY])
        return sl_err_set(err, SL_ERR_CONFIG,
                          "passkey is not set: without it M-Pesa sends no payment prompt");
    sl_time_compact(call->now_ms, EAST_AFRICA_MINUTES, timestamp);
    plain = sl_arena_printf(call->arena, "%s%s%s", values[SHORTCODE], values[PASSKEY], timestamp);
    sl_body_text(body, "BusinessShortCode", values[SHORTCODE]);
    sl_body_text(body, "Password", sl_base64(call->arena, plain, strlen(plain)));
    sl_body_text(body, "Timestamp", sl_arena_strdup(call->arena, timestamp));
    return 0;
}

/* Not OAEP, and the password itself rather than its base64: as Safaricom's own library does.
 * NULL, and *err, if a setting is missing or wrong. */
static const char *credential(const struct sl_call *call, struct sl_err *err)
{
    const char *const *values = call->settings->values;
    const char *password = values[INITIATOR_PASSWORD], *certificate = values[CERTIFICATE];

    if (values[SECURITY_CREDENTIAL])
        return values[SECURITY_CREDENTIAL];
    if (!password || !certificate) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "%s not set",
                         password ? "certificate (to encrypt initiator_password) is"
                                  : "initiator_password and security_credential are");
        return NULL;
    }
    return sl_rsa_encrypt_pkcs1(call->arena, certificate, strlen(certificate), password,
                                strlen(password), call->nonce, err);
}

/* What reversal, status and balance have in common. */
static int put_initiator(const struct sl_call *call, struct sl_buf *body, const char *command,
                         struct sl_err *err)
{
    const char *name = call->settings->values[INITIATOR_NAME], *sealed;

    if (!name)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "initiator_name is not set: refunds, status and balance need it, and "
                          "initiator_password or security_credential");
    sealed = credential(call, err);
    if (!sealed || check_base(call, err))
        return -1;
    sl_body_text(body, "Initiator", name);
    sl_body_text(body, "SecurityCredential", sealed);
    sl_body_text(body, "CommandID", command);
    put_hook(call, body, "ResultURL", "result");
    put_hook(call, body, "QueueTimeOutURL", "timeout");
    return 0;
}

/* ---- Requests ------------------------------------------------------------------------ */

int sl_mpesa_build_grant(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *const *values = call->settings->values;

    (void)err;
    request->method = "GET";
    request->base = base(call->settings);
    request->path = "/oauth/v1/generate?grant_type=client_credentials";
    sl_request_basic(request, call->arena, values[CONSUMER_KEY], values[CONSUMER_SECRET]);
    sl_request_header(request, "Accept", "application/json");
    return 0;
}

int sl_mpesa_build_request(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    const struct sl_payment_ask *payment = call->in.payment;
    const struct sl_settings *settings = call->settings;
    struct sl_buf body = sl_buf_new(call->arena);
    const char *amount, *phone;

    if (check_currency(payment->currency, err) ||
        read_amount(call, payment->amount_minor, &amount, err) ||
        read_phone(payment->phone, &phone, err) ||
        check_reference(payment->reference, REFERENCE_LENGTH, err) || check_base(call, err) ||
        put_password(call, &body, err))
        return -1;
    sl_body_text(&body, "TransactionType", transaction_type(settings));
    sl_body_text(&body, "Amount", amount);
    sl_body_text(&body, "PartyA", phone);
    sl_body_text(&body, "PartyB", prompted(settings));
    sl_body_text(&body, "PhoneNumber", phone);
    put_hook(call, &body, "CallBackURL", "stk");
    sl_body_text(&body, "AccountReference", payment->reference);
    sl_body_text(&body, "TransactionDesc",
                 fold(call->arena, payment->description, 1, 13, "Payment"));
    return post(call, "/mpesa/stkpush/v1/processrequest", &body, request);
}

int sl_mpesa_build_verify(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    const char *external = call->in.payment->external;
    struct sl_buf body = sl_buf_new(call->arena);

    if (!external || !*external)
        return sl_err_set(err, SL_ERR_DATA,
                          "no CheckoutRequestID: the answer to the payment prompt was lost, and "
                          "M-Pesa can be asked by nothing else");
    if (put_password(call, &body, err))
        return -1;
    sl_body_text(&body, "CheckoutRequestID", external);
    return post(call, "/mpesa/stkpushquery/v1/query", &body, request);
}

int sl_mpesa_build_refund(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    const struct sl_refund_ask *refund = call->in.refund;
    struct sl_buf body = sl_buf_new(call->arena);
    const char *amount;

    if (!refund->receipt || !*refund->receipt)
        return sl_err_set(err, SL_ERR_DATA,
                          "no receipt: M-Pesa reverses a payment by its receipt number");
    if (check_currency(refund->currency, err) ||
        read_amount(call, refund->amount_minor, &amount, err) ||
        put_initiator(call, &body, "TransactionReversal", err))
        return -1;
    sl_body_text(&body, "TransactionID", refund->receipt);
    sl_body_text(&body, "Amount", amount);
    sl_body_text(&body, "ReceiverParty", paid_to(call->settings, refund));
    sl_body_text(&body, "RecieverIdentifierType", "11"); /* spelt so */
    sl_body_text(&body, "Remarks", fold(call->arena, refund->reason, 2, 100, "Refund"));
    sl_body_text(&body, "Occasion", fold(call->arena, refund->reference, 1, 100, NULL));
    return post(call, "/mpesa/reversal/v1/request", &body, request);
}

int sl_mpesa_build_status(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    const struct sl_refund_ask *refund = call->in.refund;
    struct sl_buf body = sl_buf_new(call->arena);
    bool by_conversation = refund->external && *refund->external;

    if (!by_conversation && (!refund->receipt || !*refund->receipt))
        return sl_err_set(err, SL_ERR_DATA,
                          "neither OriginatorConversationID nor receipt is "
                          "known: there is nothing to ask M-Pesa by");
    if (put_initiator(call, &body, "TransactionStatusQuery", err))
        return -1;
    sl_body_text(&body, "OriginalConversationID", by_conversation ? refund->external : NULL);
    sl_body_text(&body, "TransactionID", by_conversation ? NULL : refund->receipt);
    sl_body_text(&body, "PartyA", paid_to(call->settings, refund));
    sl_body_text(&body, "IdentifierType", refund->requested && is_till(call->settings) ? "2" : "4");
    sl_body_text(&body, "Remarks", fold(call->arena, refund->reason, 2, 100, "Status"));
    sl_body_text(&body, "Occasion", fold(call->arena, refund->reference, 1, 100, NULL));
    return post(call, "/mpesa/transactionstatus/v1/query", &body, request);
}

int sl_mpesa_build_balance(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    struct sl_buf body = sl_buf_new(call->arena);

    if (put_initiator(call, &body, "AccountBalance", err))
        return -1;
    sl_body_text(&body, "PartyA", or_shortcode(call->settings, C2B_SHORTCODE));
    sl_body_text(&body, "IdentifierType", "4");
    sl_body_text(&body, "Remarks", "Balance");
    return post(call, "/mpesa/accountbalance/v1/query", &body, request);
}

int sl_mpesa_build_register(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    const char *const *values = call->settings->values;
    struct sl_buf body = sl_buf_new(call->arena);

    if (check_base(call, err))
        return -1;
    sl_body_text(&body, "ShortCode", or_shortcode(call->settings, C2B_SHORTCODE));
    sl_body_text(&body, "ResponseType", values[C2B_RESPONSE_TYPE]);
    put_hook(call, &body, "ConfirmationURL", "confirm");
    put_hook(call, &body, "ValidationURL", "validate");
    return post(call,
                sl_arena_printf(call->arena, "/mpesa/c2b/%s/registerurl", values[C2B_VERSION]),
                &body, request);
}

int sl_mpesa_build_simulate(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    const struct sl_c2b_pay *pay = call->in.c2b;
    const struct sl_settings *settings = call->settings;
    struct sl_buf body = sl_buf_new(call->arena);
    const char *amount, *phone;

    if (strcmp(settings->environment, "production") == 0)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "C2B payments can be simulated in the sandbox only, and this is set to "
                          "production");
    if (read_amount(call, pay->amount_minor, &amount, err) || read_phone(pay->phone, &phone, err) ||
        (!is_till(settings) && check_reference(pay->reference, BILL_REFERENCE_LENGTH, err)))
        return -1;
    sl_body_text(&body, "ShortCode", or_shortcode(settings, C2B_SHORTCODE));
    sl_body_text(&body, "CommandID", transaction_type(settings));
    sl_body_text(&body, "Amount", amount);
    sl_body_text(&body, "Msisdn", phone);
    sl_body_text(&body, "BillRefNumber", is_till(settings) ? "" : pay->reference);
    return post(call,
                sl_arena_printf(call->arena, "/mpesa/c2b/%s/simulate",
                                settings->values[C2B_VERSION]),
                &body, request);
}
