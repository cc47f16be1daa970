/* Twilio: what it sends by itself, and its signature (docs/providers/twilio.md, 6). */
#include "adapters/sms/twilio.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/adapter/form.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"

/* ---- The signature --------------------------------------------------------------------- */

static int by_name_and_value(const void *a, const void *b)
{
    const struct sl_pair *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    return order != 0 ? order : strcmp(left->value, right->value);
}

/* All fields that came, sorted, names and values with nothing between them; a value that a name has
 * twice counts once. New fields come without notice, so none is left out. */
static const char *signed_fields(const struct sl_inbound *inbound, const struct sl_pair *fields,
                                 size_t n)
{
    struct sl_pair *sorted = SL_NEW(inbound->arena, struct sl_pair, n + 1);
    struct sl_buf text = sl_buf_new(inbound->arena);

    if (n > 0)
        memcpy(sorted, fields, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_name_and_value);
    sl_buf_text(&text, "");
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && by_name_and_value(&sorted[i - 1], &sorted[i]) == 0)
            continue;
        sl_buf_text(&text, sorted[i].name);
        sl_buf_text(&text, sorted[i].value);
    }
    return text.data;
}

/* The same address with its port left out, or with the usual one put in: Twilio signs sometimes the
 * one and sometimes the other. */
static const char *other_spelling(struct sl_arena *arena, const char *url)
{
    const char *host = strstr(url, "://"), *end, *port;

    if (!host)
        return url;
    host += 3;
    end = host + strcspn(host, "/?#");
    port = memchr(host, ':', (size_t)(end - host));
    if (port)
        return sl_arena_printf(arena, "%.*s%s", (int)(port - url), url, end);
    return sl_arena_printf(arena, "%.*s%s%s", (int)(end - url), url,
                           strncmp(url, "https:", 6) == 0 ? ":443" : ":80", end);
}

static bool is_signed_by(struct sl_arena *arena, const char *token, const char *message,
                         const char *signature)
{
    unsigned char mac[SL_SHA1_SIZE];
    const char *right;

    if (!token || !*token)
        return false;
    sl_hmac_sha1(token, strlen(token), message, strlen(message), mac);
    right = sl_base64(arena, mac, sizeof mac);
    return strlen(signature) == strlen(right) && sl_equal_secret(signature, right, strlen(right));
}

static bool is_signed(const struct sl_inbound *inbound, const char *fields)
{
    static const int tokens[] = { AUTH_TOKEN, OLD_AUTH_TOKEN };
    const char *signature = sl_inbound_header(inbound, "X-Twilio-Signature");
    const char *urls[] = { inbound->url, other_spelling(inbound->arena, inbound->url) };

    if (!signature)
        return false;
    for (size_t i = 0; i < SL_COUNT(tokens); i++)
        for (size_t j = 0; j < SL_COUNT(urls); j++)
            if (is_signed_by(inbound->arena, inbound->settings->values[tokens[i]],
                             sl_arena_printf(inbound->arena, "%s%s", urls[j], fields), signature))
                return true;
    return false;
}

static bool is_json(const struct sl_inbound *inbound)
{
    return strncasecmp(inbound->content_type, "application/json", 16) == 0;
}

/* A body that is no form is signed by its hash, which stands in the address. */
static bool is_hashed(const struct sl_inbound *inbound)
{
    unsigned char sum[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];
    const char *told =
        sl_form_value(inbound->arena, inbound->query, strlen(inbound->query), "bodySHA256");

    sl_sha256(inbound->body, inbound->n_body, sum);
    sl_hex(sum, sizeof sum, hex);
    return told && strlen(told) == strlen(hex) && sl_equal_secret(told, hex, strlen(hex));
}

static void refuse(struct sl_heard *heard, enum sl_proof proof, const char *why)
{
    heard->proof = proof;
    heard->why = why;
}

/* ---- What came ------------------------------------------------------------------------- */

/* One callback: its fields, decoded. */
struct callback {
    const struct sl_inbound *inbound;
    struct sl_pair *fields;
    size_t n_fields;
};

/* NULL for "" too. */
static const char *field(const struct callback *callback, const char *name)
{
    for (size_t i = 0; i < callback->n_fields; i++)
        if (strcmp(callback->fields[i].name, name) == 0)
            return *callback->fields[i].value ? callback->fields[i].value : NULL;
    return NULL;
}

/* False, and answered, if it proves nothing. */
static bool open_callback(const struct sl_inbound *inbound, struct callback *callback,
                          struct sl_heard *heard)
{
    int n = is_json(inbound)
                ? 0
                : sl_form_fields(inbound->arena, inbound->body, inbound->n_body, &callback->fields);
    const char *account;

    callback->inbound = inbound;
    callback->n_fields = n < 0 ? 0 : (size_t)n;
    if (n < 0) {
        refuse(heard, SL_MALFORMED, "its body is no form of UTF-8 texts");
        return false;
    }
    if (!inbound->proven &&
        (!is_signed(inbound, signed_fields(inbound, callback->fields, callback->n_fields)) ||
         (is_json(inbound) && !is_hashed(inbound)))) {
        refuse(heard, SL_FORGED,
               *inbound->url ? "X-Twilio-Signature is not that of auth_token over this address and "
                               "body"
                             : "public_url is not set, so no signature can be checked");
        return false;
    }
    account = field(callback, "AccountSid");
    if (account && inbound->settings->values[ACCOUNT_SID] &&
        strcmp(account, inbound->settings->values[ACCOUNT_SID]) != 0) {
        refuse(heard, SL_FORGED, "it is about another account");
        return false;
    }
    return true;
}

static void add(struct sl_heard *heard, const struct sl_inbound *inbound, struct sl_event event)
{
    if (!heard->events)
        heard->events = SL_NEW(inbound->arena, struct sl_event, 2);
    heard->events[heard->n_events++] = event;
}

/* Kept, for whoever looks for it; its digest tells it from others. */
static void keep(struct sl_heard *heard, const struct sl_inbound *inbound)
{
    add(heard, inbound,
        (struct sl_event){ .kind = SL_EVENT_NOTE,
                           .key = sl_arena_printf(inbound->arena, "tw:?:%s", inbound->digest) });
}

static void hear_status(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    struct callback callback = { 0 };
    struct sl_event event = { .kind = SL_EVENT_NOTE };
    const char *status;

    if (!open_callback(inbound, &callback, heard))
        return;
    event.external = field(&callback, "MessageSid");
    status = field(&callback, "MessageStatus");
    if (!event.external || !status) {
        keep(heard, inbound);
        return;
    }
    if (sl_twilio_delivery(status, &event.delivery))
        event.kind = SL_EVENT_DELIVERY;
    event.key = sl_arena_printf(inbound->arena, "tw:%s:%s", event.external, status);
    event.message = sl_form_value(inbound->arena, inbound->query, strlen(inbound->query), "id");
    event.phone = field(&callback, "To");
    event.code = field(&callback, "ErrorCode");
    event.text = sl_twilio_reason(inbound->arena, event.code);
    add(heard, inbound, event);
    if (event.code && strcmp(event.code, "21610") == 0)
        add(heard, inbound,
            (struct sl_event){ .kind = SL_EVENT_OPTOUT,
                               .key = sl_arena_printf(inbound->arena, "%s:optout", event.key),
                               .phone = event.phone });
}

/* With Advanced Opt-Out Twilio says itself what the text means. */
static void hear_incoming(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    struct callback callback = { 0 };
    struct sl_event event = { .kind = SL_EVENT_INCOMING };
    const char *type;

    if (!open_callback(inbound, &callback, heard))
        return;
    event.external = field(&callback, "MessageSid");
    event.phone = field(&callback, "From");
    event.text = field(&callback, "Body");
    if (!event.external || !event.phone) {
        keep(heard, inbound);
        return;
    }
    event.key = sl_arena_printf(inbound->arena, "tw:in:%s", event.external);
    type = field(&callback, "OptOutType");
    if (type && strcmp(type, "STOP") == 0)
        event.kind = SL_EVENT_OPTOUT;
    else if (type && strcmp(type, "START") == 0)
        event.kind = SL_EVENT_OPTIN;
    else if (type)
        event.kind = SL_EVENT_NOTE;
    add(heard, inbound, event);
}

static const char *const headers[] = { "X-Twilio-Signature", NULL };

const struct sl_hook sl_twilio_hooks[SL_TWILIO_HOOKS] = {
    { .word = "status",
      .endpoint = "/webhooks/twilio",
      .methods = "POST",
      .help = "here, as status_callback: sl-config set -p twilio status_callback=URL",
      .hear = hear_status,
      .headers = headers,
      .taken = { 204, NULL, "" } },
    { .word = "in",
      .endpoint = "/webhooks/twilio/incoming",
      .methods = "POST",
      .help = "Phone Numbers > the number > Messaging > A message comes in",
      .hear = hear_incoming,
      .headers = headers,
      .taken = { 204, NULL, "" } },
};
