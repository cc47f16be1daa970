/* SendGrid, mail by Web API v3 (docs/providers/sendgrid.md).
 *
 * Wire: JSON with one personalization for a mail, or one for each recipient of a list with the
 * same text; 202 and a header with an id mean that all is queued. There is no idempotency key and
 * no query: events tell what became of it, signed, many in one request. */
#include "adapters/email/sendgrid.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/ecdsa.h"
#include "lib/adapter/email.h"
#include "lib/base/text.h"

enum { MOST_BYTES = 30 << 20, MOST_RECIPIENTS = 1000 };

static const struct sl_field fields[N_FIELDS] = {
    [API_KEY] = { .name = "api_key",
                  .help = "Settings > API Keys; mail.send is all that it needs",
                  .required = true,
                  .secret = true,
                  .identity = true },
    [FROM_EMAIL] = { .name = "from_email",
                     .help = "A verified sender, or an address of an authenticated domain",
                     .required = true },
    [FROM_NAME] = { .name = "from_name", .help = "Its name; else that of the school" },
    [REPLY_TO] = { .name = "reply_to", .help = "Where answers of parents go" },
    [REGION] = { .name = "region",
                 .help = "eu needs a subuser there, and its key",
                 .kind = SL_FIELD_CHOICE,
                 .choices = "global eu",
                 .otherwise = "global",
                 .identity = true },
    [WEBHOOK_PUBLIC_KEY] = { .name = "webhook_public_key",
                             .help = "Settings > Mail Settings > Event Webhook > Verification Key",
                             .callback = true },
    [SANDBOX_MODE] = { .name = "sandbox_mode",
                       .help = "Looked at by SendGrid and never delivered",
                       .kind = SL_FIELD_BOOL,
                       .otherwise = "false" },
    [CLICK_TRACKING] = { .name = "click_tracking",
                         .help = "Links are rewritten, those for payments too; else as the "
                                 "account has it",
                         .kind = SL_FIELD_BOOL },
    [OPEN_TRACKING] = { .name = "open_tracking",
                        .help = "A picture tells who opens it; else as the account has it",
                        .kind = SL_FIELD_BOOL },
    [UNSUBSCRIBE_GROUP_ID] = { .name = "unsubscribe_group_id",
                               .help = "Suppressions > Unsubscribe Groups: the number",
                               .kind = SL_FIELD_INT,
                               .least = 1 },
    [ON_BEHALF_OF] = { .name = "on_behalf_of", .help = "Name of a subuser", .identity = true },
};

static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },
};

static bool is_true(const struct sl_settings *settings, int field)
{
    return settings->values[field] && strcmp(settings->values[field], "true") == 0;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    static const int addresses[] = { FROM_EMAIL, REPLY_TO, -1 };
    const char *key = settings->values[WEBHOOK_PUBLIC_KEY];

    if (key && !sl_p256_is_key(arena, key))
        return sl_err_set(
            err, SL_ERR_CONFIG,
            "webhook_public_key is no P-256 key in base64, as Event Webhook shows it");
    return sl_email_check_settings(arena, fields, settings->values, addresses, err);
}

/* ---- The address ----------------------------------------------------------------------- */

static void address(const struct sl_call *call, struct sl_request *request)
{
    const struct sl_settings *settings = call->settings;
    const char *host = strcmp(settings->values[REGION], "eu") == 0 ? "https://api.eu.sendgrid.com"
                                                                   : "https://api.sendgrid.com";

    request->base = settings->base_url ? settings->base_url : host;
    sl_request_header(request, "Authorization",
                      sl_arena_printf(call->arena, "Bearer %s", settings->values[API_KEY]));
    sl_request_header(request, "Accept", "application/json");
    if (settings->values[ON_BEHALF_OF])
        sl_request_header(request, "On-Behalf-Of", settings->values[ON_BEHALF_OF]);
}

/* ---- People ---------------------------------------------------------------------------- */

static struct json_object *make_box(const struct sl_mailbox *box)
{
    struct json_object *json = sl_json_new_object();

    sl_json_put_text(json, "email", box->address);
    sl_json_put_text(json, "name", box->name);
    return json;
}

static void append(struct json_object *parent, const char *name, struct json_object *value)
{
    struct json_object *array = json_object_object_get(parent, name);

    if (!array) {
        array = sl_json_new_array();
        sl_json_put(parent, name, array);
    }
    sl_json_append(array, value);
}

/* Comes back with every event. */
static void add_id(struct json_object *person, const char *id)
{
    sl_json_put_text(sl_json_put_object(person, "custom_args"), "message_id", id);
}

/* One mail to all of them; if nobody of `to` is left, those of cc are whom it is for. */
static void add_mail(const struct sl_email_send *email, struct json_object *doc)
{
    static const char *const words[] = { "to", "cc", "bcc" };
    struct json_object *person = sl_json_new_object();
    enum sl_email_kind first = email->recipients[0].kind;

    append(doc, "personalizations", person);
    for (size_t i = 0; i < email->n_recipients; i++) {
        enum sl_email_kind kind = email->recipients[i].kind;

        append(person, words[kind == first ? SL_EMAIL_TO : kind],
               make_box(&email->recipients[i].box));
    }
    add_id(person, email->recipients[0].id);
}

/* A list: nobody sees another. */
static void add_each(const struct sl_email_send *email, struct json_object *doc)
{
    for (size_t i = 0; i < email->n_recipients; i++) {
        struct json_object *person = sl_json_new_object();

        append(doc, "personalizations", person);
        append(person, "to", make_box(&email->recipients[i].box));
        add_id(person, email->recipients[i].id);
    }
}

/* ---- The mail -------------------------------------------------------------------------- */

static void add_content(struct json_object *doc, const char *type, const char *value)
{
    struct json_object *content;

    if (!value || !*value) /* an empty one is refused */
        return;
    content = sl_json_new_object();
    sl_json_put_text(content, "type", type);
    sl_json_put_text(content, "value", value);
    append(doc, "content", content);
}

static void add_switch(struct json_object *parent, const char *name, bool on)
{
    struct json_object *object = sl_json_put_object(parent, name);

    sl_json_put(object, "enable", sl_json_new_bool(on));
}

static void add_options(const struct sl_settings *settings, struct json_object *doc)
{
    const char *clicks = settings->values[CLICK_TRACKING], *opens = settings->values[OPEN_TRACKING];
    const char *group = settings->values[UNSUBSCRIBE_GROUP_ID];
    struct json_object *tracking;
    int64_t number;

    if (is_true(settings, SANDBOX_MODE))
        add_switch(sl_json_put_object(doc, "mail_settings"), "sandbox_mode", true);
    if (clicks || opens) {
        tracking = sl_json_put_object(doc, "tracking_settings");
        if (clicks)
            add_switch(tracking, "click_tracking", is_true(settings, CLICK_TRACKING));
        if (opens)
            add_switch(tracking, "open_tracking", is_true(settings, OPEN_TRACKING));
    }
    if (group && sl_parse_int(group, 1, INT64_MAX, &number))
        sl_json_put_int(sl_json_put_object(doc, "asm"), "group_id", number);
}

static void add_sender(const struct sl_call *call, struct json_object *doc)
{
    const struct sl_mailbox from = sl_email_sender(call, FROM_EMAIL, FROM_NAME);
    const struct sl_mailbox reply_to = { .address = call->in.email->reply_to
                                                        ? call->in.email->reply_to
                                                        : sl_email_setting(call, REPLY_TO) };

    sl_json_put(doc, "from", make_box(&from));
    if (reply_to.address)
        sl_json_put(doc, "reply_to", make_box(&reply_to));
}

static void add_piece(struct sl_request *request, struct sl_piece *pieces, struct sl_buf text)
{
    pieces[request->n_pieces++] = (struct sl_piece){ .bytes = text.data, .n = (int64_t)text.len };
}

/* The mail without its last brace, then each file in base64, read while it is sent. */
static void add_files(const struct sl_call *call, const char *json, struct sl_request *request)
{
    const struct sl_email_send *email = call->in.email;
    struct sl_piece *pieces = SL_NEW(call->arena, struct sl_piece, 2 * email->n_files + 1);
    struct sl_buf text = sl_buf_new(call->arena);

    sl_buf_add(&text, json, strlen(json) - 1);
    for (size_t i = 0; i < email->n_files; i++) {
        const struct sl_file *file = &email->files[i];

        sl_buf_text(&text, i == 0 ? ",\"attachments\":[{\"filename\":" : "\"},{\"filename\":");
        sl_json_quote(&text, file->name);
        sl_buf_text(&text, ",\"type\":");
        sl_json_quote(&text, file->type);
        sl_buf_text(&text, ",\"disposition\":\"attachment\",\"content\":\"");
        add_piece(request, pieces, text);
        pieces[request->n_pieces++] =
            (struct sl_piece){ .kind = SL_PIECE_BASE64, .file = file, .n = file->size };
        text = sl_buf_new(call->arena);
    }
    sl_buf_text(&text, "\"}]}");
    add_piece(request, pieces, text);
    request->pieces = pieces;
}

static int build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    const struct sl_email_send *email = call->in.email;
    const char *json;

    if (email->n_recipients > MOST_RECIPIENTS)
        return sl_err_set(err, SL_ERR_DATA, "a mail goes to at most %d recipients",
                          MOST_RECIPIENTS);
    if (sl_email_refuse_international(email, NULL, err) < 0 ||
        sl_email_refuse_large(email, MOST_BYTES, "SendGrid", err) < 0)
        return -1;
    add_sender(call, doc);
    sl_json_put_text(doc, "subject", email->subject);
    (email->n_to > 0 ? add_mail : add_each)(email, doc);
    add_content(doc, "text/plain", email->text);
    add_content(doc, "text/html", email->html);
    add_options(call->settings, doc);
    json = sl_json_print(call->arena, doc);
    request->method = "POST";
    request->path = "/v3/mail/send";
    address(call, request);
    sl_request_header(request, "Content-Type", "application/json");
    if (email->n_files > 0) {
        add_files(call, json, request);
        return 0;
    }
    request->body = json;
    request->n_body = strlen(json);
    return 0;
}

static int build_test(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    request->method = "GET";
    request->path = "/v3/scopes";
    address(call, request);
    return 0;
}

/* ---- The table ------------------------------------------------------------------------- */

/* Only an event can tell of a lost answer; without one the mail is sent once more. */
static const struct sl_step steps_send[] = {
    { build_send, sl_sendgrid_parse_send, .answer_headers = sl_sendgrid_headers,
      .ambiguous = { .callback = "events", .wait_s = 600, .last = SL_RESEND_ONCE },
      .answer_s = 300 },
};
static const struct sl_step steps_test[] = {
    { build_test, sl_sendgrid_parse_test, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "email.send", .input = SL_INPUT_EMAIL, .steps = steps_send, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
};

const struct sl_adapter sl_sendgrid = {
    .code = "sendgrid",
    .name = "SendGrid",
    .adapter_class = "SendGridAdapter",
    .category = SL_EMAIL,
    .environment = "production",        /* its sandbox is a setting */
    .limits = { .rate_per_second = 100, /* ours: theirs is 10,000 */
                .burst = 100,
                .max_in_flight = 16,
                .batch_size = MOST_RECIPIENTS,
                .most_items = MOST_RECIPIENTS },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .hook_alias = "sg",
    .hooks = sl_sendgrid_hooks,
    .n_hooks = SL_SENDGRID_HOOKS,
    .check = check,
};
