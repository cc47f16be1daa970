/* Africa's Talking: what it sends by itself (docs/providers/africastalking.md, 6). */
#include "adapters/sms/africastalking.h"

#include <string.h>

#include "lib/adapter/form.h"

/* Nothing is signed: that the path has the school's token is all the proof there is, and the
 * library has looked at it. The digest in the keys keeps a forged report from taking the
 * genuine one's place. */
static const char *field(const struct sl_inbound *inbound, const char *name)
{
    const char *value = sl_form_value(inbound->arena, inbound->body, inbound->n_body, name);

    return value && *value ? value : NULL;
}

static void take(const struct sl_inbound *inbound, struct sl_event event, struct sl_heard *heard)
{
    heard->events = SL_NEW(inbound->arena, struct sl_event, 1);
    *heard->events = event;
    heard->n_events = 1;
}

static void malformed(struct sl_heard *heard, const char *why)
{
    heard->proof = SL_MALFORMED;
    heard->why = why;
}

static const struct {
    const char *status;
    enum sl_delivery delivery;
} statuses[] = {
    { "Sent", SL_DELIVERY_SENT },
    { "Submitted", SL_DELIVERY_SENT },
    { "Buffered", SL_DELIVERY_SENT },
    { "AbsentSubscriber", SL_DELIVERY_SENT }, /* phone off: may still arrive */
    { "Success", SL_DELIVERY_DELIVERED },
    { "Delivered", SL_DELIVERY_DELIVERED },
    { "Failed", SL_DELIVERY_UNDELIVERED },
    { "Rejected", SL_DELIVERY_UNDELIVERED },
    { "Expired", SL_DELIVERY_UNDELIVERED },
};

static void hear_delivery(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    const char *id = field(inbound, "id"), *status = field(inbound, "status");
    struct sl_event event = { .kind = SL_EVENT_NOTE, .external = id, .code = status };

    if (!id) {
        malformed(heard, "the report has no id");
        return;
    }
    for (size_t i = 0; status && i < SL_COUNT(statuses); i++)
        if (strcmp(statuses[i].status, status) == 0) {
            event.kind = SL_EVENT_DELIVERY;
            event.delivery = statuses[i].delivery;
        }
    event.key =
        sl_arena_printf(inbound->arena, "at:%s:%s:%s", id, status ? status : "", inbound->digest);
    event.phone = field(inbound, "phoneNumber");
    event.text = sl_africastalking_shown(inbound->arena, field(inbound, "failureReason"));
    take(inbound, event, heard);
}

/* Whether it says STOP is for the library to see. A text without an id is taken all the same:
 * it may be one. */
static void hear_incoming(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    const char *id = field(inbound, "id"), *from = field(inbound, "from");
    const char *text = sl_form_value(inbound->arena, inbound->body, inbound->n_body, "text");
    struct sl_event event = {
        .kind = SL_EVENT_INCOMING, .external = id, .phone = from, .text = text
    };

    if (!from || !text) {
        malformed(heard, from ? "the message has no text, or no UTF-8" : "nobody sent it");
        return;
    }
    event.key = sl_arena_printf(inbound->arena, "at:in:%s:%s", id ? id : "", inbound->digest);
    take(inbound, event, heard);
}

/* No key: who opts out, is put back by a person and opts out again sends the same bytes. */
static void hear_optout(const struct sl_inbound *inbound, struct sl_heard *heard)
{
    const char *phone = field(inbound, "phoneNumber");

    if (phone)
        take(inbound, (struct sl_event){ .kind = SL_EVENT_OPTOUT, .phone = phone }, heard);
    else
        malformed(heard, "there is no phoneNumber");
}

const struct sl_hook sl_africastalking_hooks[SL_AFRICASTALKING_HOOKS] = {
    { .word = "dlr",
      .endpoint = "/webhooks/sms/delivery",
      .methods = "POST",
      .help = "SMS > SMS Callback URLs > Delivery Reports",
      .hear = hear_delivery,
      .taken = { 200, NULL, "" } },
    { .word = "in",
      .endpoint = "/webhooks/sms/incoming",
      .methods = "POST",
      .help = "SMS > SMS Callback URLs > Incoming Messages",
      .hear = hear_incoming,
      .taken = { 200, NULL, "" } },
    { .word = "optout",
      .endpoint = "/webhooks/sms/optout",
      .methods = "POST",
      .help = "SMS > SMS Callback URLs > Bulk SMS Opt Out",
      .hear = hear_optout,
      .taken = { 200, NULL, "" } },
};
