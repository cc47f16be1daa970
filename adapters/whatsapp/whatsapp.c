/* WhatsApp Business Platform, Cloud API.
 *
 * Wire: JSON to one path of the number, one person a request, HTTP 200 with the message's id, which
 * says only that it was taken; errors are a JSON object whose `code` decides
 * (docs/providers/whatsapp.md). What becomes of a message is told by signed callbacks alone: there is no query and no idempotency
 * key. Each carries our own id, which settles a lost answer. */
#include "adapters/whatsapp/whatsapp.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/form.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

static const struct sl_field fields[N_FIELDS] = {
    [ACCESS_TOKEN] = { .name = "access_token",
                       .help = "Business settings > System users > Generate token, never expiring, "
                               "with whatsapp_business_messaging and …_management",
                       .required = true,
                       .secret = true,
                       .identity = true },
    [PHONE_NUMBER_ID] = { .name = "phone_number_id",
                          .help =
                              "App > WhatsApp > API setup: the id of the number, not the number",
                          .required = true,
                          .identity = true,
                          .callback = true },
    [WABA_ID] = { .name = "waba_id",
                  .help = "WhatsApp Business Account id, beside it; templates are looked up by it",
                  .needed_for = "whatsapp.templates" },
    [APP_SECRET] = { .name = "app_secret",
                     .help = "App > Settings > Basic: 32 digits; proves callbacks",
                     .secret = true,
                     .callback = true },
    [VERIFY_TOKEN] = { .name = "verify_token",
                       .help = "A word of our own for App > WhatsApp > Configuration; `sl-config "
                               "webhook add` makes it",
                       .secret = true,
                       .callback = true,
                       .made = true },
    [API_VERSION] = { .name = "api_version",
                      .help = "Version of the interface",
                      .otherwise = "v24.0" },
    [DEFAULT_LANGUAGE] = { .name = "default_language",
                           .help = "Language of templates where none is given: en, en_US, sw …",
                           .otherwise = "en",
                           .stands_for = SL_STANDS_FOR_LANGUAGE },
    [DEFAULT_COUNTRY] = { .name = "default_country",
                          .help = "For numbers without country code; without it the school's",
                          .stands_for = SL_STANDS_FOR_COUNTRY },
    [APPSECRET_PROOF] = { .name = "appsecret_proof",
                          .help = "Whether calls prove that they know app_secret, as the app may "
                                  "require",
                          .kind = SL_FIELD_BOOL,
                          .otherwise = "false" },
    [OPTOUT_WORDS] = { .name = "optout_words",
                       .help = "Words by which parents opt out, comma-separated",
                       .callback = true,
                       .otherwise = "STOP,ACHA" },
};

static const struct sl_wire_field wire_fields[] = {
    { "Authorization", SL_SHOW_SECRET },
    { "appsecret_proof", SL_SHOW_SECRET },
    { "access_token", SL_SHOW_SECRET },
    { "to", SL_SHOW_PHONE },
    { "from", SL_SHOW_PHONE },
    { "input", SL_SHOW_PHONE },
    { "wa_id", SL_SHOW_PHONE },
    { "recipient_id", SL_SHOW_PHONE },
    { "phone", SL_SHOW_PHONE },
    { "phone_number_id", SL_SHOW_ID },
    { "biz_opaque_callback_data", SL_SHOW_ID },
    { "id", SL_SHOW_ID },
    { "message_id", SL_SHOW_ID },
};

/* ---- Settings ------------------------------------------------------------------------ */

static bool is_digits(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

static bool is_version(const char *text)
{
    size_t n = *text == 'v' ? strspn(text + 1, "0123456789") : 0;

    return n > 0 && strcmp(text + 1 + n, ".0") == 0;
}

static bool is_hex32(const char *text)
{
    return strspn(text, "0123456789abcdef") == 32 && !text[32];
}

static bool is_language(const char *text)
{
    return *text && !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")];
}

static bool is_country(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2 && !text[2];
}

static bool is_token(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    static const struct {
        int field;
        bool (*is)(const char *text);
        const char *what;
    } checks[] = {
        { ACCESS_TOKEN, is_token, "has a character that no token has" },
        { PHONE_NUMBER_ID, is_digits, "is not digits: the id of the number is meant" },
        { WABA_ID, is_digits, "is not digits" },
        { APP_SECRET, is_hex32, "is not 32 digits of 0-9 a-f" },
        { API_VERSION, is_version, "is not written like v24.0" },
        { DEFAULT_LANGUAGE, is_language, "is not written like en or en_US" },
        { DEFAULT_COUNTRY, is_country, "is not two capitals like KE" },
    };
    const char *const *values = settings->values;

    (void)arena;
    for (size_t i = 0; i < SL_COUNT(checks); i++)
        if (values[checks[i].field] && !checks[i].is(values[checks[i].field]))
            return sl_err_set(err, SL_ERR_CONFIG, "%s %s", fields[checks[i].field].name,
                              checks[i].what);
    if (values[APPSECRET_PROOF] && strcmp(values[APPSECRET_PROOF], "true") == 0 &&
        !values[APP_SECRET])
        return sl_err_set(err, SL_ERR_CONFIG, "appsecret_proof needs app_secret");
    return 0;
}

/* ---- Requests ------------------------------------------------------------------------ */

static const char *proof_of(const struct sl_call *call)
{
    const char *const *values = call->settings->values;
    const char *secret = values[APP_SECRET], *token = values[ACCESS_TOKEN];
    unsigned char mac[SL_SHA256_SIZE];
    char *hex = sl_arena_alloc(call->arena, 2 * SL_SHA256_SIZE + 1, 1);

    if (!secret || strcmp(values[APPSECRET_PROOF], "true") != 0)
        return NULL;
    sl_hmac_sha256(secret, strlen(secret), token, strlen(token), mac);
    sl_hex(mac, sizeof mac, hex);
    return hex;
}

void whatsapp_address(const struct sl_call *call, struct sl_request *request, const char *method,
                      const char *path)
{
    const struct sl_settings *settings = call->settings;
    const char *proof = proof_of(call);
    struct sl_buf full = sl_buf_new(call->arena);

    sl_buf_printf(&full, "/%s%s", settings->values[API_VERSION], path);
    if (proof)
        sl_buf_printf(&full, "%sappsecret_proof=%s", strchr(path, '?') ? "&" : "?", proof);
    request->method = method;
    request->base = settings->base_url ? settings->base_url : "https://graph.facebook.com";
    request->path = full.data;
    sl_request_header(request, "Authorization",
                      sl_arena_printf(call->arena, "Bearer %s", settings->values[ACCESS_TOKEN]));
}

static void get(const struct sl_call *call, struct sl_request *request, int id, const char *rest,
                const struct sl_buf *query)
{
    whatsapp_address(call, request, "GET",
                     sl_arena_printf(call->arena, "/%s%s%s%s", call->settings->values[id], rest,
                                     query && query->len > 0 ? "?" : "",
                                     query && query->len > 0 ? query->data : ""));
}

static int build_test(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    struct sl_buf query = sl_buf_new(call->arena);

    (void)err;
    sl_form_add(&query, "fields",
                "id,display_phone_number,verified_name,quality_rating,code_verification_status,"
                "platform_type,throughput,name_status");
    get(call, request, PHONE_NUMBER_ID, "", &query);
    return 0;
}

/* Some fields are not known to every version. */
static int build_test_again(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    struct sl_buf query = sl_buf_new(call->arena);

    (void)err;
    sl_form_add(&query, "fields", "id,display_phone_number,verified_name,quality_rating");
    get(call, request, PHONE_NUMBER_ID, "", &query);
    return 0;
}

static int build_subscribed(const struct sl_call *call, struct sl_request *request,
                            struct sl_err *err)
{
    (void)err;
    if (call->settings->values[WABA_ID])
        get(call, request, WABA_ID, "/subscribed_apps", NULL);
    return 0;
}

static const char template_fields[] = "name,language,status,category,components,parameter_format";

static int build_approved(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    struct sl_buf query = sl_buf_new(call->arena);

    (void)err;
    if (!call->settings->values[WABA_ID])
        return 0;
    sl_form_add(&query, "fields", template_fields);
    sl_form_add(&query, "limit", "100");
    get(call, request, WABA_ID, "/message_templates", &query);
    return 0;
}

static int build_templates(const struct sl_call *call, struct sl_request *request,
                           struct sl_err *err)
{
    const struct sl_whatsapp_template *template = call->in.whatsapp->template;
    struct sl_buf query = sl_buf_new(call->arena);

    if (!call->settings->values[WABA_ID])
        return sl_err_set(err, SL_ERR_CONFIG, "waba_id is not set: templates are looked up by it");
    sl_form_add(&query, "name", template ? template->name : NULL);
    sl_form_add(&query, "fields", template_fields);
    sl_form_add(&query, "limit", "100");
    sl_form_add(&query, "after", sl_json_text(call->memory, "after"));
    get(call, request, WABA_ID, "/message_templates", &query);
    return 0;
}

/* ---- The table ------------------------------------------------------------------------- */

const char whatsapp_window[] = "window", whatsapp_media[] = "media";

size_t whatsapp_facts(const struct sl_call *call, struct sl_fact *wanted)
{
    const struct sl_whatsapp_send *send = call->in.whatsapp;
    const struct sl_file *file = send->media ? send->media->file : NULL;

    wanted[WHATSAPP_WINDOW].kind = whatsapp_window;
    wanted[WHATSAPP_WINDOW].key = send->to ? send->to + (*send->to == '+') : "";
    if (!file)
        return 1;
    wanted[WHATSAPP_MEDIA].kind = whatsapp_media;
    wanted[WHATSAPP_MEDIA].key = file->sha256;
    return 2;
}

/* The first report comes within seconds. */
#define TAKEN_OR_HELD                                                                              \
    {                                                                                              \
        .callback = "events", .wait_s = 300, .last = SL_HOLD                                       \
    }

static const struct sl_step steps_send[] = {
    { whatsapp_build_send, whatsapp_parse_send, .facts = whatsapp_facts,
      .answer_headers = whatsapp_answer_headers, .ambiguous = TAKEN_OR_HELD },
};
static const struct sl_step steps_media[] = {
    { whatsapp_build_upload, whatsapp_parse_upload, .facts = whatsapp_facts,
      .answer_headers = whatsapp_answer_headers, .ambiguous = { .last = SL_RESEND },
      .answer_s = 300 },
    { whatsapp_build_send, whatsapp_parse_send, .facts = whatsapp_facts,
      .answer_headers = whatsapp_answer_headers, .ambiguous = TAKEN_OR_HELD },
};
static const struct sl_step steps_upload[] = {
    { whatsapp_build_upload, whatsapp_parse_upload_alone, .facts = whatsapp_facts,
      .answer_headers = whatsapp_answer_headers, .ambiguous = { .last = SL_RESEND },
      .answer_s = 300 },
};
static const struct sl_step steps_read[] = {
    { whatsapp_build_read, whatsapp_parse_read, .answer_headers = whatsapp_answer_headers,
      .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_templates[] = {
    { build_templates, whatsapp_parse_templates, .answer_headers = whatsapp_answer_headers,
      .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_test[] = {
    { build_test, whatsapp_parse_test, .answer_headers = whatsapp_answer_headers,
      .ambiguous = { .last = SL_RESEND } },
    { build_test_again, whatsapp_parse_test_again, .answer_headers = whatsapp_answer_headers,
      .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_deep[] = {
    { build_subscribed, whatsapp_parse_subscribed, .answer_headers = whatsapp_answer_headers,
      .ambiguous = { .last = SL_RESEND } },
    { build_approved, whatsapp_parse_approved, .answer_headers = whatsapp_answer_headers,
      .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "whatsapp.send", .input = SL_INPUT_WHATSAPP, .steps = steps_send, .n_steps = 1 },
    { .name = "whatsapp.media",
      .input = SL_INPUT_WHATSAPP,
      .steps = steps_media,
      .n_steps = SL_COUNT(steps_media) },
    { .name = "whatsapp.upload", .input = SL_INPUT_WHATSAPP, .steps = steps_upload, .n_steps = 1 },
    { .name = "whatsapp.read", .input = SL_INPUT_WHATSAPP, .steps = steps_read, .n_steps = 1 },
    { .name = "whatsapp.templates",
      .input = SL_INPUT_WHATSAPP,
      .steps = steps_templates,
      .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = SL_COUNT(steps_test) },
    { .name = "test.deep", .steps = steps_deep, .n_steps = SL_COUNT(steps_deep) },
};

const struct sl_adapter sl_whatsapp = {
    .code = "whatsapp",
    .name = "WhatsApp",
    .adapter_class = "WhatsAppAdapter",
    .category = SL_WHATSAPP,
    .environment = "production", /* the test number of an app is another number, not another host */
    .limits = { .rate_per_second = 20,
                .burst = 20,
                .max_in_flight = 40,
                .batch_size = 1,
                .unit = SL_PER_REQUEST,
                .most_items = 1 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .hook_alias = "wa",
    .hooks = whatsapp_hooks,
    .n_hooks = WHATSAPP_HOOKS,
    .check = check,
};
