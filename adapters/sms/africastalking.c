/* Africa's Talking, bulk SMS.
 *
 * Wire: one form (or JSON) with one text and many numbers, HTTP 201 with one entry a number,
 * and refusals of single numbers inside it; delivery is told later by forms that nothing
 * signs (SDK africastalking 0.8.3; docs/providers/africastalking.md). There is no idempotency
 * key and no status query: what was lost between us is held for a person. */
#include "adapters/sms/africastalking.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/body.h"
#include "lib/adapter/form.h"

static const char live_base[] = "https://api.africastalking.com";
static const char sandbox_base[] = "https://api.sandbox.africastalking.com";

static const struct sl_field fields[N_FIELDS] = {
    [USERNAME] = { .name = "username",
                   .help = "Username of the app, not the login e-mail; sandbox for the sandbox",
                   .required = true,
                   .identity = true },
    [API_KEY] = { .name = "api_key",
                  .help = "Settings > API Key of that app; a new one kills the old one",
                  .required = true,
                  .secret = true,
                  .identity = true },
    [SENDER_ID] = { .name = "sender_id",
                    .help = "Name (up to 11 characters) or short code registered for this app" },
    [ENQUEUE] = { .name = "enqueue",
                  .help = "Whether texts are accepted at once and sent on by them",
                  .kind = SL_FIELD_BOOL,
                  .otherwise = "true" },
    [ENDPOINT] = { .name = "endpoint",
                   .help = "form, or json (live only, needs a sender id)",
                   .kind = SL_FIELD_CHOICE,
                   .choices = "form json",
                   .otherwise = "form" },
    [CURRENCY] = { .name = "currency",
                   .help = "What costs without a currency are in; else the school's" },
    [CALLBACK_CIDRS] = { .name = "callback_cidrs",
                         .help = "Addresses that callbacks may come from; empty: any",
                         .kind = SL_FIELD_CIDRS,
                         .callback = true },
    [LOW_BALANCE] = { .name = "low_balance",
                      .help = "An alert tells when less than this is left of the balance",
                      .kind = SL_FIELD_INT,
                      .least = 1,
                      .most = 1000000000 },
};

/* `from` is our sender in a request, and a parent in a callback. */
static const struct sl_wire_field wire_fields[] = {
    { "apiKey", SL_SHOW_SECRET },       { "to", SL_SHOW_PHONES },
    { "phoneNumbers", SL_SHOW_PHONES }, { "phoneNumber", SL_SHOW_PHONE },
    { "number", SL_SHOW_PHONE },        { "from", SL_SHOW_PHONE },
    { "phone", SL_SHOW_PHONE },
};

/* ---- Settings ------------------------------------------------------------------------ */

static bool is_sandbox(const char *username)
{
    return strcasecmp(username, "sandbox") == 0;
}

/* The username decides, whatever the environment is called: a key of the one is a 401 in the
 * other. */
static const char *base(const struct sl_settings *settings)
{
    if (settings->base_url)
        return settings->base_url;
    return is_sandbox(settings->values[USERNAME]) ? sandbox_base : live_base;
}

static bool is_sender(const char *sender)
{
    size_t n = strlen(sender), n_digits = strspn(sender, "0123456789");

    for (size_t i = 0; i < n; i++)
        if (sender[i] < ' ' || sender[i] > '~')
            return false;
    return n_digits == n ? n >= 3 && n <= 6 : n <= 11;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *const *values = settings->values;
    bool json = values[ENDPOINT] && strcmp(values[ENDPOINT], "json") == 0;

    (void)arena;
    if (values[USERNAME] && !*values[USERNAME])
        return sl_err_set(err, SL_ERR_CONFIG, "username is empty");
    if (values[API_KEY] && !*values[API_KEY])
        return sl_err_set(err, SL_ERR_CONFIG, "api_key is empty");
    if (values[SENDER_ID] && *values[SENDER_ID] && !is_sender(values[SENDER_ID]))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "sender_id '%s' is neither a name of up to 11 characters nor a short "
                          "code of 3 to 6 digits",
                          values[SENDER_ID]);
    if (json && !settings->base_url && values[USERNAME] && is_sandbox(values[USERNAME]))
        return sl_err_set(err, SL_ERR_CONFIG, "the sandbox has no json endpoint; use form");
    return 0;
}

/* ---- Requests ------------------------------------------------------------------------ */

/* C0, DEL and C1, but LF, FF, CR and TAB. */
static bool has_controls(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if ((*at < 0x20 && *at != '\n' && *at != '\f' && *at != '\r' && *at != '\t') ||
            *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
            return true;
    return false;
}

const char *sl_africastalking_sender(const struct sl_call *call)
{
    const char *sender = call->in.sms->from;

    if (!sender || !*sender)
        sender = call->settings->values[SENDER_ID];
    return sender && *sender ? sender : NULL;
}

static void address(const struct sl_call *call, struct sl_request *request)
{
    request->base = base(call->settings);
    sl_request_header(request, "apiKey", call->settings->values[API_KEY]);
    sl_request_header(request, "Accept", "application/json"); /* or the answer is XML */
}

static void write_form(const struct sl_call *call, const char *sender, struct sl_request *request)
{
    const struct sl_sms_send *sms = call->in.sms;
    const char *const *values = call->settings->values;
    struct sl_buf to = sl_buf_new(call->arena), form = sl_buf_new(call->arena);

    for (size_t i = 0; i < sms->n_to; i++) {
        sl_buf_text(&to, i > 0 ? "," : "");
        sl_buf_text(&to, sms->to[i]);
    }
    sl_form_add(&form, "username", values[USERNAME]);
    sl_form_add(&form, "to", to.data);
    sl_form_add(&form, "message", sms->text);
    sl_form_add(&form, "from", sender);
    sl_form_add(&form, "bulkSMSMode", "1");
    sl_form_add(&form, "enqueue", strcmp(values[ENQUEUE], "true") == 0 ? "1" : "0");
    request->path = "/version1/messaging";
    sl_request_form(request, &form);
}

static void write_json(const struct sl_call *call, const char *sender, struct sl_request *request)
{
    const struct sl_sms_send *sms = call->in.sms;
    const char *const *values = call->settings->values;
    struct sl_buf body = sl_buf_new(call->arena);

    sl_body_text(&body, "username", values[USERNAME]);
    sl_body_text(&body, "message", sms->text);
    sl_body_text(&body, "senderId", sender);
    sl_body_json(&body, "enqueue", strcmp(values[ENQUEUE], "true") == 0 ? "1" : "0");
    sl_body_texts(&body, "phoneNumbers", sms->to, sms->n_to);
    request->path = "/version1/messaging/bulk";
    sl_request_json(request, &body);
}

static int build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *sender = sl_africastalking_sender(call);
    bool json = strcmp(call->settings->values[ENDPOINT], "json") == 0;

    if (!*call->in.sms->text)
        return sl_err_set(err, SL_ERR_DATA, "the message is empty");
    if (has_controls(call->in.sms->text))
        return sl_err_set(err, SL_ERR_DATA,
                          "the message has control characters other than new lines and tabs");
    if (sender && !is_sender(sender))
        return sl_err_set(err, SL_ERR_DATA,
                          "'%s' is neither a sender name of up to 11 characters nor a short code "
                          "of 3 to 6 digits",
                          sender);
    if (json && !sender)
        return sl_err_set(err, SL_ERR_CONFIG,
                          "the json endpoint needs a sender: set sender_id, or endpoint to form");
    request->method = "POST";
    address(call, request);
    if (json)
        write_json(call, sender, request);
    else
        write_form(call, sender, request);
    return 0;
}

static int build_user(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    struct sl_buf query = sl_buf_new(call->arena);

    (void)err;
    sl_form_add(&query, "username", call->settings->values[USERNAME]);
    request->method = "GET";
    request->path = sl_arena_printf(call->arena, "/version1/user?%s", query.data);
    address(call, request);
    return 0;
}

/* ---- The table ------------------------------------------------------------------------- */

static const struct sl_step steps_send[] = {
    { build_send, sl_africastalking_parse_send, .ambiguous = { .last = SL_HOLD }, .answer_s = 60,
      .answer_item_ms = 100 },
};
static const struct sl_step steps_test[] = {
    { build_user, sl_africastalking_parse_test, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_balance[] = {
    { build_user, sl_africastalking_parse_balance, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "sms.send", .input = SL_INPUT_SMS, .steps = steps_send, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
    { .name = "balance", .steps = steps_balance, .n_steps = 1 },
};

const struct sl_adapter sl_africastalking = {
    .code = "africastalking",
    .name = "Africa's Talking",
    .adapter_class = "AfricasTalkingAdapter",
    .category = SL_SMS,
    .environment = "production", /* a username that is not sandbox is live */
    /* ours: the provider documents none */
    .limits = { .rate_per_second = 10,
                .burst = 20,
                .max_in_flight = 16,
                .batch_size = 100,
                .most_items = 1000 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .hook_alias = "at",
    .hooks = sl_africastalking_hooks,
    .n_hooks = SL_AFRICASTALKING_HOOKS,
    .check = check,
};
