/* May this be paid? Decided before the answer, once. */
#include <string.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/service/inbound_private.h"
#include "lib/service/payments.h"

enum { RETRY_S = 5 };

static const char refused_note[] = "refused";

static const char *question_of(const struct reception *reception, const struct sl_event *event)
{
    const struct sl_payment_news *news = &event->payment;
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();

    sl_json_put_text(doc, "school", reception->owner->endpoint.school_code);
    sl_json_put_text(doc, "provider", reception->route.adapter->code);
    sl_json_put_text(doc, "reference", news->reference);
    sl_json_put_text(doc, "amount",
                     news->amount_minor >= 0
                         ? sl_print_decimal(reception->arena, news->amount_minor, 2, 2)
                         : NULL);
    sl_json_put_text(doc, "currency", news->currency);
    sl_json_put_text(doc, "phone", news->phone);
    sl_json_put_text(doc, "payer", news->payer);
    sl_json_put_text(doc, "receipt", news->receipt);
    return sl_json_print(reception->arena, doc);
}

static void decide(struct reception *reception, bool may, const char *why)
{
    reception->refused = !may;
    reception->note = may ? "accepted"
                          : sl_arena_printf(reception->arena, "%s%s%s", refused_note,
                                            why ? ": " : "", why ? why : "");
}

/* What a program said, or that it is to be asked. */
static int decide_by_program(struct reception *reception, const struct sl_event *event,
                             const char *program, struct sl_err *err)
{
    switch (reception->received->may_come) {
    case SL_MAY_UNDECIDED:
        reception->received->ask = sl_arena_strdup(reception->arena, program);
        reception->received->question = question_of(reception, event);
        return 1;
    case SL_MAY_YES: decide(reception, true, NULL); return 0;
    case SL_MAY_NO: decide(reception, false, "the school's program said no"); return 0;
    case SL_MAY_UNKNOWN: break;
    }
    reception->received->retry_after_s = RETRY_S;
    return inbound_refuse(reception, 503, "the school's program for validation gave no answer",
                          err);
}

/* A repetition hears what was said the first time. */
static int validate(struct reception *reception, const struct sl_event *event, struct sl_err *err)
{
    struct sl_service *service = reception->inbox->service;
    const char *rule = owner_setting(reception->owner, "c2b_validation"), *note = NULL;
    int known = 0;

    if (event->key)
        known = sl_webhook_events_note(service->db, reception->arena, reception->scope, event->key,
                                       &note, err);
    if (known != 0) {
        reception->refused = note && strncmp(note, refused_note, strlen(refused_note)) == 0;
        return known < 0 ? -1 : 0;
    }
    if (event->payment.state == SL_PAY_FAILED) {
        decide(reception, false, event->payment.text);
        return 0;
    }
    rule = rule ? rule : "accept";
    if (strncmp(rule, "exec:", 5) == 0)
        return decide_by_program(reception, event, rule + 5, err);
    known = sl_payments_may_come(service, reception->school_id, rule, &event->payment, err);
    if (known < 0)
        return -1;
    decide(reception, known > 0, "the reference is not known");
    return 0;
}

int inbound_validate(struct reception *reception, struct sl_err *err)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < reception->heard.n_events; i++)
        if (reception->heard.events[i].kind == SL_EVENT_VALIDATION)
            status = validate(reception, &reception->heard.events[i], err);
    return status;
}
