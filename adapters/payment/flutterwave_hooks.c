/* Flutterwave: what it sends by itself. The proof does not cover the body, so the event says which
 * payment to ask about, and no more. */
#include "adapters/payment/flutterwave.h"

#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum { TOLD_LENGTH = 200 };

static const char *const headers[] = { "verif-hash", "flutterwave-signature", NULL };

/* ---- The proof ----------------------------------------------------------------------- */

static bool equal(const char *a, const char *b)
{
    size_t n = strlen(a);

    return strlen(b) == n && sl_equal_secret(a, b, n);
}

/* The secret itself in one header or the other, or the body's HMAC under it. */
static bool is_proven(const struct sl_inbound *inbound)
{
    const char *secret = inbound->settings->values[WEBHOOK_SECRET_HASH];
    const char *plain = sl_inbound_header(inbound, headers[0]);
    const char *signature = sl_inbound_header(inbound, headers[1]);
    unsigned char sum[SL_SHA256_SIZE];

    if (!secret || !*secret)
        return false;
    if (plain && equal(plain, secret))
        return true;
    if (!signature)
        return false;
    sl_hmac_sha256(secret, strlen(secret), inbound->body, inbound->n_body, sum);
    return equal(signature, sl_base64(inbound->arena, sum, sizeof sum)) || equal(signature, secret);
}

/* ---- The event ----------------------------------------------------------------------- */

/* The first of these members that is there: the older format is flat, and spells otherwise. */
static const char *first(const struct sl_inbound *inbound, struct json_object *doc,
                         const char *const *paths, size_t n)
{
    const char *word = NULL;

    for (size_t i = 0; i < n && (!word || !*word); i++)
        word = sl_json_word(inbound->arena, doc, paths[i]);
    return word && *word ? word : NULL;
}

/* charge.completed announces failures too. Other events (transfers, refunds, the dashboard's test)
 * are kept and change nothing. */
static void read_event(const struct sl_inbound *inbound, struct json_object *doc,
                       struct sl_event *event)
{
    static const char *const refs[] = { "data.tx_ref", "data.reference", "txRef" };
    static const char *const ids[] = { "data.id", "id" };
    static const char *const statuses[] = { "data.status", "status" };
    static const char *const kinds[] = { "event", "type" };
    const char *ref = first(inbound, doc, refs, SL_COUNT(refs));
    const char *id = first(inbound, doc, ids, SL_COUNT(ids));
    const char *status = first(inbound, doc, statuses, SL_COUNT(statuses));
    const char *kind = first(inbound, doc, kinds, SL_COUNT(kinds));
    const char *why = sl_json_text(doc, "data.processor_response");

    event->key = sl_arena_printf(inbound->arena, "flw:%s:%s:%s", id ? id : "", status ? status : "",
                                 inbound->digest);
    event->external = ref;
    if (!ref || (kind && strcmp(kind, "charge.completed") != 0))
        return;
    event->kind = SL_EVENT_PAYMENT;
    event->payment.state = SL_PAY_UNKNOWN;
    event->payment.id = event->payment.external = ref;
    event->payment.amount_minor = -1;
    if (status && strcmp(status, "failed") == 0)
        event->payment.text =
            why ? sl_printable(inbound->arena, why, strlen(why), TOLD_LENGTH) : "a try failed";
    event->text = event->payment.text;
}

static void hear(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!inbound->proven && !is_proven(inbound)) {
        heard->proof = SL_FORGED;
        heard->why = inbound->settings->values[WEBHOOK_SECRET_HASH]
                         ? "neither verif-hash nor flutterwave-signature is right"
                         : "no webhook_secret_hash is set, so nothing can be proven";
        return;
    }
    doc = sl_json_parse(inbound->body, inbound->n_body);
    if (!json_object_is_type(doc, json_type_object)) {
        heard->proof = SL_MALFORMED;
        heard->why = "no JSON object";
        return;
    }
    heard->events = SL_NEW(inbound->arena, struct sl_event, 1);
    heard->n_events = 1;
    read_event(inbound, doc, heard->events);
}

const struct sl_hook sl_flutterwave_hooks[SL_FLUTTERWAVE_HOOKS] = {
    { .word = "event",
      .endpoint = "/webhooks/flutterwave",
      .methods = "POST",
      .help = "Settings > Webhooks > URL",
      .hear = hear,
      .headers = headers,
      .taken = { 200, NULL, "" },
      .forged_status = 401 },
};
