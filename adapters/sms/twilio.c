/* Twilio, SMS.
 *
 * Wire: one form for each recipient, HTTP 201 with the message as JSON; refusals have a code in
 * JSON. Delivery is told by forms that are signed over our address and all their fields (SDK twilio
 * 6.2.0; docs/providers/twilio.md). There is no idempotency key: a lost answer is settled by the
 * callback, whose address carries our id, or by the list of messages. */
#include "adapters/sms/twilio.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/form.h"

static const struct sl_field fields[N_FIELDS] = {
    [ACCOUNT_SID] = { .name = "account_sid",
                      .help = "Console > Account Info: AC and 32 digits",
                      .required = true,
                      .identity = true,
                      .callback = true },
    [AUTH_TOKEN] = { .name = "auth_token",
                     .help =
                         "Beside it; also proves callbacks, so it is wanted with an API key too",
                     .secret = true,
                     .identity = true,
                     .callback = true },
    [OLD_AUTH_TOKEN] = { .name = "old_auth_token",
                         .help = "The auth token before, while callbacks may be signed with it",
                         .secret = true,
                         .callback = true },
    [API_KEY_SID] = { .name = "api_key_sid",
                      .help = "Account > API keys: SK and 32 digits; signs in instead of the auth "
                              "token",
                      .identity = true },
    [API_KEY_SECRET] = { .name = "api_key_secret",
                         .help = "Shown once, when the key is made",
                         .secret = true,
                         .identity = true },
    [FROM] = { .name = "from",
               .help = "Number of the account, short code, or name of up to 11 characters" },
    [MESSAGING_SERVICE_SID] = { .name = "messaging_service_sid",
                                .help = "Messaging > Services: MG and 32 digits; chooses the "
                                        "sender from its pool" },
    [STATUS_CALLBACK] = { .name = "status_callback",
                          .help = "Where deliveries are reported: what `sl-config webhook add` "
                                  "prints for status",
                          .kind = SL_FIELD_URL },
    [VALIDITY_PERIOD] = { .name = "validity_period",
                          .help = "Seconds that Twilio may hold a message",
                          .kind = SL_FIELD_INT,
                          .least = 1,
                          .most = 36000,
                          .otherwise = "36000" },
    [SMART_ENCODING] = { .name = "smart_encoding",
                         .help = "Whether Twilio replaces characters that make texts dearer",
                         .kind = SL_FIELD_BOOL,
                         .otherwise = "false" },
    [LOW_BALANCE] = { .name = "low_balance",
                      .help = "An alert tells when less than this is left of the balance",
                      .kind = SL_FIELD_INT,
                      .least = 1,
                      .most = 1000000000 },
};

/* From is our sender in a request, and a parent in a callback. */
static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },
    { "To", SL_SHOW_PHONE },
    { "From", SL_SHOW_PHONE },
    { "PhoneNumber", SL_SHOW_PHONE },
};

/* ---- Settings ------------------------------------------------------------------------ */

bool sl_twilio_is_sid(const char *text, const char *prefix)
{
    return strncmp(text, prefix, 2) == 0 && strspn(text + 2, "0123456789abcdef") == 32 &&
           strlen(text) == 34;
}

bool sl_twilio_is_number(const char *sender)
{
    size_t n = strspn(sender + (*sender == '+'), "0123456789");

    return *sender == '+' && sender[1] != '0' && n >= 7 && n <= 15 && !sender[1 + n];
}

static bool is_name(const char *sender)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t n = strlen(sender);

    return n >= 1 && n <= 11 && strpbrk(sender, letters) &&
           strspn(sender, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 +-_&") ==
               n;
}

static bool is_sender(const char *sender)
{
    size_t n = strlen(sender);
    bool short_code = strspn(sender, "0123456789") == n && n >= 3 && n <= 8;

    return sl_twilio_is_number(sender) || short_code || is_name(sender);
}

static int refuse_sender(const char *sender, enum sl_err_code code, struct sl_err *err)
{
    return is_sender(sender)
               ? 0
               : sl_err_set(err, code,
                            "'%s' is neither a number like +15005550006, nor a short code, nor a "
                            "name of up to 11 characters with a letter in it",
                            sender);
}

static const char *given(const struct sl_settings *settings, int field)
{
    const char *value = settings->values[field];

    return value && *value ? value : NULL;
}

static int check_sids(const struct sl_settings *settings, struct sl_err *err)
{
    static const struct {
        int field;
        const char *prefix;
    } sids[] = {
        { ACCOUNT_SID, "AC" },
        { API_KEY_SID, "SK" },
        { MESSAGING_SERVICE_SID, "MG" },
    };

    for (size_t i = 0; i < SL_COUNT(sids); i++) {
        const char *sid = given(settings, sids[i].field);

        if (sid && !sl_twilio_is_sid(sid, sids[i].prefix))
            return sl_err_set(err, SL_ERR_CONFIG, "%s '%s' is not %s and 32 digits of 0-9 a-f",
                              fields[sids[i].field].name, sid, sids[i].prefix);
    }
    return 0;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *host = given(settings, STATUS_CALLBACK);
    bool key = given(settings, API_KEY_SID) != NULL;

    (void)arena;
    if (check_sids(settings, err) < 0)
        return -1;
    if (key != (given(settings, API_KEY_SECRET) != NULL))
        return sl_err_set(err, SL_ERR_CONFIG, "api_key_sid and api_key_secret go together");
    if (!key && !given(settings, AUTH_TOKEN))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "auth_token is missing, or api_key_sid with its "
                          "secret");
    if (!given(settings, FROM) && !given(settings, MESSAGING_SERVICE_SID))
        return sl_err_set(err, SL_ERR_CONFIG, "from is missing, or messaging_service_sid");
    if (given(settings, FROM) && refuse_sender(settings->values[FROM], SL_ERR_CONFIG, err) < 0)
        return sl_err_context(err, "from");
    host = host ? strstr(host, "://") : NULL;
    if (host && memchr(host + 3, '_', strcspn(host + 3, "/:?#")))
        return sl_err_set(err, SL_ERR_CONFIG,
                          "status_callback: Twilio calls no host with an underscore in its name");
    return 0;
}

const char *sl_twilio_sender(const struct sl_call *call, const char *asked)
{
    return asked && *asked ? asked : given(call->settings, FROM);
}

/* ---- Requests ------------------------------------------------------------------------ */

static const char *base(const struct sl_settings *settings, const char *otherwise)
{
    return settings->base_url ? settings->base_url : otherwise;
}

static void address(const struct sl_call *call, struct sl_request *request, const char *method)
{
    const struct sl_settings *settings = call->settings;
    bool key = given(settings, API_KEY_SID) != NULL;

    request->method = method;
    request->base = base(settings, "https://api.twilio.com");
    sl_request_basic(request, call->arena, settings->values[key ? API_KEY_SID : ACCOUNT_SID],
                     settings->values[key ? API_KEY_SECRET : AUTH_TOKEN]);
    sl_request_header(request, "Accept", "application/json");
}

/* "/2010-04-01/Accounts/AC…" and what is behind it. */
static const char *path_of(const struct sl_call *call, const char *rest)
{
    return sl_arena_printf(call->arena, "/2010-04-01/Accounts/%s%s",
                           call->settings->values[ACCOUNT_SID], rest);
}

/* With our id in the query, which is what settles a lost answer. The fragment is for Twilio, which
 * neither sends nor signs it: reports that we do not take are repeated up to five times. */
static const char *callback_of(const struct sl_call *call)
{
    const char *url = given(call->settings, STATUS_CALLBACK);
    size_t n = url ? strcspn(url, "#") : 0;

    if (!url)
        return NULL;
    return sl_arena_printf(call->arena, "%.*s%sid=%s%s", (int)n, url,
                           memchr(url, '?', n) ? "&" : "?", call->id,
                           url[n] ? url + n : "#rc=5&rp=all");
}

/* In UTF-16 units, which is the safe way to count them. */
static size_t units_of(const char *text)
{
    size_t n = 0;

    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        n += (size_t)((*at & 0xc0) != 0x80) + (size_t)(*at >= 0xf0);
    return n;
}

enum { MOST_UNITS = 1600 };

static int build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_sms_send *sms = call->in.sms;
    const char *const *values = call->settings->values;
    const char *sender = sl_twilio_sender(call, sms->from);
    struct sl_buf form = sl_buf_new(call->arena);

    if (!*sms->text)
        return sl_err_set(err, SL_ERR_DATA, "the message is empty");
    if (units_of(sms->text) > MOST_UNITS)
        return sl_err_set(err, SL_ERR_DATA, "the message is longer than %d characters", MOST_UNITS);
    if (sms->n_to != 1)
        return sl_err_set(err, SL_ERR_DATA, "one request takes one recipient");
    if (sender && refuse_sender(sender, SL_ERR_DATA, err) < 0)
        return -1;
    sl_form_add(&form, "To", sms->to[0]);
    sl_form_add(&form, "StatusCallback", callback_of(call));
    sl_form_add(&form, "From", sender);
    sl_form_add(&form, "MessagingServiceSid", given(call->settings, MESSAGING_SERVICE_SID));
    sl_form_add(&form, "Body", sms->text);
    if (strcmp(values[VALIDITY_PERIOD], fields[VALIDITY_PERIOD].otherwise) != 0)
        sl_form_add(&form, "ValidityPeriod", values[VALIDITY_PERIOD]);
    if (strcmp(values[SMART_ENCODING], "true") == 0)
        sl_form_add(&form, "SmartEncoded", "true");
    address(call, request, "POST");
    request->path = path_of(call, "/Messages.json");
    sl_request_form(request, &form);
    return 0;
}

/* By its sid, where it is known; else the list, without a date: what is still queued has none. */
static int build_status(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_message_asked *message = &call->in.asked->messages[0];
    struct sl_buf query = sl_buf_new(call->arena);

    (void)err;
    sl_form_add(&query, "To", message->to);
    sl_form_add(&query, "PageSize", "100");
    address(call, request, "GET");
    request->path =
        path_of(call, message->external
                          ? sl_arena_printf(call->arena, "/Messages/%s.json", message->external)
                          : sl_arena_printf(call->arena, "/Messages.json?%s", query.data));
    return 0;
}

static int build_balance(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    address(call, request, "GET");
    request->path = path_of(call, "/Balance.json");
    return 0;
}

/* A standard key may not read the account, but its messages. */
static int build_test(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)err;
    address(call, request, "GET");
    request->path =
        path_of(call, given(call->settings, API_KEY_SID) ? "/Messages.json?PageSize=1" : ".json");
    return 0;
}

/* Only for test credentials, with which nothing is sent and nothing else works. */
static int build_magic(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    struct sl_buf form = sl_buf_new(call->arena);

    (void)err;
    sl_form_add(&form, "To", "+254711000001");
    sl_form_add(&form, "From", "+15005550006");
    sl_form_add(&form, "Body", "Test");
    address(call, request, "POST");
    request->path = path_of(call, "/Messages.json");
    sl_request_form(request, &form);
    return 0;
}

/* Names and short codes are never listed. */
static int build_number(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *from = given(call->settings, FROM);
    struct sl_buf query = sl_buf_new(call->arena);

    (void)err;
    if (!from || !sl_twilio_is_number(from))
        return 0;
    sl_form_add(&query, "PhoneNumber", from);
    sl_form_add(&query, "PageSize", "1");
    address(call, request, "GET");
    request->path =
        path_of(call, sl_arena_printf(call->arena, "/IncomingPhoneNumbers.json?%s", query.data));
    return 0;
}

static int build_service(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const char *service = given(call->settings, MESSAGING_SERVICE_SID);

    (void)err;
    if (!service)
        return 0;
    address(call, request, "GET");
    request->base = base(call->settings, "https://messaging.twilio.com");
    request->path = sl_arena_printf(call->arena, "/v1/Services/%s", service);
    return 0;
}

/* ---- The table ------------------------------------------------------------------------- */

/* The first report comes within seconds, or behind a long queue within hours; the list may lag. */
static const struct sl_step steps_send[] = {
    { build_send, sl_twilio_parse_send,
      .ambiguous = { .callback = "status",
                     .query = "sms.status",
                     .ask_at_s = { 60, 180, 600 },
                     .until_s = 900,
                     .last = SL_RESEND_IF_ABSENT } },
};
static const struct sl_step steps_status[] = {
    { build_status, sl_twilio_parse_status, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_balance[] = {
    { build_balance, sl_twilio_parse_balance, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_test[] = {
    { build_test, sl_twilio_parse_test, .ambiguous = { .last = SL_RESEND } },
    { build_magic, sl_twilio_parse_magic, .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_deep[] = {
    { build_number, sl_twilio_parse_number, .ambiguous = { .last = SL_RESEND } },
    { build_service, sl_twilio_parse_service, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "sms.send", .input = SL_INPUT_SMS, .steps = steps_send, .n_steps = 1 },
    { .name = "sms.status", .input = SL_INPUT_MESSAGES, .steps = steps_status, .n_steps = 1 },
    { .name = "balance", .steps = steps_balance, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = SL_COUNT(steps_test) },
    { .name = "test.deep", .steps = steps_deep, .n_steps = SL_COUNT(steps_deep) },
};

const struct sl_adapter sl_twilio = {
    .code = "twilio",
    .name = "Twilio",
    .adapter_class = "TwilioAdapter",
    .category = SL_SMS,
    .environment = "production", /* test credentials are another account */
    /* of a long code; what else may send is faster, and the account's own affair */
    .limits = { .rate_per_second = 1,
                .burst = 10,
                .max_in_flight = 20,
                .batch_size = 1,
                .unit = SL_PER_SEGMENT,
                .most_items = 1 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .hook_alias = "tw",
    .hooks = sl_twilio_hooks,
    .n_hooks = SL_TWILIO_HOOKS,
    .check = check,
};
