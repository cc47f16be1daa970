#include "cmd/common/c2b_verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/common/list.h"
#include "cmd/common/open.h"
#include "cmd/common/pay.h"
#include "lib/service/references.h"
#include "lib/service/c2b.h"
#include "lib/service/endpoints.h"

/* ---- register, simulate ------------------------------------------------------------------ */

/* What became of the row; its status is what the provider made of it. */
static int print_row(const struct sl_cli *cli, const struct sl_once_end *end, const char *zone,
                     struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "id", SL_TEXT, 0 },    { "operation", SL_TEXT, 0 },  { "status", SL_TEXT, 0 },
        { "error", SL_TEXT, 0 }, { "created_at", SL_TIME, 0 },
    };
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), zone);
    const struct sl_item *item = &end->item;

    if (sl_output_row(output,
                      (struct sl_value[]){ sl_text(item->public_id), sl_text(item->operation),
                                           sl_text(item->status), sl_text(end->error),
                                           sl_time(item->created_at) },
                      err) < 0 ||
        sl_output_end(&output, err) < 0)
        return sl_err_recorded(err, "row", item->public_id, "sl-queue", "show");
    return 0;
}

/* Addresses that the provider refused are nobody's. */
int sl_c2b_register_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school;
    struct sl_once_end end;
    int64_t endpoint_id, item_id;

    (void)options;
    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_c2b_register(service, cli->arena, &school, cli->provider, &endpoint_id, &item_id, err) <
            0 ||
        sl_pay_run(cli, service, item_id, &end, err) < 0)
        return -1;
    if (end.how == SL_ONCE_FAILED && sl_endpoint_disable(service, endpoint_id, err) < 0)
        return -1;
    if (print_row(cli, &end, school.timezone, err) < 0)
        return -1;
    return sl_pay_row_status(cli, &end);
}

const struct sl_opt sl_simulate_options[] = {
    { "phone", 0, SL_OPT_TEXT, offsetof(struct sl_simulate_options, phone), "NUMBER",
      .help = "Who pays", .required = true },
    { "amount", 0, SL_OPT_TEXT, offsetof(struct sl_simulate_options, amount), "AMOUNT",
      .help = "How much", .required = true },
    { "reference", 0, SL_OPT_TEXT, offsetof(struct sl_simulate_options, reference), "TEXT",
      .help = "What the payer writes as account number", .required = true },
    { 0 },
};

int sl_c2b_simulate_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_simulate_options *given = opaque;
    const struct sl_c2b_request request = { cli->provider, given->phone, given->amount,
                                            given->reference };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school;
    struct sl_once_end end;
    int64_t item_id;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_c2b_simulate(service, cli->arena, &school, &request, &item_id, err) < 0 ||
        sl_pay_run(cli, service, item_id, &end, err) < 0 ||
        print_row(cli, &end, school.timezone, err) < 0)
        return -1;
    return sl_pay_row_status(cli, &end);
}

/* ---- accounts ---------------------------------------------------------------------------- */

const struct sl_opt sl_accounts_options[] = {
    { "file", 0, SL_OPT_TEXT, offsetof(struct sl_accounts_options, file), "FILE",
      .help = "CSV with a column reference; without it, or as -, stdin" },
    { 0 },
};

static void tell_bad(void *cli, size_t line, const char *why)
{
    const struct sl_cli *to = cli;

    sl_say(to, "%s: line %zu: %s", to->program, line, why);
}

static int print_import(const struct sl_cli *cli, const struct sl_references_import *import,
                        struct sl_err *err)
{
    static const struct sl_column columns[] = { { "total", SL_INT, 0 },
                                                { "added", SL_INT, 0 },
                                                { "known", SL_INT, 0 },
                                                { "failed", SL_INT, 0 } };
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);

    if (sl_output_row(output,
                      (struct sl_value[]){ sl_int(import->total), sl_int(import->added),
                                           sl_int(import->known), sl_int(import->failed) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

int sl_c2b_import_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_accounts_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_list_close) FILE *in = NULL;
    struct sl_references_import import = { .bad = tell_bad, .opaque = (void *)cli };
    struct sl_school school;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_list_open(given->file, &in, err) < 0 ||
        sl_references_read(service, &school, in, &import, err) < 0 ||
        print_import(cli, &import, err) < 0)
        return -1;
    return import.failed > 0 ? 1 : 0;
}

int sl_c2b_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    static const struct sl_column columns[] = { { "reference", SL_TEXT, 0 } };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_school school;
    const char *reference;
    int more;

    (void)options;
    if (sl_open_school(cli, SL_NO_KEYS, &service, &school, err) < 0 ||
        sl_references_list(&rows, service->db, school.id, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), school.timezone);
    while ((more = sl_references_next(&rows, &reference, err)) > 0)
        if (sl_output_row(output, (struct sl_value[]){ sl_text(reference) }, err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

int sl_c2b_clear_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school;
    int n;

    (void)options;
    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0)
        return -1;
    n = sl_references_forget(service, &school, err);
    if (n < 0)
        return -1;
    sl_say(cli, "%s: %d references removed", cli->program, n);
    return 0;
}
