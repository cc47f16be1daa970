#include "tests/attacks/genuine.h"

#include <stdlib.h>
#include <string.h>

#include "lib/adapter/form.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "sandbox/keys.h"

static struct part part_of(const char *name, char *text, size_t proven)
{
    size_t n = strlen(text);

    return (struct part){ name, text, n, proven < n ? proven : n };
}

static const char *hex_of(struct sl_arena *arena, const unsigned char *bytes, size_t n)
{
    char *hex = sl_arena_alloc(arena, 2 * n + 1, 1);

    sl_hex(bytes, n, hex);
    return hex;
}

static const char *hmac_hex(struct sl_arena *arena, const char *secret, const char *text)
{
    unsigned char mac[SL_SHA256_SIZE];

    sl_hmac_sha256(secret, strlen(secret), text, strlen(text), mac);
    return hex_of(arena, mac, sizeof mac);
}

/* ---- Providers ------------------------------------------------------------------------------ */

static void sign_flutterwave(struct sl_arena *arena, const struct event *event, int64_t at_s,
                             struct callback *callback)
{
    (void)at_s;
    callback->parts[BODY].proven = 0;
    callback->parts[HEADER] =
        part_of("verif-hash", sl_arena_strdup(arena, event->secret), SIZE_MAX);
}

static void sign_flutterwave_body(struct sl_arena *arena, const struct event *event, int64_t at_s,
                                  struct callback *callback)
{
    unsigned char mac[SL_SHA256_SIZE];

    (void)at_s;
    sl_hmac_sha256(event->secret, strlen(event->secret), event->body, strlen(event->body), mac);
    callback->parts[HEADER] =
        part_of("flutterwave-signature", sl_base64(arena, mac, sizeof mac), SIZE_MAX);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sl_pair *)a)->name, ((const struct sl_pair *)b)->name);
}

static void sign_twilio(struct sl_arena *arena, const struct event *event, int64_t at_s,
                        struct callback *callback)
{
    struct sl_pair *fields;
    int n = sl_form_fields(arena, event->body, strlen(event->body), &fields);
    struct sl_buf text = sl_buf_new(arena);
    unsigned char mac[SL_SHA1_SIZE];

    (void)at_s;
    qsort(fields, (size_t)n, sizeof *fields, by_name);
    sl_buf_text(&text, event->base);
    sl_buf_text(&text, event->path);
    for (int i = 0; i < n; i++) {
        sl_buf_text(&text, fields[i].name);
        sl_buf_text(&text, fields[i].value);
    }
    sl_hmac_sha1(event->secret, strlen(event->secret), text.data, text.len, mac);
    callback->parts[HEADER] =
        part_of("X-Twilio-Signature", sl_base64(arena, mac, sizeof mac), SIZE_MAX);
}

static void sign_sendgrid(struct sl_arena *arena, const struct event *event, int64_t at_s,
                          struct callback *callback)
{
    char *at = sl_arena_printf(arena, "%lld", (long long)at_s);
    const char *bytes = sl_arena_printf(arena, "%s%s", at, event->body), *signature = "";

    while (!strchr(signature, '=')) /* one that ends with bits that stand for nothing */
        signature = sl_sandbox_sign_p256(arena, bytes, strlen(bytes));
    callback->parts[HEADER] = part_of("X-Twilio-Email-Event-Webhook-Signature",
                                      sl_arena_strdup(arena, signature), SIZE_MAX);
    callback->parts[SECOND_HEADER] =
        part_of("X-Twilio-Email-Event-Webhook-Timestamp", at, SIZE_MAX);
}

/* The proof is in the body, and covers a time and a token alone. */
static void sign_mailgun(struct sl_arena *arena, const struct event *event, int64_t at_s,
                         struct callback *callback)
{
    static const char token[] = "5a5b0c3df2a4bd1d4a9b3d28a1b0d6c5d6f2b8e3c7a90f1e2d";
    const char *signature =
        hmac_hex(arena, event->secret, sl_arena_printf(arena, "%lld%s", (long long)at_s, token));
    char *proof = sl_arena_printf(arena,
                                  "{\"signature\":{\"timestamp\":\"%lld\",\"token\":\"%s\","
                                  "\"signature\":\"%s\"},",
                                  (long long)at_s, token, signature);

    callback->parts[BODY] =
        part_of(NULL, sl_arena_printf(arena, "%s%s", proof, event->body + 1), strlen(proof));
}

static void sign_whatsapp(struct sl_arena *arena, const struct event *event, int64_t at_s,
                          struct callback *callback)
{
    (void)at_s;
    callback->parts[HEADER] =
        part_of("X-Hub-Signature-256",
                sl_arena_printf(arena, "sha256=%s", hmac_hex(arena, event->secret, event->body)),
                SIZE_MAX);
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct scheme schemes[] = {
    { .name = "mpesa", .provider = "mpesa" },
    { .name = "flutterwave", .provider = "flutterwave", .sign = sign_flutterwave },
    { .name = "flutterwave-hmac", .provider = "flutterwave", .sign = sign_flutterwave_body },
    { .name = "pesapal", .provider = "pesapal" },
    { .name = "africastalking", .provider = "africastalking" },
    { .name = "twilio", .provider = "twilio", .sign = sign_twilio, .keyed = true },
    { .name = "sendgrid",
      .provider = "sendgrid",
      .sign = sign_sendgrid,
      .timed = true,
      .keyed = true },
    { .name = "mailgun",
      .provider = "mailgun",
      .sign = sign_mailgun,
      .timed = true,
      .keyed = true },
    { .name = "whatsapp", .provider = "whatsapp", .sign = sign_whatsapp, .keyed = true },
};

const struct scheme *scheme_find(const char *name)
{
    for (size_t i = 0; i < SL_COUNT(schemes); i++)
        if (strcmp(schemes[i].name, name) == 0)
            return &schemes[i];
    return NULL;
}

struct callback genuine(struct sl_arena *arena, const struct scheme *scheme,
                        const struct event *event, int64_t at_s)
{
    struct callback callback = { .provider = scheme->provider, .type = event->type };

    callback.parts[PATH] = part_of(NULL, sl_arena_strdup(arena, event->path), SIZE_MAX);
    callback.parts[BODY] =
        part_of(NULL, sl_arena_strdup(arena, event->body), scheme->sign ? SIZE_MAX : 0);
    if (scheme->sign)
        scheme->sign(arena, event, at_s, &callback);
    return callback;
}
