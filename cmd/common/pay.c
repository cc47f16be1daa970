#include "cmd/common/pay.h"

#include <string.h>
#include <time.h>

#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/awaited.h"
#include "lib/store/schools.h"

/* ---- Records ----------------------------------------------------------------------------- */

static const struct sl_column payment_columns[] = {
    { "id", SL_TEXT, 0 },
    { "provider", SL_TEXT, SL_WIDE },
    { "status", SL_TEXT, 0 },
    { "amount", SL_DECIMAL, 0 },
    { "currency", SL_TEXT, 0 },
    { "phone", SL_TEXT, 0 },
    { "reference", SL_TEXT, 0 },
    { "description", SL_TEXT, SL_WIDE },
    { "external_reference", SL_TEXT, SL_WIDE },
    { "receipt", SL_TEXT, 0 },
    { "checkout_url", SL_TEXT, SL_WIDE },
    { "error", SL_TEXT, 0 },
    { "created_at", SL_TIME, 0 },
    { "updated_at", SL_TIME, SL_WIDE },
    { "meta", SL_JSON, SL_WIDE },
    { "school", SL_TEXT, SL_WIDE },
    { "source", SL_TEXT, SL_WIDE },
    { "payer", SL_TEXT, SL_WIDE },
    { "mismatch", SL_TEXT, SL_WIDE },
    { "awaited", SL_TEXT, 0 },
};

struct sl_output *sl_pay_open(const struct sl_cli *cli, enum sl_shape shape, const char *zone)
{
    return sl_output_open(cli, shape, payment_columns, SL_COUNT(payment_columns), zone);
}

int sl_pay_row(const struct sl_cli *cli, struct sl_service *service, struct sl_output *output,
               const struct sl_payment *payment, struct sl_err *err)
{
    const char *amount = sl_print_decimal(cli->arena, payment->amount_minor, 2, 2);
    const char *decision = sl_awaited_decision(cli->arena, payment);
    struct sl_awaited awaited;

    if (sl_awaited_item(service, cli->arena, sl_pay_is_open(payment) ? payment->queue_id : 0,
                        &awaited, err) < 0)
        return -1;
    return sl_output_row(output,
                         (struct sl_value[]){
                             sl_text(payment->public_id),
                             sl_text(payment->provider),
                             sl_text(payment->status),
                             sl_text(amount),
                             sl_text(payment->currency),
                             sl_text(payment->phone),
                             sl_text(payment->reference),
                             sl_text(payment->description),
                             sl_text(payment->external_reference),
                             sl_text(payment->receipt),
                             sl_text(payment->checkout_url),
                             sl_text(payment->error ? payment->error : awaited.why),
                             sl_time(payment->created_at),
                             sl_time(payment->updated_at),
                             sl_text(payment->meta),
                             sl_text(payment->school),
                             sl_text(payment->source),
                             sl_text(payment->payer),
                             sl_text(payment->mismatch),
                             sl_text(decision ? decision : awaited.what) },
                         err);
}

int sl_pay_print(const struct sl_cli *cli, struct sl_service *service,
                 const struct sl_payment *payment, const char *zone, struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = sl_pay_open(cli, SL_SHAPE_OBJECT, zone);

    if (sl_pay_row(cli, service, output, payment, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

int sl_refund_print(const struct sl_cli *cli, struct sl_service *service, enum sl_shape shape,
                    const struct sl_refund *refund, const struct sl_payment *payment,
                    const char *zone, struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "id", SL_TEXT, 0 },         { "payment", SL_TEXT, 0 },
        { "status", SL_TEXT, 0 },     { "amount", SL_DECIMAL, 0 },
        { "currency", SL_TEXT, 0 },   { "reason", SL_TEXT, 0 },
        { "error", SL_TEXT, 0 },      { "external_reference", SL_TEXT, SL_WIDE },
        { "created_at", SL_TIME, 0 }, { "updated_at", SL_TIME, SL_WIDE },
        { "awaited", SL_TEXT, 0 },
    };
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, shape, columns, SL_COUNT(columns), zone);
    const char *amount = sl_print_decimal(cli->arena, refund->amount_minor, 2, 2);
    struct sl_awaited awaited;

    if (sl_awaited_item(service, cli->arena, refund->queue_id, &awaited, err) < 0 ||
        sl_output_row(output,
                      (struct sl_value[]){ sl_text(refund->public_id), sl_text(payment->public_id),
                                           sl_text(refund->status), sl_text(amount),
                                           sl_text(payment->currency), sl_text(refund->reason),
                                           sl_text(refund->error ? refund->error : awaited.why),
                                           sl_text(refund->external_reference),
                                           sl_time(refund->created_at), sl_time(refund->updated_at),
                                           sl_text(awaited.what) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* ---- Work -------------------------------------------------------------------------------- */

int sl_pay_run(const struct sl_cli *cli, struct sl_service *service, int64_t item_id,
               struct sl_once_end *end, struct sl_err *err)
{
    const struct sl_engine_options options = {
        .program = cli->program,
        .stop = sl_stop_flag(),
    };
    int64_t until_ms = sl_boot_ms() + (service->settings.lease_seconds + 2) * 1000;

    for (;;) {
        if (sl_once_work(service, cli->arena, item_id, &options, end, err) < 0)
            return -1;
        if (end->how != SL_ONCE_UNKNOWN || end->item.waits_for || *options.stop ||
            sl_boot_ms() >= until_ms)
            return 0;
        (void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    }
}

int sl_pay_refused(const struct sl_cli *cli, const struct sl_once_end *end)
{
    sl_say(cli, "%s: credentials refused: %s; mend them with `sl-config set`", cli->program,
           end->error);
    return SL_ERR_AUTH;
}

int sl_pay_row_status(const struct sl_cli *cli, const struct sl_once_end *end)
{
    switch (end->how) {
    case SL_ONCE_DONE: return 0;
    case SL_ONCE_REFUSED: return sl_pay_refused(cli, end);
    case SL_ONCE_FAILED: sl_say(cli, "%s: refused: %s", cli->program, end->error); return 1;
    case SL_ONCE_LEFT:
    case SL_ONCE_UNKNOWN: break;
    }
    sl_say(cli, "%s: queued, `sl-queue-run` goes on with it: %s", cli->program, end->error);
    return SL_ERR_QUEUED;
}

/* ---- States ------------------------------------------------------------------------------ */

bool sl_pay_is(const struct sl_payment *payment, const char *status)
{
    return strcmp(payment->status, status) == 0;
}

bool sl_pay_is_open(const struct sl_payment *payment)
{
    return sl_pay_is(payment, "initiated") || sl_pay_is(payment, "pending") ||
           sl_pay_is(payment, "unknown");
}

bool sl_pay_tell_contested(const struct sl_cli *cli, const struct sl_payment *payment)
{
    if (!sl_pay_is(payment, "unknown") || !payment->mismatch)
        return false;
    sl_say(cli, "%s: unknown: %s", cli->program, payment->error ? payment->error : "");
    sl_say(cli,
           "`sl-pay verify %s --accept RECEIPT` takes it as paid so, `sl-pay refund %s` gives "
           "it back",
           payment->public_id, payment->public_id);
    return true;
}

int sl_pay_again(const struct sl_cli *cli, struct sl_service *service, struct sl_payment *payment,
                 struct sl_err *err)
{
    return sl_payments_get(service->db, cli->arena, payment->id, payment, err) < 0 ? -1 : 0;
}

/* ---- Finding ----------------------------------------------------------------------------- */

int sl_pay_unknown(const char *id, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_DATA, "there is no payment '%s'", id);
    return sl_err_hint(err, "`sl-pay list` shows them");
}

int sl_pay_find(const struct sl_cli *cli, struct sl_service *service, const char *id,
                struct sl_payment *payment, struct sl_school *school, struct sl_err *err)
{
    struct sl_school given;
    int found = sl_payments_find(service->db, cli->arena, id, payment, err);

    if (found > 0)
        found = sl_schools_get(service->db, cli->arena, payment->school_id, school, err);
    if (found <= 0)
        return found < 0 ? -1 : sl_pay_unknown(id, err);
    if (!(cli->given & SL_GAVE_SCHOOL))
        return 0;
    if (sl_schools_find(service->db, cli->arena, cli->school, &given, err) < 0)
        return -1;
    return given.id == school->id ? 0 : sl_pay_unknown(id, err);
}
