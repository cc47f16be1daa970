/* Pesapal: what it sends by itself. A notification is unsigned and says which order to ask about,
 * and no more; it wants to be echoed. */
#include "adapters/payment/pesapal.h"

#include <string.h>

#include "lib/adapter/body.h"
#include "lib/adapter/form.h"

#define JSON "application/json"

enum { MOST_VALUE = 200 };

/* A member of the body, JSON or form, or of the query: its name is spelt both ways. */
static const char *field(const struct sl_inbound *inbound, struct json_object *doc,
                         const char *pascal, const char *camel)
{
    const char *const names[] = { pascal, camel };
    const char *value = NULL;

    for (size_t i = 0; i < SL_COUNT(names) && !value; i++) {
        value = sl_arena_strdup(inbound->arena, sl_json_text(doc, names[i]));
        if (!value)
            value = sl_form_value(inbound->arena, inbound->query, strlen(inbound->query), names[i]);
        if (!value && !doc)
            value = sl_form_value(inbound->arena, inbound->body, inbound->n_body, names[i]);
    }
    return value && *value && strlen(value) <= MOST_VALUE ? value : NULL;
}

/* Ours, of an order that may have been made anew. */
static const char *payment_of(const struct sl_inbound *inbound, const char *reference)
{
    size_t n = reference ? strlen(reference) : 0, n_again = strlen(SL_PESAPAL_AGAIN);

    if (n > n_again && strcmp(reference + n - n_again, SL_PESAPAL_AGAIN) == 0)
        return sl_arena_memdup(inbound->arena, reference, n - n_again);
    return reference;
}

static void echo(const struct sl_inbound *inbound, const char *type, const char *tracking_id,
                 const char *reference, struct sl_heard *heard)
{
    struct sl_buf reply = sl_buf_new(inbound->arena);

    sl_body_text(&reply, "orderNotificationType", type ? type : "IPNCHANGE");
    sl_body_text(&reply, "orderTrackingId", tracking_id);
    sl_body_text(&reply, "orderMerchantReference", reference ? reference : "");
    sl_body_json(&reply, "status", "200");
    heard->reply = (struct sl_reply){ 200, JSON, sl_body_end(&reply) };
}

/* No key: every one counts, and makes a query due. */
static void hear(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(inbound->body, inbound->n_body);
    const char *tracking_id = field(inbound, doc, "OrderTrackingId", "orderTrackingId");
    const char *reference = field(inbound, doc, "OrderMerchantReference", "orderMerchantReference");
    const char *type = field(inbound, doc, "OrderNotificationType", "orderNotificationType");
    struct sl_event *event;

    if (!tracking_id) {
        heard->proof = SL_MALFORMED;
        heard->why = "no OrderTrackingId";
        return;
    }
    event = SL_NEW(inbound->arena, struct sl_event, 1);
    event->kind = SL_EVENT_PAYMENT;
    event->external = tracking_id;
    event->payment = (struct sl_payment_news){ .state = SL_PAY_UNKNOWN,
                                               .id = payment_of(inbound, reference),
                                               .external = tracking_id,
                                               .amount_minor = -1 };
    heard->events = event;
    heard->n_events = 1;
    echo(inbound, type, tracking_id, reference, heard);
}

const struct sl_hook sl_pesapal_hooks[SL_PESAPAL_HOOKS] = {
    { .word = "ipn",
      .endpoint = "/webhooks/pesapal",
      .methods = "GET POST",
      .hear = hear,
      .taken = { 200, JSON, "" } },
};
