/* From an event to our records: one function for each kind. */
#include <ctype.h>
#include <string.h>

#include "lib/base/email.h"
#include "lib/service/inbound_private.h"
#include "lib/service/job.h"
#include "lib/service/lost.h"
#include "lib/service/optout.h"
#include "lib/service/payments.h"
#include "lib/service/tell.h"
#include "lib/store/configs.h"
#include "lib/store/facts.h"
#include "lib/store/messages.h"
#include "lib/text/phone.h"

static int ignore(struct deed *deed, const char *why)
{
    deed->state = "ignored";
    deed->note = why;
    return 0;
}

static int keep(struct deed *deed, struct sl_err *err)
{
    (void)deed;
    (void)err;
    return 0;
}

/* Money that the adapter knows to be none of this school's is kept with the reason. */
static int take_note(struct deed *deed, struct sl_err *err)
{
    const struct sl_payment_news *news = &deed->event->payment;

    return news->state == SL_PAY_FAILED && news->text ? ignore(deed, news->text) : keep(deed, err);
}

/* ---- Messages ------------------------------------------------------------------------------- */

/* A report may overtake the answer to our own request, which tells the reference; or that answer was
 * lost, and the report is the first to tell it. */
static int report(struct deed *deed, struct sl_err *err)
{
    const struct sl_event *event = deed->event;
    const char *status = sl_lost_status(event->delivery);
    int64_t changed;
    int known;

    deed->reference_type = "message";
    deed->reference_id = event->message;
    if (!event->external)
        return ignore(deed, "it names no message");
    if (!status)
        return ignore(deed, "a status that changes nothing");
    known =
        sl_messages_report(deed->service->db, deed->request.school_id, deed->request.provider_id,
                           event->external, event->phone, status,
                           event->text ? event->text : event->code, deed->now_ms, &changed, err);
    if (known == 0 || (known > 0 && !changed && event->message)) { /* another recipient of it */
        const struct sl_lost_report lost = { deed->request.school_id, deed->request.provider_id,
                                             &deed->item, event };

        int settled = sl_lost_report(deed->service, deed->arena, &lost, deed->now_ms, err);

        changed = settled;
        known = settled != 0 ? settled : known;
    }
    if (known == 0) {
        deed->state = "held";
        deed->note = "no message has this reference yet";
    }
    if (known > 0)
        deed->note = changed ? NULL : "it changed nothing";
    if (known <= 0 || !changed)
        return known < 0 ? -1 : 0;
    return sl_tell_message(deed->service, changed, deed->now_ms, err);
}

/* ---- Opting out ------------------------------------------------------------------------------- */

/* The word alone or before more words; "stopped by the office" does not begin with STOP. */
static bool begins_with(const char *text, const char *word, size_t n)
{
    unsigned char behind = n > 0 && strncasecmp(text, word, n) == 0 ? (unsigned char)text[n] : 'x';

    return !isalnum(behind) && behind < 0x80;
}

/* STOP, STOPALL, or one of the school's own words, "STOP,ACHA". */
static bool wants_to_stop(const struct deed *deed, const char *text)
{
    const char *words = owner_setting(deed->owner, "optout_words");

    text += strspn(text, " \t\r\n\"'");
    if (begins_with(text, "STOPALL", strlen("STOPALL")))
        return true;
    for (words = words ? words : "STOP"; *words; words += strspn(words, ", ")) {
        size_t n = strcspn(words, ", ");

        if (begins_with(text, words, n))
            return true;
        words += n;
    }
    return false;
}

/* As it is sent to; NULL if none is named that could be. */
static const char *address_of(const struct deed *deed)
{
    const char *given = deed->event->phone, *why;

    if (!given)
        return NULL;
    if (deed->owner->adapter->category == SL_EMAIL)
        return sl_email_read(deed->arena, given, &why);
    return sl_phone_read(deed->arena, given, deed->owner->settings.country).e164;
}

static int opt_out(struct deed *deed, struct sl_err *err)
{
    const struct owner *owner = deed->owner;
    const char *address = address_of(deed);
    struct sl_optout optout;

    if (!address)
        return ignore(deed, "it names nobody who could opt out");
    deed->reference_type = "optout";
    optout = (struct sl_optout){ address, owner->adapter->code, deed->now_ms };
    return sl_optout_add(deed->service, deed->request.school_id,
                         sl_category_names[owner->adapter->category], &optout, err) < 0
               ? -1
               : 0;
}

static int opt_in(struct deed *deed, struct sl_err *err)
{
    const struct owner *owner = deed->owner;
    const char *address = address_of(deed);

    if (!address)
        return ignore(deed, "it names nobody who could opt in");
    deed->reference_type = "optout";
    return sl_optouts_remove(deed->service->db, deed->request.school_id,
                             sl_category_names[owner->adapter->category], address, err) < 0
               ? -1
               : 0;
}

static int take_text(struct deed *deed, struct sl_err *err)
{
    if (!deed->event->text || !wants_to_stop(deed, deed->event->text))
        return 0;
    return opt_out(deed, err);
}

/* ---- Payments and other operations -------------------------------------------------------------- */

static const char asking[] = "payment.request";

/* On a school's path the event says whose it is; beyond school and provider of the path nobody is
 * looked for. Sets deed->item, to one without an id if the payment's row is gone. Returns 1, 0 if
 * nobody is meant, or -1. */
static int find_payment(struct deed *deed, struct sl_err *err)
{
    const struct sl_payment_meant meant = { deed->request.school_id, deed->request.provider_id,
                                            deed->event->payment.id,
                                            deed->event->payment.external };
    struct sl_payment payment;
    int found = sl_payments_meant(deed->service->db, deed->arena, &meant, &payment, err);

    if (found <= 0)
        return found;
    if (payment.queue_id &&
        sl_queue_get(deed->service->db, deed->arena, payment.queue_id, &deed->item, err) < 0)
        return -1;
    deed->item.public_id = payment.public_id;
    deed->item.subject_id = payment.id;
    return 1;
}

static int tell_payment(struct deed *deed, struct sl_err *err)
{
    const char *note;

    if (!deed->request.queue_id) {
        int found = find_payment(deed, err);

        if (found <= 0)
            return found < 0 ? -1 : ignore(deed, "it names no payment of this school");
    } else if (deed->item.id == 0 || strcmp(deed->item.operation, asking) != 0) {
        return ignore(deed, "its token is not that of a payment");
    }
    deed->reference_type = "payment";
    deed->reference_id = deed->item.public_id;
    if (sl_payments_told(deed->service, deed->arena, &deed->item, &deed->event->payment,
                         deed->now_ms, &note, err) < 0)
        return -1;
    if (note)
        deed->note = note;
    return 0;
}

static int tell_result(struct deed *deed, struct sl_err *err)
{
    const char *note;

    if (deed->item.id == 0 || strcmp(deed->item.operation, asking) == 0)
        return ignore(deed, "its token is not that of an operation with a result");
    deed->reference_type = sl_domain_find(deed->item.operation)->reference_type;
    deed->reference_id = deed->reference_type ? deed->item.public_id : NULL;
    if (sl_payments_result(deed->service, deed->arena, &deed->item, deed->event, deed->now_ms,
                           &note, err) < 0)
        return -1;
    return note ? ignore(deed, note) : 0;
}

/* When it came counts, not when we looked at it. */
static int take_payment(struct deed *deed, struct sl_err *err)
{
    deed->reference_type = "payment";
    if (deed->event->text)
        deed->note = deed->event->text;
    return sl_payments_received(deed->service, deed->request.school_id, deed->request.provider_id,
                                &deed->event->payment, deed->request.received_at, err);
}

/* ---- The table ----------------------------------------------------------------------------------- */

static int (*const deeds[])(struct deed *deed, struct sl_err *err) = {
    [SL_EVENT_NOTE] = take_note,        [SL_EVENT_DELIVERY] = report,
    [SL_EVENT_INCOMING] = take_text,    [SL_EVENT_OPTOUT] = opt_out,
    [SL_EVENT_OPTIN] = opt_in,          [SL_EVENT_PAYMENT] = tell_payment,
    [SL_EVENT_VALIDATION] = keep, /* it was decided before the answer */
    [SL_EVENT_RECEIVED] = take_payment, [SL_EVENT_RESULT] = tell_result,
};

/* What the event tells of the account, beside what it is about. */
static int learn(const struct deed *deed, struct sl_err *err)
{
    const struct sl_fact *fact = &deed->event->fact;
    int64_t until = fact->lives_ms > 0 ? deed->request.received_at + fact->lives_ms : 0;
    struct sl_config_row config;
    int found;

    if (!fact->kind || !fact->value)
        return 0;
    found = sl_configs_get(deed->service->db, deed->arena, deed->request.school_id,
                           deed->request.provider_id, &config, err);
    if (found <= 0)
        return found;
    return sl_facts_put(deed->service->db, config.account, fact->kind, fact->key, fact->value,
                        until, err);
}

int deed_do(struct deed *deed, struct sl_err *err)
{
    deed->state = "done";
    deed->note = deed->row.note;
    if (!inbound_is_own(deed->owner, sl_adapter_hook(deed->owner->adapter, deed->request.hook),
                        deed->event))
        return ignore(deed,
                      "it is about a number of no school here, or of one without an endpoint");
    return learn(deed, err) < 0 ? -1 : deeds[deed->event->kind](deed, err);
}
