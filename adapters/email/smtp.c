/* SMTP: mail by a server of the school or of its host (RFC 5321; docs/providers/smtp.md).
 *
 * Wire: one transaction for each mail, over connections that are used again; each recipient is
 * accepted or refused by itself. TLS is required, never "if offered". There is nothing to ask
 * by later: after the server took a mail only bounces tell, and they go to envelope_from. */
#include "adapters/email/smtp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/registry.h"
#include "lib/adapter/email.h"
#include "lib/adapter/mail.h"
#include "lib/base/email.h"
#include "lib/base/text.h"

enum { MOST_RECIPIENTS = 100 /* that every server must take: RFC 5321, section 4.5.3.1.8 */ };

static const struct sl_field fields[N_FIELDS] = {
    [HOST] = { .name = "host",
               .help = "Name of the mail server, as in its certificate",
               .required = true,
               .identity = true },
    [PORT] = { .name = "port",
               .help = "TCP port; else 587 (starttls), 465 (tls) or 25 (none)",
               .kind = SL_FIELD_INT,
               .least = 1,
               .most = 65535,
               .identity = true },
    [SECURITY] = { .name = "security",
                   .help =
                       "starttls (required), tls (from the first byte), none (no password then)",
                   .kind = SL_FIELD_CHOICE,
                   .choices = "starttls tls none",
                   .otherwise = "starttls",
                   .identity = true },
    [USERNAME] = { .name = "username",
                   .help = "Mailbox that signs in; without it nobody does",
                   .identity = true },
    [PASSWORD] = { .name = "password",
                   .help = "Its password, or the app password of it",
                   .secret = true },
    [AUTH_METHOD] = { .name = "auth_method",
                      .help = "How it signs in; auto: whatever both sides can",
                      .kind = SL_FIELD_CHOICE,
                      .choices = "auto plain login xoauth2 none",
                      .otherwise = "auto" },
    [OAUTH_TOKEN_URL] = { .name = "oauth_token_url",
                          .help = "xoauth2: where tokens are asked for",
                          .kind = SL_FIELD_URL,
                          .identity = true },
    [OAUTH_CLIENT_ID] = { .name = "oauth_client_id",
                          .help = "xoauth2: id of the application",
                          .identity = true },
    [OAUTH_CLIENT_SECRET] = { .name = "oauth_client_secret",
                              .help = "xoauth2: its secret",
                              .secret = true },
    [OAUTH_REFRESH_TOKEN] = { .name = "oauth_refresh_token",
                              .help = "xoauth2: what the consent gave; without it the application "
                                      "asks for itself",
                              .secret = true },
    [OAUTH_SCOPE] = { .name = "oauth_scope",
                      .help = "xoauth2: what the token is for",
                      .identity = true },
    [OAUTH_AUTHORIZE_URL] = { .name = "oauth_authorize_url",
                              .help = "xoauth2: where `sl-config authorize` has the consent",
                              .kind = SL_FIELD_URL },
    [OAUTH_DEVICE_URL] = { .name = "oauth_device_url",
                           .help = "xoauth2: where it gets a code for another device",
                           .kind = SL_FIELD_URL },
    [FROM_EMAIL] = { .name = "from_email",
                     .help = "Sender that recipients see; usually the mailbox that signs in",
                     .required = true },
    [FROM_NAME] = { .name = "from_name", .help = "Its name; else that of the school" },
    [ENVELOPE_FROM] = { .name = "envelope_from", .help = "Where bounces go; else from_email" },
    [REPLY_TO] = { .name = "reply_to", .help = "Where answers of parents go" },
    [HELO_NAME] = { .name = "helo_name",
                    .help = "Name of this machine; else the domain of from_email" },
    [MESSAGE_ID_DOMAIN] = { .name = "message_id_domain",
                            .help =
                                "Right-hand side of Message-ID; else the domain of from_email" },
    [SMTPUTF8] = { .name = "smtputf8",
                   .help = "Send to addresses that are not ASCII in front of the @",
                   .kind = SL_FIELD_BOOL,
                   .otherwise = "false" },
    [MOST_MAILS] = { .name = "max_messages_per_connection",
                     .help = "Mails over one connection, then another is opened; 0: any number",
                     .kind = SL_FIELD_INT,
                     .most = 1000000,
                     .otherwise = "50" },
};

static const struct sl_wire_field wire_fields[] = {
    { "access_token", SL_SHOW_SECRET },  { "refresh_token", SL_SHOW_SECRET },
    { "client_secret", SL_SHOW_SECRET }, { "code_verifier", SL_SHOW_SECRET },
    { "device_code", SL_SHOW_SECRET },   { "user_code", SL_SHOW_SECRET },
};

/* ---- Settings ------------------------------------------------------------------------ */

static bool is(const char *value, const char *word)
{
    return value && strcmp(value, word) == 0;
}

bool sl_smtp_uses_token(const struct sl_settings *settings)
{
    return is(settings->values[AUTH_METHOD], "xoauth2");
}

static bool is_host(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:";

    return *text && strspn(text, letters) == strlen(text);
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
           strcasecmp(host, "localhost") == 0;
}

static int check_sign_in(const char *const *values, struct sl_err *err)
{
    if (values[PASSWORD] && !values[USERNAME])
        return sl_err_set(err, SL_ERR_CONFIG, "there is a password and no username");
    if (is(values[SECURITY], "none") && values[USERNAME] && !is_loopback(values[HOST]))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "with security none the password would go over the net in clear");
    if (!is(values[AUTH_METHOD], "xoauth2"))
        return 0;
    if (!values[USERNAME] || !values[OAUTH_TOKEN_URL] || !values[OAUTH_CLIENT_ID])
        return sl_err_set(err, SL_ERR_CONFIG,
                          "xoauth2 needs username, oauth_token_url and oauth_client_id");
    if (values[OAUTH_AUTHORIZE_URL] && !values[OAUTH_SCOPE])
        return sl_err_set(err, SL_ERR_CONFIG, "oauth_authorize_url needs oauth_scope");
    if (!values[OAUTH_REFRESH_TOKEN] && !values[OAUTH_AUTHORIZE_URL] &&
        !(values[OAUTH_CLIENT_SECRET] && values[OAUTH_SCOPE]))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "xoauth2 needs oauth_refresh_token, or oauth_client_secret and "
                          "oauth_scope, or oauth_authorize_url");
    return 0;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    static const int hosts[] = { HOST, HELO_NAME, MESSAGE_ID_DOMAIN };
    static const int addresses[] = { FROM_EMAIL, ENVELOPE_FROM, REPLY_TO, -1 };
    const char *const *values = settings->values;

    if (settings->base_url)
        return sl_err_set(err, SL_ERR_CONFIG, "SMTP has no base_url: set host, port and security");
    for (size_t i = 0; i < SL_COUNT(hosts); i++)
        if (values[hosts[i]] && !is_host(values[hosts[i]]))
            return sl_err_set(err, SL_ERR_CONFIG, "%s '%s' is no name of a machine",
                              fields[hosts[i]].name, values[hosts[i]]);
    if (sl_email_check_settings(arena, fields, values, addresses, err) < 0)
        return -1;
    return values[HOST] ? check_sign_in(values, err) : 0;
}

/* ---- The server ---------------------------------------------------------------------- */

static const char *port_of(const struct sl_settings *settings)
{
    const char *const *values = settings->values;

    if (values[PORT])
        return values[PORT];
    if (is(values[SECURITY], "tls"))
        return "465";
    return is(values[SECURITY], "none") ? "25" : "587";
}

static const char *mechanism_of(const struct sl_settings *settings)
{
    static const char *const names[][2] = { { "plain", "PLAIN" },
                                            { "login", "LOGIN" },
                                            { "xoauth2", "XOAUTH2" } };

    for (size_t i = 0; i < SL_COUNT(names); i++)
        if (is(settings->values[AUTH_METHOD], names[i][0]))
            return names[i][1];
    return NULL;
}

static struct sl_smtp *address_server(const struct sl_call *call, struct sl_request *request)
{
    const struct sl_settings *settings = call->settings;
    const char *const *values = settings->values;
    struct sl_smtp *smtp = SL_NEW(call->arena, struct sl_smtp, 1);
    const char *host = values[HOST];
    int64_t most_mails = 0;
    const char *helo =
        values[HELO_NAME] ? values[HELO_NAME] : sl_email_domain(sl_email_setting(call, FROM_EMAIL));

    request->base =
        sl_arena_printf(call->arena, strchr(host, ':') ? "%s://[%s]:%s" : "%s://%s:%s",
                        is(values[SECURITY], "tls") ? "smtps" : "smtp", host, port_of(settings));
    request->path = sl_arena_printf(call->arena, "/%s", helo);
    request->smtp = smtp;
    (void)sl_parse_int(values[MOST_MAILS], 0, INT32_MAX, &most_mails);
    smtp->most_mails = (int)most_mails;
    smtp->starttls = is(values[SECURITY], "starttls");
    if (values[USERNAME] && !is(values[AUTH_METHOD], "none")) {
        smtp->user = values[USERNAME];
        smtp->mechanism = mechanism_of(settings);
        smtp->bearer = sl_smtp_uses_token(settings) ? call->token : NULL;
        smtp->password = smtp->bearer ? NULL : values[PASSWORD];
    }
    return smtp;
}

/* ---- A mail -------------------------------------------------------------------------- */

static int check_recipients(const struct sl_call *call, struct sl_err *err)
{
    if (sl_email_refuse_shared(call->in.email, err) < 0)
        return -1;
    if (call->in.email->n_recipients > MOST_RECIPIENTS)
        return sl_err_set(err, SL_ERR_DATA, "a mail goes to at most %d recipients",
                          MOST_RECIPIENTS);
    if (is(call->settings->values[SMTPUTF8], "true"))
        return 0;
    return sl_email_refuse_international(
        call->in.email, "if the server can send to such addresses, set smtputf8=true", err);
}

/* 32 hexadecimal digits that nobody can write into a body beforehand. */
static const char *boundary(const struct sl_call *call)
{
    char hex[33];

    sl_hex(call->nonce, 16, hex);
    return sl_arena_strdup(call->arena, hex);
}

static const struct sl_mail *make_mail(const struct sl_call *call)
{
    static const struct sl_mail_header automatic = { "Auto-Submitted", "auto-generated" };
    const struct sl_email_send *email = call->in.email;
    const char *domain = call->settings->values[MESSAGE_ID_DOMAIN];
    struct sl_mail *mail = SL_NEW(call->arena, struct sl_mail, 1);

    if (!domain)
        domain = sl_email_domain(sl_email_setting(call, FROM_EMAIL));
    *mail = (struct sl_mail){
        .date_ms = email->date_ms,
        .message_id = sl_arena_printf(call->arena, "%s@%s", call->id, domain),
        .boundary = boundary(call),
        .from = sl_email_sender(call, FROM_EMAIL, FROM_NAME),
        .reply_to = email->reply_to ? email->reply_to : sl_email_setting(call, REPLY_TO),
        .to = email->n_to > 0 ? email->to : &email->recipients[0].box,
        .n_to = email->n_to > 0 ? email->n_to : 1,
        .cc = email->cc,
        .n_cc = email->n_cc,
        .subject = email->subject,
        .text = email->text,
        .html = email->html,
        .files = email->files,
        .n_files = email->n_files,
        .headers = &automatic,
        .n_headers = email->bulk ? 1 : 0,
    };
    return mail;
}

static int build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_email_send *email = call->in.email;
    const char **to = SL_NEW(call->arena, const char *, email->n_recipients);
    struct sl_smtp *smtp;

    if (check_recipients(call, err) < 0)
        return -1;
    smtp = address_server(call, request);
    request->method = "MAIL";
    for (size_t i = 0; i < email->n_recipients; i++)
        to[i] = email->recipients[i].box.address;
    smtp->from =
        sl_email_setting(call, call->settings->values[ENVELOPE_FROM] ? ENVELOPE_FROM : FROM_EMAIL);
    smtp->to = to;
    smtp->n_to = email->n_recipients;
    smtp->mail = make_mail(call);
    return 0;
}

static int build_test(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    (void)address_server(call, request);
    request->method = "NOOP";
    return 0;
}

/* ---- The table ----------------------------------------------------------------------- */

static const struct sl_grant grant = {
    .step = { sl_smtp_build_grant, sl_smtp_parse_grant, .ambiguous = { .last = SL_RESEND } },
    .needed = sl_smtp_uses_token,
    .renew_before_s = 300,
};

static const struct sl_consent consent = { .setting = "oauth_refresh_token",
                                           .ask = sl_smtp_ask_consent };

/* Ten minutes for the reply to the end of a message (RFC 5321, section 4.5.3.2.6), and time for
 * the message. One whose reply is lost is sent once more, under the same Message-ID. */
static const struct sl_step steps_send[] = {
    { build_send, sl_smtp_parse_send, .ambiguous = { .last = SL_RESEND_ONCE }, .answer_s = 1200 },
};
static const struct sl_step steps_test[] = {
    { build_test, sl_smtp_parse_test, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "email.send", .input = SL_INPUT_EMAIL, .steps = steps_send, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
};

const struct sl_adapter sl_smtp = {
    .code = "smtp",
    .name = "SMTP",
    .adapter_class = "SmtpAdapter",
    .category = SL_EMAIL,
    .environment = "production", /* it has no other */
    .limits = { .max_in_flight = 3, .batch_size = 1, .most_items = 1 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .grant = &grant,
    .consent = &consent,
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .check = check,
};
