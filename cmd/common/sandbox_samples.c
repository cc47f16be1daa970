/* The samples of `sl-sandbox setup`. */
#include "cmd/common/open.h"
#include "cmd/common/sandbox_setup.h"
#include "lib/base/clock.h"
#include "lib/service/act.h"
#include "lib/service/engine.h"
#include "lib/service/payments.h"
#include "lib/service/sms.h"

/* The numbers are the sandbox's magic ones (sandbox/sandbox.h) or nobody's. Each sample is known
 * by its key, so that it is made once. */
enum sample_end {
    SAMPLE_RUNS,      /* until its attempt is over */
    SAMPLE_STAYS,     /* queued, for sl-queue-run */
    SAMPLE_CANCELLED, /* before it left */
};

static const struct text_sample {
    const char *key, *number, *text;
    enum sample_end end;
} texts[] = {
    { "sample-sent", "+254711000001", "Term 2 begins on Monday, 4 May.", SAMPLE_RUNS },
    { "sample-blacklisted", "+254799900406", "The school bus is late.", SAMPLE_RUNS },
    { "sample-unsupported", "+254799900404", "The school bus is late.", SAMPLE_RUNS },
    { "sample-lost", "+254799900015", "Fees for term 2 are due.", SAMPLE_RUNS },
    { "sample-server-error", "+254799900016", "Sports day is on Friday.", SAMPLE_RUNS },
    { "sample-queued", "+254711000002", "Parents' meeting: 14 May, 10:00.", SAMPLE_STAYS },
    { "sample-cancelled", "+254711000003", "No school tomorrow.", SAMPLE_CANCELLED },
};

static const struct payment_sample {
    const char *key, *phone, *amount, *reference;
} payments[] = {
    { "sample-paid", "+254708374149", "1500", "ADM1001" },
    { "sample-cancelled", "+254799801032", "2500", "ADM1002" },
    { "sample-refused", "+254799900032", "500", "ADM1003" },
};

static int run(const struct sl_cli *cli, struct sl_service *service, struct sl_work_filter filter,
               struct sl_err *err)
{
    const struct sl_engine_options options = {
        .program = cli->program,
        .filter = filter,
        .stop = sl_stop_flag(),
    };
    struct sl_engine_counts counts = { 0 };

    return sl_engine_run(service, &options, &counts, err);
}

static int cancel(struct sl_service *service, const struct sl_school *school,
                  const struct sl_batch *batch, struct sl_err *err)
{
    const struct sl_act act = { .operation = "batch.cancel",
                                .school_id = school->id,
                                .provider_id = batch->provider_id,
                                .kind = "batch",
                                .id = batch->public_id };
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_batches_cancel(service->db, batch->id, sl_now_ms(), err) < 0 ||
        sl_act_record(service, &act, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

static int send_batch(const struct sl_cli *cli, struct sl_service *service, int64_t batch_id,
                      struct sl_err *err)
{
    if (run(cli, service, (struct sl_work_filter){ .batch_id = batch_id }, err) < 0)
        return -1;
    return sl_batches_finish(service->db, batch_id, sl_now_ms(), err) < 0 ? -1 : 0;
}

static int make_text(const struct sl_cli *cli, struct sl_service *service,
                     const struct sl_school *school, const struct text_sample *sample,
                     struct sl_err *err)
{
    const struct sl_sms_options options = { .provider = "africastalking",
                                            .text = sample->text,
                                            .key = sample->key };
    struct sl_sending sending;
    struct sl_batch batch = { 0 };
    bool fresh;

    if (sl_sms_prepare(service, cli->arena, school, &options, &sample->number, 1, &sending, err) <
            0 ||
        sl_send_record(service, cli->arena, school, &sending, &batch, &fresh, err) < 0)
        return -1;
    if (!fresh || sample->end == SAMPLE_STAYS)
        return 0;
    return sample->end == SAMPLE_CANCELLED ? cancel(service, school, &batch, err)
                                           : send_batch(cli, service, batch.id, err);
}

static int ask_payment(const struct sl_cli *cli, struct sl_service *service,
                       const struct sl_school *school, const struct payment_sample *sample,
                       struct sl_err *err)
{
    const struct sl_payment_request request = { .provider = "mpesa",
                                                .phone = sample->phone,
                                                .amount = sample->amount,
                                                .reference = sample->reference,
                                                .key = sample->key };
    struct sl_payment payment;
    int64_t item_id;

    if (sl_payments_request(service, cli->arena, school, &request, &payment, &item_id, err) < 0)
        return -1;
    return item_id ? run(cli, service, (struct sl_work_filter){ .item_id = item_id }, err) : 0;
}

int sl_sandbox_samples(const struct sl_cli *cli, struct sl_service *service,
                       const struct sl_school *school, struct sl_err *err)
{
    for (size_t i = 0; i < SL_COUNT(texts); i++)
        if (make_text(cli, service, school, &texts[i], err) < 0)
            return sl_err_context(err, "%s", texts[i].key);
    /* A prompt needs an address to call back. */
    for (size_t i = 0; service->settings.public_url && i < SL_COUNT(payments); i++)
        if (ask_payment(cli, service, school, &payments[i], err) < 0)
            return sl_err_context(err, "%s", payments[i].key);
    sl_say(cli, "%s: made samples; `sl-logs list -s %s` and `sl-sms batches` show them",
           cli->program, school->code);
    return 0;
}
