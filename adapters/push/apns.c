/* APNs, Apple Push Notification service (docs/providers/apns.md).
 *
 * Wire: one POST with JSON for each device, HTTP/2 alone, many at once over one connection that
 * belongs to one team and key. A token is signed here and kept for all processes, or a certificate
 * is shown in TLS. HTTP 200 with apns-id means accepted; nothing tells of delivery. A repetition
 * replaces the first one on the screen, by its collapse id. */
#include "adapters/push/apns.h"

#include <string.h>

#include "adapters/registry.h"
#include "lib/adapter/jwt.h"
#include "lib/adapter/push.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { AUTH, KEY_P8, KEY_ID, TEAM_ID, CERTIFICATE, CERTIFICATE_PASSWORD, TOPIC, PORT, N_FIELDS };

enum { MOST_BODY = 4096, MOST_COLLAPSE = 64, MOST_DEVICE = 200, TOKEN_LIVES_MS = 3600 * 1000 };

static const struct sl_field fields[N_FIELDS] = {
    [AUTH] = { .name = "auth",
               .help = "token: a key (.p8) that signs; certificate: an older push certificate",
               .kind = SL_FIELD_CHOICE,
               .choices = "token certificate",
               .otherwise = "token" },
    [KEY_P8] = { .name = "key_p8",
                 .help = "AuthKey_….p8: Certificates, Identifiers & Profiles > Keys",
                 .kind = SL_FIELD_FILE,
                 .secret = true,
                 .identity = true },
    [KEY_ID] = { .name = "key_id",
                 .help = "Ten characters: in the file's name, after AuthKey_",
                 .identity = true },
    [TEAM_ID] = { .name = "team_id",
                  .help = "Ten characters: Membership details",
                  .identity = true },
    [CERTIFICATE] = { .name = "certificate",
                      .help = "PEM of certificate and key in one file, or a .p12 in base64",
                      .kind = SL_FIELD_FILE,
                      .certificate = true,
                      .secret = true,
                      .identity = true },
    [CERTIFICATE_PASSWORD] = { .name = "certificate_password",
                               .help = "Of the certificate's key",
                               .secret = true },
    [TOPIC] = { .name = "topic",
                .help = "Bundle id of the app, ke.example.school",
                .required = true },
    [PORT] = { .name = "port",
               .help = "2197 where a firewall lets 443 not through",
               .kind = SL_FIELD_CHOICE,
               .choices = "443 2197",
               .otherwise = "443" },
};

static const struct sl_wire_field wire_fields[] = { { "authorization", SL_SHOW_SECRET } };

/* ---- Settings ------------------------------------------------------------------------ */

static bool by_certificate(const struct sl_settings *settings)
{
    return settings->values[AUTH] && strcmp(settings->values[AUTH], "certificate") == 0;
}

static bool by_token(const struct sl_settings *settings)
{
    return !by_certificate(settings);
}

static bool is_id(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 10 && !text[10];
}

static int check_token(const char *const *values, struct sl_err *err)
{
    static const int ids[] = { KEY_ID, TEAM_ID };

    if (!values[KEY_P8] || !values[KEY_ID] || !values[TEAM_ID])
        return sl_err_set(err, SL_ERR_CONFIG, "auth token needs key_p8, key_id and team_id");
    for (size_t i = 0; i < SL_COUNT(ids); i++)
        if (!is_id(values[ids[i]]))
            return sl_err_set(err, SL_ERR_CONFIG, "%s '%s' is not ten capital letters and digits",
                              fields[ids[i]].name, values[ids[i]]);
    return sl_private_key_check(SL_ES256, values[KEY_P8], err) < 0 ? sl_err_context(err, "key_p8")
                                                                   : 0;
}

/* Fills *cert from the setting. */
static int read_cert(struct sl_arena *arena, const char *const *values, struct sl_client_cert *cert,
                     struct sl_err *err)
{
    const char *text = values[CERTIFICATE];
    bool pem = text && strstr(text, "-----BEGIN ");

    if (!text)
        return sl_err_set(err, SL_ERR_CONFIG, "auth certificate needs certificate");
    *cert = (struct sl_client_cert){ .password = values[CERTIFICATE_PASSWORD] };
    if (pem)
        cert->pem = text;
    else
        cert->p12 = sl_unbase64(arena, text, &cert->n_p12);
    if (pem && (!strstr(text, "-----BEGIN CERTIFICATE-----") || !strstr(text, "PRIVATE KEY-----")))
        return sl_err_set(err, SL_ERR_CONFIG, "certificate has to hold both certificate and key");
    if (!pem && (!cert->p12 || cert->n_p12 < 2 || *cert->p12 != 0x30))
        return sl_err_set(err, SL_ERR_CONFIG, "certificate is neither PEM nor a .p12 in base64");
    return 0;
}

static int check(struct sl_arena *arena, const struct sl_settings *settings, struct sl_err *err)
{
    const char *const *values = settings->values;
    struct sl_client_cert cert;

    return by_token(settings) ? check_token(values, err) : read_cert(arena, values, &cert, err);
}

/* ---- The token ----------------------------------------------------------------------- */

static int build_grant(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    (void)call, (void)request, (void)err; /* it is only signed: nothing is sent */
    return 0;
}

static void parse_grant(const struct sl_call *call, const struct sl_exchange *exchange,
                        struct sl_result *result)
{
    const char *const *values = call->settings->values;
    struct sl_outcome outcome = { .verdict = SL_OK };
    struct sl_err err;

    (void)exchange;
    if (check_token(values, &err) == 0)
        result->token.access =
            sl_jwt_sign(call->arena, SL_ES256, values[KEY_P8],
                        sl_arena_printf(call->arena, "{\"alg\":\"ES256\",\"kid\":\"%s\"}",
                                        values[KEY_ID]),
                        sl_arena_printf(call->arena, "{\"iss\":\"%s\",\"iat\":%lld}",
                                        values[TEAM_ID], (long long)(call->now_ms / 1000)),
                        &err);
    result->token.type = "Bearer";
    result->token.lives_ms = TOKEN_LIVES_MS;
    if (!result->token.access) {
        outcome.verdict = SL_PERMANENT;
        outcome.concerns = SL_ACCOUNT;
        outcome.text = sl_arena_strdup(call->arena, err.text);
    }
    sl_result_all(result, outcome);
}

/* ---- A notification ------------------------------------------------------------------ */

/* Lower-case digits, also of "<abcd 0123>", as some apps write it. */
static const char *read_device(struct sl_arena *arena, const char *token)
{
    struct sl_buf hex = sl_buf_new(arena);

    for (; *token; token++) {
        char letter = *token >= 'A' && *token <= 'F' ? (char)(*token - 'A' + 'a') : *token;

        if (strchr("<> ", letter))
            continue;
        if (!strchr("0123456789abcdef", letter))
            return NULL;
        sl_buf_add(&hex, &letter, 1);
    }
    return hex.len >= 2 && hex.len <= MOST_DEVICE && hex.len % 2 == 0 ? hex.data : NULL;
}

/* A UUID of version 8 (RFC 9562, section 5.8) that is the same on every attempt. */
static const char *make_apns_id(const struct sl_call *call)
{
    unsigned char hash[SL_SHA256_SIZE];
    char hex[33];

    sl_sha256(call->id, strlen(call->id), hash);
    hash[6] = (unsigned char)(0x80 | (hash[6] & 0x0f));
    hash[8] = (unsigned char)(0x80 | (hash[8] & 0x3f));
    sl_hex(hash, 16, hex);
    return sl_arena_printf(call->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                           hex + 16, hex + 20);
}

static int write_body(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    const struct sl_push_send *push = call->in.push;
    struct json_object *aps = sl_json_put_object(doc, "aps"), *alert;

    if (sl_push_shown(push)) {
        alert = sl_json_put_object(aps, "alert");
        sl_json_put_text(alert, "title", push->title);
        sl_json_put_text(alert, "body", push->body);
    }
    sl_push_aps(push, aps);
    if (push->image) /* for the app's notification service extension, which fetches it */
        sl_json_put_int(aps, "mutable-content", 1);
    sl_json_put_text(doc, "image", push->image);
    for (size_t i = 0; i < push->n_data; i++) {
        if (strcmp(push->data[i].name, "aps") == 0)
            return sl_err_set(err, SL_ERR_DATA, "data named 'aps' is reserved by APNs");
        sl_json_put_text(doc, push->data[i].name, push->data[i].value);
    }
    return sl_push_body(call, doc, MOST_BODY, request, err);
}

static const char *base(const struct sl_call *call)
{
    const struct sl_settings *settings = call->settings;
    bool sandbox = strcmp(settings->environment, "sandbox") == 0;

    if (settings->base_url)
        return settings->base_url;
    return sl_arena_printf(call->arena, "https://api.%spush.apple.com%s", sandbox ? "sandbox." : "",
                           strcmp(settings->values[PORT], "2197") == 0 ? ":2197" : "");
}

/* A connection is bound to the team of its first request: another's token on it is refused. The
 * certificates of two accounts are told apart by the transfer itself. */
static int address(const struct sl_call *call, const char *device, struct sl_request *request,
                   struct sl_err *err)
{
    const char *const *values = call->settings->values;
    struct sl_client_cert *cert;

    request->method = "POST";
    request->base = base(call);
    request->path = sl_arena_printf(call->arena, "/3/device/%s", device);
    request->http2 = true;
    if (by_certificate(call->settings)) {
        cert = SL_NEW(call->arena, struct sl_client_cert, 1);
        request->cert = cert;
        return read_cert(call->arena, values, cert, err);
    }
    request->pool = sl_arena_printf(call->arena, "apns %s %s %s", values[TEAM_ID], values[KEY_ID],
                                    request->base);
    sl_request_header(request, "authorization",
                      sl_arena_printf(call->arena, "bearer %s", call->token));
    return 0;
}

static void add_headers(const struct sl_call *call, struct sl_request *request)
{
    const struct sl_push_send *push = call->in.push;
    bool shown = sl_push_shown(push);
    bool normal = !shown || (push->priority && strcmp(push->priority, "normal") == 0);
    int64_t until_s = push->ttl_s > 0 ? call->now_ms / 1000 + push->ttl_s : 0;

    sl_request_header(request, "apns-topic", call->settings->values[TOPIC]);
    sl_request_header(request, "apns-push-type", shown ? "alert" : "background");
    sl_request_header(request, "apns-priority", normal ? "5" : "10");
    if (push->ttl_s >= 0)
        sl_request_header(request, "apns-expiration",
                          sl_arena_printf(call->arena, "%lld", (long long)until_s));
    sl_request_header(request, "apns-id", make_apns_id(call));
    if (shown)
        sl_request_header(request, "apns-collapse-id", sl_push_collapse(call));
}

static int build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_push_send *push = call->in.push;
    const char *device = read_device(call->arena, push->to);

    if (!device)
        return sl_err_set(err, SL_ERR_DATA,
                          "this is no device token of APNs, which is hexadecimal");
    if (!sl_push_shown(push) && push->n_data == 0)
        return sl_err_set(err, SL_ERR_DATA,
                          "the notification is empty: it has no title, body or data");
    if (push->collapse && strlen(push->collapse) > MOST_COLLAPSE)
        return sl_err_set(err, SL_ERR_DATA, "the collapse key is longer than %d bytes",
                          MOST_COLLAPSE);
    if (address(call, device, request, err) < 0)
        return -1;
    add_headers(call, request);
    return write_body(call, request, err);
}

/* To nobody: that the device is refused means that all the rest is right. */
static int build_test(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    static const char body[] = "{\"aps\":{\"alert\":\"test\"}}";
    static const char nobody[] = "0000000000000000000000000000000000000000000000000000000000000000";

    request->body = body;
    request->n_body = sizeof body - 1;
    sl_request_header(request, "apns-topic", call->settings->values[TOPIC]);
    sl_request_header(request, "apns-push-type", "alert");
    sl_request_header(request, "apns-expiration", "0");
    return address(call, nobody, request, err);
}

/* ---- The table ----------------------------------------------------------------------- */

static const struct sl_grant grant = {
    .step = { build_grant, parse_grant, .ambiguous = { .last = SL_RESEND } },
    .needed = by_token,
    .renew_before_s = 15 * 60, /* a new one every 45 minutes: Apple wants 20 to 60 */
    .least_age_s = 20 * 60,
};

static const struct sl_step steps_send[] = {
    { build_send, sl_apns_parse_send, .answer_headers = sl_apns_headers,
      .ambiguous = { .last = SL_RESEND } },
};
static const struct sl_step steps_test[] = {
    { build_test, sl_apns_parse_test, .ambiguous = { .last = SL_RESEND } },
};

static const struct sl_op ops[] = {
    { .name = "push.send", .input = SL_INPUT_PUSH, .steps = steps_send, .n_steps = 1 },
    { .name = "test", .steps = steps_test, .n_steps = 1 },
};

const struct sl_adapter sl_apns = {
    .code = "apns",
    .name = "APNs",
    .adapter_class = "ApnsAdapter",
    .category = SL_PUSH,
    .environment = "production",
    /* ours: Apple publishes none, and says itself how many streams it takes */
    .limits = { .rate_per_second = 1000,
                .burst = 500,
                .max_in_flight = 500,
                .batch_size = 1,
                .most_items = 1 },
    .fields = fields,
    .n_fields = SL_COUNT(fields),
    .wire_fields = wire_fields,
    .n_wire_fields = SL_COUNT(wire_fields),
    .grant = &grant,
    .ops = ops,
    .n_ops = SL_COUNT(ops),
    .check = check,
};
