#include "cmd/common/request_verb.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cmd/common/open.h"
#include "cmd/common/pay.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/terminal.h"
#include "lib/service/payments.h"

const struct sl_opt sl_request_options[] = {
    { "phone", 0, SL_OPT_TEXT, offsetof(struct sl_request_options, phone), "NUMBER",
      .help = "Who is to pay", .required = true },
    { "amount", 0, SL_OPT_TEXT, offsetof(struct sl_request_options, amount), "AMOUNT",
      .help = "How much: 1500 or 1500.00", .required = true },
    { "reference", 0, SL_OPT_TEXT, offsetof(struct sl_request_options, reference), "TEXT",
      .help = "What for, as the payer sees it: an admission or invoice number", .required = true },
    { "description", 0, SL_OPT_TEXT, offsetof(struct sl_request_options, description), "TEXT",
      .help = "What for, in words" },
    { "email", 0, SL_OPT_TEXT, offsetof(struct sl_request_options, email), "ADDRESS",
      .help = "The payer's mail address" },
    { "name", 0, SL_OPT_TEXT, offsetof(struct sl_request_options, name), "NAME",
      .help = "The payer's name" },
    { "key", 0, SL_OPT_TEXT, offsetof(struct sl_request_options, key), "KEY",
      .help = "Idempotency key: a second request with it asks for nothing" },
    { "wait", 0, SL_OPT_MAYBE, offsetof(struct sl_request_options, wait), "SECONDS",
      .help = "Wait until it is paid or refused", .least = 1, .most = 86400, .initial = 90 },
    { "meta", 0, SL_OPT_LIST, offsetof(struct sl_request_options, meta), "NAME=VALUE",
      .help = "Keep this with the payment, and give it back in every record" },
    { 0 },
};

/* {"NAME":"VALUE",…} or NULL. */
static int read_meta(const struct sl_cli *cli, const struct sl_list *list, const char **meta,
                     struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    *meta = NULL;
    if (list->n == 0)
        return 0;
    doc = sl_json_new_object();
    for (size_t i = 0; i < list->n; i++) {
        const char *equals = strchr(list->items[i], '=');
        const char *name;

        if (!equals || equals == list->items[i])
            return sl_err_set(err, SL_ERR_DATA, "--meta '%s' is not NAME=VALUE", list->items[i]);
        name = sl_arena_memdup(cli->arena, list->items[i], (size_t)(equals - list->items[i]));
        if (json_object_object_get_ex(doc, name, NULL))
            return sl_err_set(err, SL_ERR_DATA, "--meta %s is there twice", name);
        sl_json_put_text(doc, name, equals + 1);
    }
    *meta = sl_json_print(cli->arena, doc);
    return 0;
}

static int preview(const struct sl_cli *cli, struct sl_service *service,
                   const struct sl_school *school, const struct sl_payment_request *request,
                   struct sl_err *err)
{
    static const struct sl_column columns[] = { { "request", SL_JSON, 0 } };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    const char *shown;

    if (sl_payments_preview(service, cli->arena, school, request, &shown, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);
    if (sl_output_row(output, (struct sl_value[]){ sl_text(shown) }, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static void tell_progress(struct sl_progress *progress, int64_t seconds,
                          const struct sl_payment *payment)
{
    const char *text = "waiting for the payer";

    if (sl_pay_is(payment, "initiated"))
        text = "not sent yet";
    else if (payment->told_receipt)
        text = "paid, as the callback says; asking whether it is so";
    sl_progress_update(progress, seconds, text);
}

/* Works what is to be done for the payment, and looks again, until it is over, or credentials
 * are refused. */
static int await(const struct sl_cli *cli, struct sl_service *service, int64_t seconds,
                 struct sl_payment *payment, struct sl_once_end *end, struct sl_err *err)
{
    const volatile sig_atomic_t *stop = sl_stop_flag();
    int64_t from_ms = sl_boot_ms(), until_ms = from_ms + seconds * 1000, item_id;
    SL_AUTO(sl_progress_end) struct sl_progress progress = { 0 };

    sl_say(cli, "%s: waiting up to %" PRId64 " s for %s to pay %s %s", cli->program, seconds,
           payment->phone, payment->currency,
           sl_print_decimal(cli->arena, payment->amount_minor, 2, 2));
    sl_progress_begin(&progress, cli, seconds);
    while (sl_pay_is_open(payment) && end->how != SL_ONCE_REFUSED && !*stop &&
           sl_boot_ms() < until_ms) {
        tell_progress(&progress, (sl_boot_ms() - from_ms) / 1000, payment);
        if (sl_payments_due(service, payment, &item_id, err) < 0 ||
            (item_id && sl_pay_run(cli, service, item_id, end, err) < 0) ||
            sl_pay_again(cli, service, payment, err) < 0)
            return -1;
        if (sl_pay_is_open(payment))
            (void)nanosleep(&(struct timespec){ .tv_nsec = 400000000 }, NULL);
    }
    return 0;
}

/* What became of it, as the exit status; the rest of the talk goes to stderr. */
static int conclude(const struct sl_cli *cli, const struct sl_payment *payment,
                    const struct sl_once_end *end, bool waited)
{
    if (sl_pay_is(payment, "succeeded") || sl_pay_is(payment, "refunded"))
        return 0;
    if (!sl_pay_is_open(payment)) {
        sl_say(cli, "%s: %s%s%s", cli->program, payment->status, payment->error ? ": " : "",
               payment->error ? payment->error : "");
        return 1;
    }
    if (end->how == SL_ONCE_REFUSED)
        return sl_pay_refused(cli, end);
    if (sl_pay_tell_contested(cli, payment))
        return 1;
    if (!waited && sl_pay_is(payment, "pending") && payment->external_reference)
        return 0;
    if (sl_pay_is(payment, "initiated"))
        sl_say(cli, "%s: queued, not sent yet; `sl-queue-run` sends it", cli->program);
    else if (payment->external_reference)
        sl_say(cli, "%s: not paid yet; `sl-pay status %s` tells", cli->program, payment->public_id);
    else
        sl_say(cli, "%s: whether the payer was asked is not known yet: %s", cli->program,
               payment->error ? payment->error : "the answer was lost");
    return SL_ERR_QUEUED;
}

/* Of a payment that is recorded: sends it, if nobody did, waits, and tells. */
static int pursue(const struct sl_cli *cli, const struct sl_request_options *given,
                  struct sl_service *service, const struct sl_school *school,
                  struct sl_payment *payment, int64_t item_id, struct sl_err *err)
{
    struct sl_once_end end = { 0 };

    if ((item_id && sl_pay_run(cli, service, item_id, &end, err) < 0) ||
        sl_pay_again(cli, service, payment, err) < 0)
        return -1;
    if (given->wait.given && sl_pay_is_open(payment) && end.how != SL_ONCE_REFUSED &&
        await(cli, service, given->wait.value, payment, &end, err) < 0)
        return -1;
    if (sl_pay_print(cli, service, payment, school->timezone, err) < 0)
        return -1;
    return conclude(cli, payment, &end, given->wait.given);
}

static int request(const struct sl_cli *cli, const struct sl_request_options *given,
                   struct sl_service *service, const struct sl_school *school,
                   const struct sl_payment_request *asked, struct sl_err *err)
{
    struct sl_payment payment;
    int64_t item_id;
    int status;

    if (sl_payments_request(service, cli->arena, school, asked, &payment, &item_id, err) < 0)
        return -1;
    status = pursue(cli, given, service, school, &payment, item_id, err);
    if (status < 0)
        return sl_err_recorded(err, "payment", payment.public_id, cli->program, "status");
    return status;
}

int sl_request_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_request_options *given = opaque;
    struct sl_payment_request asked = { cli->provider,    given->phone,       given->amount,
                                        given->reference, given->description, given->email,
                                        given->name,      given->key,         NULL };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school;

    if (read_meta(cli, &given->meta, &asked.meta, err) < 0 ||
        sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0)
        return -1;
    return cli->dry_run ? preview(cli, service, &school, &asked, err)
                        : request(cli, given, service, &school, &asked, err);
}
