#include "cmd/common/batch.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/cli/terminal.h"
#include "lib/service/audit.h"
#include "lib/service/sms.h"

/* ---- Records ---------------------------------------------------------------------------- */

static const struct sl_column message_columns[] = {
    { "id", SL_TEXT, 0 },
    { "batch", SL_TEXT, SL_WIDE },
    { "to", SL_TEXT, 0 },
    { "status", SL_TEXT, 0 },
    { "external_reference", SL_TEXT, 0 },
    { "segments", SL_INT, 0 },
    { "cost", SL_DECIMAL, 0 },
    { "currency", SL_TEXT, 0 },
    { "error", SL_TEXT, 0 },
    { "created_at", SL_TIME, SL_WIDE },
    { "updated_at", SL_TIME, 0 },
};

int sl_batch_print(const struct sl_cli *cli, struct sl_service *service, int64_t batch_id,
                   int64_t line, const char *zone, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, message_columns, SL_COUNT(message_columns), zone);
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_message m;
    char id[64];
    int more;

    if (sl_messages_list(&rows, service->db, batch_id, line, err) < 0)
        return -1;
    while ((more = sl_messages_next(&rows, &m, err)) > 0) {
        (void)snprintf(id, sizeof id, "%s-%" PRId64, m.batch, m.line);
        if (sl_output_row(output,
                          (struct sl_value[]){ sl_text(id), sl_text(m.batch),
                                               sl_text(m.address ? m.address : m.address_given),
                                               sl_text(m.status), sl_text(m.external_reference),
                                               m.segments ? sl_int(m.segments) : sl_null(),
                                               sl_text(m.cost_text), sl_text(m.currency),
                                               sl_text(m.error), sl_time(m.created_at),
                                               sl_time(m.updated_at) },
                          err) < 0)
            return -1;
    }
    return more < 0 ? -1 : sl_output_end(&output, err);
}

/* What the batch came to, as the exit status. */
int sl_batch_status(const struct sl_batch_counts *counts, const struct sl_engine_counts *run)
{
    if (run && run->refused && counts->queued > 0)
        return SL_ERR_AUTH;
    if (counts->queued > 0)
        return SL_ERR_QUEUED;
    if (counts->skipped > 0 && counts->skipped == counts->total)
        return 1; /* nobody is told that it was done */
    return counts->failed > 0 || counts->unknown > 0 ? 1 : 0;
}

/* ---- The summary ------------------------------------------------------------------------ */

static const struct sl_column summary_columns[] = {
    { "batch", SL_TEXT, 0 },      { "created_at", SL_TIME, 0 }, { "total", SL_INT, 0 },
    { "sent", SL_INT, 0 },        { "failed", SL_INT, 0 },      { "unknown", SL_INT, 0 },
    { "skipped", SL_INT, 0 },     { "queued", SL_INT, 0 },      { "cancelled", SL_INT, SL_WIDE },
    { "segments", SL_INT, 0 },    { "cost", SL_DECIMAL, 0 },    { "currency", SL_TEXT, 0 },
    { "seconds", SL_DECIMAL, 0 },
};

static int summary_row(const struct sl_cli *cli, struct sl_output *output,
                       const struct sl_batch *batch, const struct sl_batch_counts *counts,
                       const char *seconds, struct sl_err *err)
{
    const char *cost =
        counts->currency ? sl_print_decimal(cli->arena, counts->cost_micro, 6, 4) : NULL;

    return sl_output_row(output,
                         (struct sl_value[]){ sl_text(batch->public_id), sl_time(batch->created_at),
                                              sl_int(counts->total), sl_int(counts->sent),
                                              sl_int(counts->failed), sl_int(counts->unknown),
                                              sl_int(counts->skipped), sl_int(counts->queued),
                                              sl_int(counts->cancelled), sl_int(counts->segments),
                                              sl_text(cost), sl_text(counts->currency),
                                              sl_text(seconds) },
                         err);
}

/* For programs: people have read it on stderr. */
static int print_counts(const struct sl_cli *cli, const struct sl_batch *batch,
                        const struct sl_batch_counts *counts, const char *seconds, const char *zone,
                        struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;

    if (cli->format == SL_FORMAT_TABLE)
        return 0;
    output = sl_output_open(cli, SL_SHAPE_OBJECT, summary_columns, SL_COUNT(summary_columns), zone);
    if (summary_row(cli, output, batch, counts, seconds, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static void tell_summary(const struct sl_cli *cli, const struct sl_batch *batch,
                         const struct sl_batch_counts *counts, const char *seconds)
{
    sl_say(cli,
           "%s: batch %s: %" PRId64 " rows: %" PRId64 " sent, %" PRId64 " failed, %" PRId64
           " unknown, %" PRId64 " skipped, %" PRId64 " queued; %" PRId64
           " segments%s%s%s%s in %s s",
           cli->program, batch->public_id, counts->total, counts->sent, counts->failed,
           counts->unknown, counts->skipped, counts->queued, counts->segments,
           counts->currency ? ", " : "", counts->currency ? counts->currency : "",
           counts->currency ? " " : "",
           counts->currency ? sl_print_decimal(cli->arena, counts->cost_micro, 6, 2) : "", seconds);
}

/* ---- The report ------------------------------------------------------------------------- */

/* A pipe or a device is written to as it is: a rename would put a file in its place. */
static int open_device(struct sl_report *report, struct sl_err *err)
{
    report->file = fopen(report->path, "we");
    return report->file ? 0 : sl_err_set(err, SL_ERR_CREATE, "the report %s: %m", report->path);
}

/* A report is written beside its name and renamed, so that a half one never stands there. */
int sl_report_open(const struct sl_cli *cli, const char *path, struct sl_report *report,
                   struct sl_err *err)
{
    struct stat about;
    int fd;

    *report = (struct sl_report){ .path = path };
    if (!path)
        return 0;
    if (!*path)
        return sl_err_set(err, SL_ERR_CREATE, "the report needs the name of a file");
    if (strcmp(path, "-") == 0) {
        report->file = stdout;
        return 0;
    }
    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        return sl_err_set(err, SL_ERR_CREATE, "the report %s: it is a folder", path);
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return open_device(report, err);
    report->beside = sl_arena_printf(cli->arena, "%s.XXXXXX", path);
    fd = mkostemp(report->beside, O_CLOEXEC);
    if (fd < 0)
        return sl_err_set(err, SL_ERR_CREATE, "the report %s: %m", path);
    report->file = fdopen(fd, "w");
    if (!report->file)
        sl_out_of_memory();
    return 0;
}

void sl_report_drop(struct sl_report *report)
{
    if (report->file && report->file != stdout)
        (void)fclose(report->file);
    if (report->file && report->beside)
        (void)unlink(report->beside);
    report->file = NULL;
}

/* It survives a power cut from here on. */
static bool settle_file(FILE *file)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    return fchmod(fileno(file), 0640 & ~mask) == 0 && fsync(fileno(file)) == 0;
}

int sl_report_close(struct sl_report *report, struct sl_err *err)
{
    int status = 0;

    if (!report->file || report->file == stdout)
        return 0;
    if (fflush(report->file) != 0 || (report->beside && !settle_file(report->file)))
        status = sl_err_set(err, SL_ERR_IO, "the report %s: %m", report->path);
    if (fclose(report->file) != 0 && status == 0)
        status = sl_err_set(err, SL_ERR_IO, "the report %s: %m", report->path);
    report->file = NULL;
    if (!report->beside)
        return status;
    if (status == 0 && rename(report->beside, report->path) != 0)
        status = sl_err_set(err, SL_ERR_CREATE, "the report %s: %m", report->path);
    if (status < 0)
        (void)unlink(report->beside);
    return status;
}

/* ---- Draining --------------------------------------------------------------------------- */

enum { PATIENCE_MS = 30000 };

struct draining {
    const struct sl_cli *cli;
    const volatile sig_atomic_t *stop;
    struct sl_progress progress;
    int64_t done;
    const char *told; /* what was waited for last */
};

static void on_progress(void *opaque, const struct sl_engine_counts *counts)
{
    struct draining *draining = opaque;

    if (counts->waiting && counts->waiting != draining->told)
        sl_say(draining->cli, "%s: waiting: %s", draining->cli->program, counts->waiting);
    draining->told = counts->waiting ? counts->waiting : draining->told;
    sl_progress_update(&draining->progress, draining->done + counts->settled,
                       counts->waiting ? counts->waiting : "sent");
}

static void drain_trace(void *opaque, int level, const char *text)
{
    struct draining *draining = opaque;

    sl_say_verbose(draining->cli, level, "%s", text);
}

static int drain_once(struct draining *draining, struct sl_service *service, int64_t batch_id,
                      int64_t connections, struct sl_engine_counts *counts, struct sl_err *err)
{
    const struct sl_engine_options options = {
        .program = draining->cli->program,
        .filter = { .batch_id = batch_id },
        .connections = connections,
        .patience_ms = PATIENCE_MS,
        .stop = draining->stop,
        .progress = on_progress,
        .trace = draining->cli->verbose ? drain_trace : NULL,
        .opaque = draining,
    };

    if (sl_engine_run(service, &options, counts, err) < 0)
        return -1;
    draining->done += counts->settled;
    return 0;
}

/* Rows that another process holds come free when its lease is over, if it died. */
static int drain(const struct sl_cli *cli, struct sl_service *service, const struct sl_batch *batch,
                 int64_t total, int64_t connections, struct sl_engine_counts *counts,
                 struct sl_err *err)
{
    struct draining draining = { .cli = cli, .stop = sl_stop_flag() };
    int64_t until_ms = sl_boot_ms() + (service->settings.lease_seconds + 2) * 1000, held = 0;
    bool told = false;
    int status;

    sl_progress_begin(&draining.progress, cli, total);
    for (;;) {
        status = drain_once(&draining, service, batch->id, connections, counts, err);
        if (status == 0)
            status = sl_batches_held(service->db, batch->id, &held, err);
        if (status < 0 || held == 0 || *draining.stop || sl_boot_ms() >= until_ms)
            break;
        if (!told)
            sl_say(cli, "%s: %" PRId64 " rows are another process's; waiting up to %" PRId64 " s",
                   cli->program, held, service->settings.lease_seconds);
        told = true;
        (void)nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
    }
    sl_progress_end(&draining.progress);
    if (status < 0)
        return -1;
    return sl_batches_finish(service->db, batch->id, sl_now_ms(), err) < 0 ? -1 : 0;
}

/* Why rows are left: words for a line, "" if nobody knows. */
static const char *why_left(const struct sl_cli *cli, const struct sl_engine_counts *run)
{
    if (*run->unreached)
        return sl_arena_printf(cli->arena, "the provider cannot be reached (%s); ", run->unreached);
    return run->waiting ? sl_arena_printf(cli->arena, "%s; ", run->waiting) : "";
}

void sl_batch_tell_rest(const struct sl_cli *cli, const struct sl_batch *batch,
                        const struct sl_batch_counts *counts, const struct sl_engine_counts *run)
{
    if (run->refused && counts->queued > 0)
        sl_say(cli,
               "%s: credentials refused: %s; mend them with `sl-config set`, then `%s resume %s`",
               cli->program, run->refused, cli->program, batch->public_id);
    else if (counts->queued > 0)
        sl_say(cli, "%s: %s%" PRId64 " queued: the timer or `%s resume %s` sends them",
               cli->program, why_left(cli, run), counts->queued, cli->program, batch->public_id);
    if (counts->skipped > 0 && counts->skipped == counts->total)
        sl_say(cli, "%s: nobody was left to send to: all are skipped", cli->program);
    if (counts->unknown > 0)
        sl_say(cli,
               "%s: %" PRId64
               " may or may not have been sent; `resume %s --resend-unknown` sends them again",
               cli->program, counts->unknown, batch->public_id);
}

static int write_report(const struct sl_cli *cli, struct sl_service *service,
                        const struct sl_batch *batch, struct sl_report *report, struct sl_err *err)
{
    if (!report->file)
        return 0;
    if (sl_bulk_report(service, batch->id, SL_WITH_IDS, report->file, report->path, err) == 0 &&
        sl_report_close(report, err) == 0)
        return 0;
    return sl_err_hint(err, "`%s status %s --report FILE` writes it again", cli->program,
                       batch->public_id);
}

/* The report may fail, its disk being full; the summary is told all the same. */
static int conclude(const struct sl_cli *cli, struct sl_service *service,
                    const struct sl_school *school, const struct sl_batch *batch,
                    struct sl_report *report, const struct sl_engine_counts *run,
                    int64_t started_ms, struct sl_err *err)
{
    const char *seconds = sl_print_decimal(cli->arena, sl_boot_ms() - started_ms, 3, 1);
    bool on_stdout = report->file == stdout; /* all of it: two tables in one parse as none */
    struct sl_batch_counts counts;
    struct sl_err second;
    int reported;

    if (sl_batches_count(service->db, cli->arena, batch->id, &counts, err) < 0)
        return -1;
    tell_summary(cli, batch, &counts, seconds);
    sl_batch_tell_rest(cli, batch, &counts, run);
    reported = write_report(cli, service, batch, report, err);
    if (!on_stdout && print_counts(cli, batch, &counts, seconds, school->timezone,
                                   reported < 0 ? &second : err) < 0)
        return -1;
    return reported < 0 ? -1 : sl_batch_status(&counts, run);
}

int sl_batch_finish(const struct sl_cli *cli, struct sl_service *service,
                    const struct sl_school *school, const struct sl_batch *batch,
                    const struct sl_finish *finish, struct sl_report *report, struct sl_err *err)
{
    struct sl_engine_counts run = { 0 };
    int status = 0;

    if (!finish->detach)
        status = drain(cli, service, batch, finish->total, finish->connections, &run, err);
    if (status == 0)
        status = conclude(cli, service, school, batch, report, &run, finish->started_ms, err);
    if (status < 0)
        return sl_err_recorded(err, "batch", batch->public_id, cli->program, "status");
    return status;
}

/* ---- Verbs ------------------------------------------------------------------------------ */

const struct sl_opt sl_resume_options[] = {
    { "resend-unknown", 0, SL_OPT_FLAG, offsetof(struct sl_resume_options, resend_unknown), NULL,
      .help = "Send those again of which nobody knows whether they left" },
    { "report", 0, SL_OPT_TEXT, offsetof(struct sl_resume_options, report), "FILE",
      .help = "Write what became of each row, as CSV" },
    { "connections", 0, SL_OPT_INT, offsetof(struct sl_resume_options, connections), "N",
      .help = "Requests at once, at most", .least = 1, .most = 1000, .initial = 16 },
    { 0 },
};

/* "sl-sms" → "sms": the channel is in the program's name. */
static const char *channel(const struct sl_cli *cli)
{
    return cli->program + strlen("sl-");
}

static bool of_channel(const struct sl_cli *cli, const struct sl_batch *batch)
{
    size_t n = strlen(channel(cli));

    return strncmp(batch->kind, channel(cli), n) == 0 && batch->kind[n] == '.';
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
    const struct sl_finish finish = { .total = batch->total,
                                      .connections = given->connections,
                                      .started_ms = sl_boot_ms() };
    struct sl_school school;
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
    if (sl_batches_resume(service->db, batch->id, sl_now_ms(), err) < 0)
        return -1;
    return sl_batch_finish(cli, service, &school, batch, &finish, report, err);
}

int sl_resume_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_resume_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_report_drop) struct sl_report report = { 0 };
    struct sl_batch batch;

    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        find_whole(cli, service, &batch, err) < 0 ||
        sl_report_open(cli, given->report, &report, err) < 0)
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
    sl_say(cli, "%s: %" PRId64 " messages cancelled, %" PRId64 " were sent or are leaving",
           cli->program, n, counts.sent + counts.queued + counts.unknown);
    return print_counts(cli, &batch, &counts, NULL, NULL, err);
}

const struct sl_opt sl_status_options[] = {
    { "report", 0, SL_OPT_TEXT, offsetof(struct sl_status_options, report), "FILE",
      .help = "Write what became of each row, as CSV" },
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

    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        find_batch(cli, service, cli->operands[0], &batch, &line, err) < 0 ||
        check_line(cli, service, &batch, line, err) < 0 ||
        sl_schools_get(service->db, cli->arena, batch.school_id, &school, err) <= 0 ||
        sl_report_open(cli, given->report, &report, err) < 0)
        return -1;
    if (report.file) {
        if (sl_bulk_report(service, batch.id, SL_WITH_IDS, report.file, report.path, err) < 0)
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
    output = sl_output_open(cli, SL_SHAPE_LIST, summary_columns, SL_COUNT(summary_columns),
                            school.timezone);
    if (sl_batches_list(&rows, service->db, school.id, channel(cli), err) < 0)
        return -1;
    while ((more = sl_batches_next(&rows, &batch, err)) > 0) {
        int64_t took = batch.finished_at ? batch.finished_at - batch.created_at : 0;

        if (sl_batches_count(service->db, cli->arena, batch.id, &counts, err) < 0 ||
            summary_row(cli, output, &batch, &counts,
                        took ? sl_print_decimal(cli->arena, took, 3, 1) : NULL, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : sl_output_end(&output, err);
}
