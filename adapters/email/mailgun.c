/* Mailgun, mail by API v3 (docs/providers/mailgun.md).
 *
 * Wire: multipart/form-data, a request for each mail; 200 and an id mean that it is queued. The
 * Message-Id is ours, so a mail whose answer was lost is asked for by it, and sent again only if
 * nobody has heard of it. Events come one in a request, signed but for what they say. */
#include "adapters/email/mailgun.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/email.h"
#include "lib/adapter/form.h"
#include "lib/adapter/multipart.h"
#include "lib/base/text.h"

enum { MOST_BYTES = 25 << 20, MOST_RECIPIENTS = 1000 };

static const struct sl_field fields[N_FIELDS] = {
    [API_KEY] = { .name = "api_key",
                  .help = "Sending > Domain settings > Sending keys, or the account's own",
                  .required = true,
                  .secret = true,
                  .identity = true },
    [DOMAIN] = { .name = "domain",
                 .help = "Sending domain, as mg.school.ac.ke",
                 .required = true,
                 .identity = true },
    [REGION] = { .name = "region",
                 .help = "Where the domain was made",
                 .kind = SL_FIELD_CHOICE,
                 .choices = "us eu",
                 .otherwise = "us",
                 .identity = true },
    [FROM_EMAIL] = { .name = "from_email",
                     .help = "Sender that recipients see; usually of the domain",
                     .required = true },
    [FROM_NAME] = { .name = "from_name", .help = "Its name; else that of the school" },
    [REPLY_TO] = { .name = "reply_to", .help = "Where answers of parents go" },
    [WEBHOOK_SIGNING_KEY] = { .name = "webhook_signing_key",
                              .help = "Settings > API security > HTTP webhook signing key; not the "
                                      "API key",
                              .secret = true,
                              .callback = true },
    [TEST_MODE] = { .name = "test_mode",
                    .help = "Taken and never delivered; it costs all the same",
                    .kind = SL_FIELD_BOOL,
                    .otherwise = "false" },
    [TRACKING] = { .name = "tracking",
                   .help = "Of opening and clicking; else as the domain has it",
                   .kind = SL_FIELD_BOOL },
    [REQUIRE_TLS] = { .name = "require_tls",
                      .help = "Deliver over TLS or not at all",
                      .kind = SL_FIELD_BOOL,
                      .otherwise = "false" },
    [ON_BEHALF_OF] = { .name = "on_behalf_of", .help = "Id of a subaccount", .identity = true },
};

static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },
    { "signature", SL_SHOW_SECRET },
};

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    static const int addresses[] = { FROM_EMAIL, REPLY_TO, -1 };
    const char *domain = settings->values[DOMAIN];

    if (domain && (!*domain || strspn(domain, letters) != strlen(domain)))
        return sl_err_set(err, SL_ERR_CONFIG, "domain '%s' is none", domain);
    return sl_email_check_settings(arena, fields, settings->values, addresses, err);
}

/* ---- The address ----------------------------------------------------------------------- */

static void address(const struct sl_call *call, struct sl_request *request)
{
    const struct sl_settings *settings = call->settings;
    const char *host = strcmp(settings->values[REGION], "eu") == 0 ? "https://api.eu.mailgun.net"
                                                                   : "https://api.mailgun.net";

    request->base = settings->base_url ? settings->base_url : host;
    sl_request_basic(request, call->arena, "api", settings->values[API_KEY]);
    sl_request_header(request, "Accept", "application/json");
    if (settings->values[ON_BEHALF_OF])
        sl_request_header(request, "X-Mailgun-On-Behalf-Of", settings->values[ON_BEHALF_OF]);
}

/* The same on every attempt, and what events are asked by. */
static const char *message_id(const struct sl_call *call)
{
    return sl_arena_printf(call->arena, "%s@%s", call->id, call->settings->values[DOMAIN]);
}

/* ---- A mail ---------------------------------------------------------------------------- */

/* "Wanjiru, Jane" in quotes where RFC 5322 wants them; UTF-8 as it is. */
static const char *print_box(struct sl_arena *arena, const struct sl_mailbox *box)
{
    struct sl_buf out = sl_buf_new(arena);
    bool quoted;

    if (!box->name)
        return box->address;
    quoted = strpbrk(box->name, "()<>[]:;@\\,.\"") != NULL;
    if (quoted)
        sl_buf_text(&out, "\"");
    for (const char *at = box->name; *at; at++) {
        if (*at == '"' || *at == '\\')
            sl_buf_text(&out, "\\");
        sl_buf_add(&out, at, 1);
    }
    sl_buf_text(&out, quoted ? "\" <" : " <");
    sl_buf_text(&out, box->address);
    sl_buf_text(&out, ">");
    return out.data;
}

/* If nobody of `to` is left, those of cc are whom it is for. */
static void add_people(const struct sl_call *call, struct sl_multipart *form)
{
    static const char *const words[] = { "to", "cc", "bcc" };
    const struct sl_email_send *email = call->in.email;
    enum sl_email_kind first = email->recipients[0].kind;

    for (size_t i = 0; i < email->n_recipients; i++) {
        enum sl_email_kind kind = email->recipients[i].kind;

        sl_multipart_add(form, words[kind == first ? SL_EMAIL_TO : kind],
                         print_box(call->arena, &email->recipients[i].box));
    }
}

static const char *yes_or_no(const char *value)
{
    if (!value)
        return NULL;
    return strcmp(value, "true") == 0 ? "yes" : "no";
}

static void add_options(const struct sl_call *call, struct sl_multipart *form)
{
    const char *const *values = call->settings->values;

    sl_multipart_add(form, "h:Message-Id", sl_arena_printf(call->arena, "<%s>", message_id(call)));
    sl_multipart_add(form, "v:message_id", call->in.email->recipients[0].id);
    if (strcmp(values[TEST_MODE], "true") == 0)
        sl_multipart_add(form, "o:testmode", "yes");
    sl_multipart_add(form, "o:tracking", yes_or_no(values[TRACKING]));
    if (strcmp(values[REQUIRE_TLS], "true") == 0)
        sl_multipart_add(form, "o:require-tls", "yes");
}

static int build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_email_send *email = call->in.email;
    const struct sl_mailbox from = sl_email_sender(call, FROM_EMAIL, FROM_NAME);
    struct sl_multipart form;

    if (email->n_recipients > MOST_RECIPIENTS)
        return sl_err_set(err, SL_ERR_DATA, "a mail goes to at most %d recipients",
                          MOST_RECIPIENTS);
    if (sl_email_refuse_shared(email, err) < 0 ||
        sl_email_refuse_international(email, NULL, err) < 0 ||
        sl_email_refuse_large(email, MOST_BYTES, "Mailgun", err) < 0)
        return -1;
    sl_multipart_begin(&form, call, email->n_files);
    sl_multipart_add(&form, "from", print_box(call->arena, &from));
    add_people(call, &form);
    sl_multipart_add(&form, "h:Reply-To",
                     email->reply_to ? email->reply_to : sl_email_setting(call, REPLY_TO));
    sl_multipart_add(&form, "subject", email->subject);
    sl_multipart_add(&form, "text", email->text);
    sl_multipart_add(&form, "html", email->html);
    for (size_t i = 0; i < email->n_files; i++)
        sl_multipart_file(&form, "attachment", &email->files[i]);
    add_options(call, &form);
    request->method = "POST";
    request->path = sl_arena_printf(call->arena, "/v3/%s/messages", call->settings->values[DOMAIN]);
    address(call, request);
    sl_multipart_end(&form, request);
    return 0;
}

/* ---- Asking ---------------------------------------------------------------------------- */

static int build_status(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_message_asked *asked = &call->in.asked->messages[0];
    const char *id = asked->external ? asked->external : message_id(call);

    (void)err;
    request->method = "GET";
    request->path =
        sl_arena_printf(call->arena, "/v3/%s/events?message-id=%s&limit=300",
                        call->settings->values[DOMAIN], sl_percent_encode(call->arena, id));
    address(call, request);
    return 0;
}

static int build_domain(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    request->method = "GET";
    request->path = sl_arena_printf(call->arena, "/v4/domains/%s", call->settings->values[DOMAIN]);
    address(call, request);
    return 0;
}

/* Keys that only send may not read domains, so the test is a mail without a recipient: refused for
 * that alone, it proves key, region and domain. */
static int build_probe(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    struct sl_multipart form;

    (void)err;
    sl_multipart_begin(&form, call, 0);
    sl_multipart_add(&form, "from", sl_email_setting(call, FROM_EMAIL));
    request->method = "POST";
    request->path = sl_arena_printf(call->arena, "/v3/%s/messages", call->settings->values[DOMAIN]);
    address(call, request);
    sl_multipart_end(&form, request);
    return 0;
}

/* ---- The table ------------------------------------------------------------------------- */

/* Events may come some minutes late. */
static const struct sl_step steps_send[] = {
    { build_send, sl_mailgun_parse_send, .answer_headers = sl_mailgun_headers,
      .ambiguous = { .callback = "events",
                     .query = "email.status",
                     .ask_at_s = { 60, 180, 360 },
                     .last = SL_RESEND_IF_ABSENT },
      .answer_s = 300 },
};
static const struct sl_step steps_status[] = {
    { build_status, sl_mailgun_parse_status, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_deep[] = {
    { build_domain, sl_mailgun_parse_domain, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_test[] = {
    { build_probe, sl_mailgun_parse_probe, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "email.send", .input = SL_INPUT_EMAIL, .steps = steps_send, .n_steps = 1 },
    { .name = "email.status", .input = SL_INPUT_MESSAGES, .steps = steps_status, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
    { .name = "test.deep", .steps = steps_deep, .n_steps = 1 },
};

const struct sl_adapter sl_mailgun = {
    .code = "mailgun",
    .name = "Mailgun",
    .adapter_class = "MailgunAdapter",
    .category = SL_EMAIL,
    .environment = "production",       /* its sandbox is a domain of theirs */
    .limits = { .rate_per_second = 50, /* ours: theirs is some hundreds, undocumented */
                .burst = 50,
                .max_in_flight = 16,
                .batch_size = 1,
                .most_items = 1 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .hook_alias = "mg",
    .hooks = sl_mailgun_hooks,
    .n_hooks = SL_MAILGUN_HOOKS,
    .check = check,
};
