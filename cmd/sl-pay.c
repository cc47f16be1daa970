/* sl-pay: payments. */
#include <stdio.h>
#include <string.h>

#include "cmd/common/c2b_verbs.h"
#include "cmd/common/open.h"
#include "cmd/common/pay.h"
#include "cmd/common/request_verb.h"
#include "cmd/common/verify_verbs.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/payments.h"
#include "lib/service/receipts.h"

/* ---- status, list ---------------------------------------------------------------------------- */

/* Of a refund too, by its own id. */
static int refund_status(const struct sl_cli *cli, struct sl_service *service, struct sl_err *err)
{
    struct sl_school school;
    struct sl_payment payment;
    struct sl_refund refund;
    int found = sl_refunds_find(service->db, cli->arena, cli->operands[0], &refund, err);

    if (found > 0)
        found = sl_payments_get(service->db, cli->arena, refund.payment_id, &payment, err);
    if (found <= 0)
        return found < 0 ? -1 : sl_pay_unknown(cli->operands[0], err);
    if (sl_pay_find(cli, service, payment.public_id, &payment, &school, err) < 0)
        return -1;
    return sl_refund_print(cli, service, SL_SHAPE_LIST, &refund, &payment, school.timezone, err);
}

static int status_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_payment payment;
    struct sl_school school;
    int found;

    (void)options;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0)
        return -1;
    found = sl_payments_find(service->db, cli->arena, cli->operands[0], &payment, err);
    if (found <= 0)
        return found < 0 ? -1 : refund_status(cli, service, err);
    if (sl_pay_find(cli, service, cli->operands[0], &payment, &school, err) < 0)
        return -1;
    output = sl_pay_open(cli, SL_SHAPE_LIST, school.timezone);
    if (sl_pay_row(cli, service, output, &payment, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

struct list_options {
    const char *status, *since, *reference;
};

static const struct sl_opt list_options[] = {
    { "status", 0, SL_OPT_CHOICE, offsetof(struct list_options, status),
      "initiated|pending|succeeded|failed|cancelled|expired|unknown|refunded",
      .help = "Only these" },
    { "since", 0, SL_OPT_TEXT, offsetof(struct list_options, since), "TIME",
      .help = "Only what was asked for since then: 2h, 3d, today, 2026-11-24" },
    { "reference", 0, SL_OPT_TEXT, offsetof(struct list_options, reference), "TEXT",
      .help = "Only these" },
    { 0 },
};

static int print_list(const struct sl_cli *cli, struct sl_service *service,
                      const struct sl_payment_filter *filter, const char *zone, struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = sl_pay_open(cli, SL_SHAPE_LIST, zone);
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_cli row = *cli; /* memory does not grow with the rows */
    struct sl_payment payment;
    int more;

    row.arena = arena;
    if (sl_payments_list(&rows, service->db, filter, err) < 0)
        return -1;
    while ((more = sl_payments_next(&rows, &payment, err)) > 0) {
        sl_arena_reset(arena);
        if (sl_pay_row(&row, service, output, &payment, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : sl_output_end(&output, err);
}

static int list_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct list_options *given = opaque;
    struct sl_payment_filter filter = { .status = given->status, .reference = given->reference };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school = { .timezone = "UTC" };

    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0))
        return -1;
    filter.school_id = school.id;
    if (given->since &&
        sl_time_parse(given->since, school.timezone, sl_now_ms(), &filter.since_ms) < 0)
        return sl_err_set(err, SL_ERR_DATA,
                          "--since '%s' is no time like 2h, 3d, today or "
                          "2026-11-24T08:00:00Z",
                          given->since);
    return print_list(cli, service, &filter, school.timezone, err);
}

/* ---- refund, receipt ----------------------------------------------------------------------------- */

struct refund_options {
    const char *amount, *reason, *key;
    bool force;
};

static const struct sl_opt refund_options[] = {
    { "amount", 0, SL_OPT_TEXT, offsetof(struct refund_options, amount), "AMOUNT",
      .help = "How much; without it all" },
    { "reason", 0, SL_OPT_TEXT, offsetof(struct refund_options, reason), "TEXT",
      .help = "Why, for the payer and the provider" },
    { "key", 0, SL_OPT_TEXT, offsetof(struct refund_options, key), "KEY",
      .help = "Idempotency key: a second refund with it gives nothing back" },
    { "force", 0, SL_OPT_FLAG, offsetof(struct refund_options, force), NULL,
      .help = "Ask for a part, though the provider may refuse it" },
    { 0 },
};

static int conclude_refund(const struct sl_cli *cli, const struct sl_refund *refund,
                           const struct sl_once_end *end)
{
    if (strcmp(refund->status, "succeeded") == 0 ||
        (strcmp(refund->status, "pending") == 0 && refund->external_reference))
        return 0;
    if (strcmp(refund->status, "failed") == 0) {
        sl_say(cli, "%s: refused%s%s", cli->program, refund->error ? ": " : "",
               refund->error ? refund->error : "");
        return 1;
    }
    return end->item.id ? sl_pay_row_status(cli, end) : SL_ERR_QUEUED;
}

/* Of a refund that is recorded: sends it, if nobody did, and tells what became of it. */
static int pursue_refund(const struct sl_cli *cli, struct sl_service *service,
                         const struct sl_school *school, const struct sl_payment *payment,
                         struct sl_refund *refund, int64_t item_id, struct sl_err *err)
{
    struct sl_once_end end = { 0 };

    if ((item_id && sl_pay_run(cli, service, item_id, &end, err) < 0) ||
        sl_refunds_get(service->db, cli->arena, refund->id, refund, err) < 0 ||
        sl_refund_print(cli, service, SL_SHAPE_OBJECT, refund, payment, school->timezone, err) < 0)
        return -1;
    return conclude_refund(cli, refund, &end);
}

static int refund_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct refund_options *given = opaque;
    const struct sl_refund_request request = { given->amount, given->reason, given->key,
                                               given->force };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_payment payment;
    struct sl_school school;
    struct sl_refund refund;
    int64_t item_id;
    int status;

    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        sl_pay_find(cli, service, cli->operands[0], &payment, &school, err) < 0 ||
        sl_payments_refund(service, cli->arena, &school, &payment, &request, &refund, &item_id,
                           err) < 0)
        return -1;
    status = pursue_refund(cli, service, &school, &payment, &refund, item_id, err);
    if (status < 0)
        return sl_err_recorded(err, "refund", refund.public_id, cli->program, "status");
    return status;
}

static int print_receipt(const struct sl_cli *cli, const struct sl_payment *payment,
                         const char *text, struct sl_err *err)
{
    static const struct sl_column columns[] = { { "id", SL_TEXT, 0 },
                                                { "receipt", SL_TEXT, 0 },
                                                { "text", SL_TEXT, 0 } };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;

    if (cli->format == SL_FORMAT_TABLE) {
        (void)printf("%s\n", sl_printable(cli->arena, text, strlen(text), SIZE_MAX));
        return 0;
    }
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);
    if (sl_output_row(output,
                      (struct sl_value[]){ sl_text(payment->public_id), sl_text(payment->receipt),
                                           sl_text(text) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int receipt_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_payment payment;
    struct sl_school school;
    const char *text;

    (void)options;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_pay_find(cli, service, cli->operands[0], &payment, &school, err) < 0)
        return -1;
    if (!sl_pay_is(&payment, "succeeded") && !sl_pay_is(&payment, "refunded"))
        return sl_err_set(err, SL_ERR_DATA, "payment %s is %s: there is no receipt for it",
                          payment.public_id, payment.status);
    if (!payment.receipt)
        return sl_err_set(err, SL_ERR_DATA,
                          "payment %s is paid, but its receipt number is not known yet",
                          payment.public_id);
    if (sl_receipts_text(cli->arena, &school, &payment, &text, err) < 0)
        return -1;
    return print_receipt(cli, &payment, text, err);
}

/* ---- The table ----------------------------------------------------------------------------------- */

static const struct sl_verb verbs[] = {
    { .name = "request",
      .summary = "Ask a payer for money: a prompt on the phone, or a link",
      .options = sl_request_options,
      .options_size = sizeof(struct sl_request_options),
      .run = sl_request_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "status",
      .operands = "ID",
      .summary = "Show what is known of a payment or refund",
      .min_operands = 1,
      .max_operands = 1,
      .run = status_run,
      .common = SL_USES_SCHOOL },
    { .name = "verify",
      .operands = "ID",
      .summary = "Ask the provider about a payment now, or decide what was paid",
      .options = sl_pay_verify_options,
      .options_size = sizeof(struct sl_pay_verify_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_pay_verify_run,
      .common = SL_USES_SCHOOL },
    { .name = "list",
      .summary = "List payments, newest first",
      .options = list_options,
      .options_size = sizeof(struct list_options),
      .run = list_run,
      .common = SL_USES_SCHOOL },
    { .name = "refund",
      .operands = "ID",
      .summary = "Give money back",
      .options = refund_options,
      .options_size = sizeof(struct refund_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = refund_run,
      .common = SL_USES_SCHOOL },
    { .name = "reconcile",
      .summary = "Ask about every payment that was never heard of again",
      .options = sl_pay_reconcile_options,
      .options_size = sizeof(struct sl_pay_reconcile_options),
      .run = sl_pay_reconcile_run,
      .common = SL_USES_SCHOOL },
    { .name = "receipt",
      .operands = "ID",
      .summary = "Print the receipt of a payment",
      .min_operands = 1,
      .max_operands = 1,
      .run = receipt_run,
      .common = SL_USES_SCHOOL },
    { .name = "c2b register",
      .summary = "Tell the provider where to report payments that nobody asked for",
      .run = sl_c2b_register_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "c2b simulate",
      .summary = "Pretend such a payment, where the provider can",
      .options = sl_simulate_options,
      .options_size = sizeof(struct sl_simulate_options),
      .run = sl_c2b_simulate_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "c2b accounts import",
      .summary = "Add references that may be paid to",
      .options = sl_accounts_options,
      .options_size = sizeof(struct sl_accounts_options),
      .run = sl_c2b_import_run,
      .common = SL_NEEDS_SCHOOL },
    { .name = "c2b accounts list",
      .summary = "List the references that may be paid to",
      .run = sl_c2b_list_run,
      .common = SL_NEEDS_SCHOOL },
    { .name = "c2b accounts clear",
      .summary = "Remove all references that may be paid to",
      .run = sl_c2b_clear_run,
      .common = SL_NEEDS_SCHOOL },
};

static const struct sl_program program = {
    .name = "sl-pay",
    .summary = "Payments",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-config(1), sl-queue(1), sl-queue-run(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
