#include "cmd/common/batch_verbs.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/common/batch.h"
#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/audit.h"
#include "lib/service/bulk.h"
#include "lib/store/accounts.h"

const struct sl_opt sl_resume_options[] = {
    { "resend-unknown", 0, SL_OPT_FLAG, offsetof(struct sl_resume_options, resend_unknown), NULL,
      .help = "Send those again of which nobody knows whether they left" },
    { "report", 0, SL_OPT_TEXT, offsetof(struct sl_resume_options, report), "FILE",
      .help = "Write what became of each row, as CSV; -: to stdout" },
    { "connections", 0, SL_OPT_INT, offsetof(struct sl_resume_options, connections), "N",
      .help = "Requests at once, at most", .least = 1, .most = 1000, .initial = 16 },
    { 0 },
};

static bool of_channel(const struct sl_cli *cli, const struct sl_batch *batch)
{
    const char *name = sl_batch_channel(cli)->name;
    size_t n = strlen(name);

    return strncmp(batch->kind, name, n) == 0 && batch->kind[n] == '.';
}

/* "BATCH" or "BATCH-LINE"; *line is 0 for the former. */
static int find_batch(const struct sl_cli *cli, struct sl_service *service, const char *id,
                      struct sl_batch *batch, int64_t *line, struct sl_err *err)
{
    char *copy = sl_arena_strdup(cli->arena, id), *dash = strrchr(copy, '-');
    int found;

    *line = 0;
    if (dash && sl_parse_int(dash + 1, 1, INT64_MAX, line))
        *dash = '\0';
    found = sl_batches_find(service->db, cli->arena, copy, batch, err);
    if (found == 0 || (found > 0 && !of_channel(cli, batch))) {
        (void)sl_err_set(err, SL_ERR_DATA, "there is no batch or message '%s'", id);
        return sl_err_hint(err, "`%s batches` lists them", cli->program);
    }
    return found < 0 ? -1 : 0;
}

/* For what is done to a whole batch: the id of a message of it is not taken for it. */
static int find_whole(const struct sl_cli *cli, struct sl_service *service, struct sl_batch *batch,
                      struct sl_err *err)
{
    int64_t line;

    if (find_batch(cli, service, cli->operands[0], batch, &line, err) < 0)
        return -1;
    if (line == 0)
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "'%s' is one message of a batch", cli->operands[0]);
    return sl_err_hint(err, "name the batch: %s", batch->public_id);
}

static int resume(const struct sl_cli *cli, const struct sl_resume_options *given,
                  struct sl_service *service, struct sl_batch *batch, struct sl_report *report,
                  struct sl_err *err)
{
    struct sl_school school;
    const struct sl_finish finish = { .service = service,
                                      .school = &school,
                                      .batch = batch,
                                      .report = report,
                                      .total = batch->total,
                                      .connections = given->connections,
                                      .started_ms = sl_boot_ms() };
    int64_t n;

    if (strcmp(batch->state, "loading") == 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "the list of batch %s was not read to its end",
                         batch->public_id);
        return sl_err_hint(err,
                           batch->key
                               ? "give the same `%s bulk … --key %s` again"
                               : "give the list again with `%s bulk`; nothing of it was sent",
                           cli->program, batch->key);
    }
    if (sl_schools_get(service->db, cli->arena, batch->school_id, &school, err) <= 0)
        return -1;
    if (given->resend_unknown) {
        n = sl_messages_resend_unknown(service->db, batch->id, sl_now_ms(), err);
        if (n < 0)
            return -1;
        sl_say(cli, "%s: %" PRId64 " unknown ones are sent again", cli->program, n);
    }
    if (sl_batches_resume(service->db, batch->id, sl_now_ms(), err) < 0 ||
        sl_accounts_resume(service->db, batch->id, err) < 0)
        return -1;
    return sl_batch_finish(cli, &finish, err);
}

int sl_resume_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_resume_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_report_drop) struct sl_report report = { 0 };
    struct sl_batch batch;

    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        find_whole(cli, service, &batch, err) < 0 ||
        sl_report_open(cli, given->report, NULL, &report, err) < 0)
        return -1;
    return resume(cli, given, service, &batch, &report, err);
}

static int log_act(struct sl_service *service, const struct sl_cli *cli,
                   const struct sl_batch *batch, const char *operation, struct sl_err *err)
{
    return sl_audit_add(service,
                        &(struct sl_log){ .school_id = batch->school_id,
                                          .provider_id = batch->provider_id,
                                          .direction = "inbound",
                                          .operation = operation,
                                          .reference_type = "batch",
                                          .reference_id = batch->public_id,
                                          .status = "success",
                                          .duration_ms = -1,
                                          .actor = sl_audit_actor(cli->arena),
                                          .created_at = sl_now_ms() },
                        err);
}

int sl_cancel_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_batch_counts counts;
    struct sl_batch batch;
    int64_t n;

    (void)opaque;
    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        find_whole(cli, service, &batch, err) < 0 || sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    n = sl_batches_cancel(service->db, batch.id, sl_now_ms(), err);
    if (n < 0 || log_act(service, cli, &batch, "batch.cancel", err) < 0 ||
        sl_tx_commit(&tx, err) < 0 ||
        sl_batches_count(service->db, cli->arena, batch.id, &counts, err) < 0)
        return -1;
    sl_say(cli,
           "%s: %" PRId64 " messages cancelled, %" PRId64 " were sent or are leaving, %" PRId64
           " may or may not have been sent",
           cli->program, n, counts.sent + counts.queued, counts.unknown);
    return sl_summary_print(cli, &batch, &counts, NULL, NULL, NULL, err);
}

const struct sl_opt sl_status_options[] = {
    { "ask", 0, SL_OPT_FLAG, offsetof(struct sl_status_options, ask), NULL,
      .help = "Ask the provider first how far the message came and what it cost" },
    { "report", 0, SL_OPT_TEXT, offsetof(struct sl_status_options, report), "FILE",
      .help = "Write what became of each row, as CSV; -: to stdout" },
    { 0 },
};

static int check_line(const struct sl_cli *cli, struct sl_service *service,
                      const struct sl_batch *batch, int64_t line, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_message message;
    int more;

    if (line == 0)
        return 0;
    if (sl_messages_list(&rows, service->db, batch->id, line, err) < 0)
        return -1;
    more = sl_messages_next(&rows, &message, err);
    if (more != 0)
        return more < 0 ? -1 : 0;
    (void)sl_err_set(err, SL_ERR_DATA, "the batch has no message '%s'", cli->operands[0]);
    return sl_err_hint(err, "`%s status %s` shows them", cli->program, batch->public_id);
}

int sl_status_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_status_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_report_drop) struct sl_report report = { 0 };
    struct sl_school school;
    struct sl_batch batch;
    int64_t line;

    if (sl_open_service(cli, given->ask ? SL_ALL_KEYS : SL_NO_KEYS, &service, err) < 0 ||
        find_batch(cli, service, cli->operands[0], &batch, &line, err) < 0 ||
        check_line(cli, service, &batch, line, err) < 0 ||
        sl_schools_get(service->db, cli->arena, batch.school_id, &school, err) <= 0 ||
        (given->ask && sl_batch_ask(cli, service, &batch, &school, line, err) < 0) ||
        sl_report_open(cli, given->report, NULL, &report, err) < 0)
        return -1;
    if (report.file) {
        if (sl_bulk_report(service, sl_batch_channel(cli), batch.id, SL_WITH_IDS, report.file,
                           report.path, err) < 0)
            return -1;
        return sl_report_close(&report, err);
    }
    return sl_batch_print(cli, service, batch.id, line, school.timezone, err);
}

int sl_batches_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_school school = { 0 };
    struct sl_batch_counts counts;
    struct sl_batch batch;
    int more;

    (void)opaque;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0)
        return -1;
    if (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0)
        return -1;
    output =
        sl_output_open(cli, SL_SHAPE_LIST, sl_summary_columns, SL_SUMMARY_COLUMNS, school.timezone);
    if (sl_batches_list(&rows, service->db, school.id, sl_batch_channel(cli)->name, err) < 0)
        return -1;
    while ((more = sl_batches_next(&rows, &batch, err)) > 0) {
        int64_t took = batch.finished_at ? batch.finished_at - batch.created_at : 0;

        if (sl_batches_count(service->db, cli->arena, batch.id, &counts, err) < 0 ||
            sl_summary_row(cli, output, &batch, &counts,
                           took ? sl_print_decimal(cli->arena, took, 3, 1) : NULL, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : sl_output_end(&output, err);
}
