#include "cmd/common/batch.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/cli/terminal.h"
#include "lib/service/awaited.h"
#include "lib/service/bulk.h"

const struct sl_channel *sl_batch_channel(const struct sl_cli *cli)
{
    return sl_channel_find(cli->program + strlen("sl-"));
}

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
    { "awaited", SL_TEXT, 0 },
};

/* What one waits for that is not at its end; many share a row of the queue. */
struct waiting {
    struct sl_arena *arena; /* of what is known of this row */
    int64_t queue_id;
    struct sl_awaited awaited;
};

static int look_up(struct sl_service *service, const struct sl_message *message,
                   struct waiting *waiting, struct sl_err *err)
{
    static const char *const open[] = { "queued", "sending", "unknown" };
    int64_t queue_id = 0;

    for (size_t i = 0; i < SL_COUNT(open); i++)
        if (strcmp(message->status, open[i]) == 0)
            queue_id = message->queue_id;
    if (queue_id == waiting->queue_id)
        return 0;
    sl_arena_reset(waiting->arena);
    waiting->queue_id = queue_id;
    return sl_awaited_item(service, waiting->arena, queue_id, &waiting->awaited, err);
}

int sl_batch_print(const struct sl_cli *cli, struct sl_service *service, int64_t batch_id,
                   int64_t line, const char *zone, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, message_columns, SL_COUNT(message_columns), zone);
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct waiting waiting = { .arena = arena };
    struct sl_message m;
    char id[64];
    int more;

    if (sl_messages_list(&rows, service->db, batch_id, line, err) < 0)
        return -1;
    while ((more = sl_messages_next(&rows, &m, err)) > 0) {
        if (look_up(service, &m, &waiting, err) < 0)
            return -1;
        (void)snprintf(id, sizeof id, "%s-%" PRId64, m.batch, m.line);
        if (sl_output_row(output,
                          (struct sl_value[]){ sl_text(id), sl_text(m.batch),
                                               sl_text(m.address ? m.address : m.address_given),
                                               sl_text(m.status), sl_text(m.external_reference),
                                               m.segments ? sl_int(m.segments) : sl_null(),
                                               sl_text(m.cost_text), sl_text(m.currency),
                                               sl_text(m.error ? m.error : waiting.awaited.why),
                                               sl_time(m.created_at), sl_time(m.updated_at),
                                               sl_text(waiting.awaited.what) },
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

const struct sl_column sl_summary_columns[SL_SUMMARY_COLUMNS] = {
    { "batch", SL_TEXT, 0 },          { "created_at", SL_TIME, 0 },
    { "total", SL_INT, 0 },           { "sent", SL_INT, 0 },
    { "failed", SL_INT, 0 },          { "unknown", SL_INT, 0 },
    { "skipped", SL_INT, 0 },         { "queued", SL_INT, 0 },
    { "cancelled", SL_INT, SL_WIDE }, { "segments", SL_INT, 0 },
    { "cost", SL_DECIMAL, 0 },        { "currency", SL_TEXT, 0 },
    { "seconds", SL_JSON, SL_RIGHT },
};

int sl_summary_row(const struct sl_cli *cli, struct sl_output *output, const struct sl_batch *batch,
                   const struct sl_batch_counts *counts, const char *seconds, struct sl_err *err)
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

int sl_summary_print(const struct sl_cli *cli, const struct sl_batch *batch,
                     const struct sl_batch_counts *counts, const char *seconds, const char *zone,
                     const struct sl_report *report, struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;

    if (cli->format == SL_FORMAT_TABLE)
        return 0;
    output = sl_report_summary(cli, report, sl_summary_columns, SL_SUMMARY_COLUMNS, zone);
    if (sl_summary_row(cli, output, batch, counts, seconds, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static void tell_summary(const struct sl_cli *cli, const struct sl_batch *batch,
                         const struct sl_batch_counts *counts, const char *seconds)
{
    sl_say(cli,
           "%s: batch %s: %" PRId64 " rows: %" PRId64 " sent, %" PRId64 " failed, %" PRId64
           " unknown, %" PRId64 " skipped, %" PRId64 " queued%s%s in %s s",
           cli->program, batch->public_id, counts->total, counts->sent, counts->failed,
           counts->unknown, counts->skipped, counts->queued,
           counts->segments
               ? sl_arena_printf(cli->arena, "; %" PRId64 " segments", counts->segments)
               : "",
           counts->currency
               ? sl_arena_printf(cli->arena, ", %s %s", counts->currency,
                                 sl_print_decimal(cli->arena, counts->cost_micro, 6, 2))
               : "",
           seconds);
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

static int drain_once(struct draining *draining, const struct sl_finish *finish,
                      struct sl_engine_counts *counts, struct sl_err *err)
{
    const struct sl_engine_options options = {
        .program = draining->cli->program,
        .filter = { .batch_id = finish->batch->id },
        .connections = finish->connections,
        .patience_ms = PATIENCE_MS,
        .stop = draining->stop,
        .progress = on_progress,
        .opaque = draining,
    };

    if (sl_engine_run(finish->service, &options, counts, err) < 0)
        return -1;
    draining->done += counts->settled;
    return 0;
}

/* Rows that another process holds come free when its lease is over, if it died. */
static int drain(const struct sl_cli *cli, const struct sl_finish *finish,
                 struct sl_engine_counts *counts, struct sl_err *err)
{
    struct sl_db *db = finish->service->db;
    struct draining draining = { .cli = cli, .stop = sl_stop_flag() };
    int64_t lease_s = finish->service->settings.lease_seconds, held = 0;
    int64_t until_ms = sl_boot_ms() + (lease_s + 2) * 1000;
    bool told = false;
    int status;

    sl_progress_begin(&draining.progress, cli, finish->total);
    for (;;) {
        status = drain_once(&draining, finish, counts, err);
        if (status == 0)
            status = sl_batches_held(db, finish->batch->id, &held, err);
        if (status < 0 || held == 0 || *draining.stop || sl_boot_ms() >= until_ms)
            break;
        if (!told)
            sl_say(cli, "%s: %" PRId64 " rows are another process's; waiting up to %" PRId64 " s",
                   cli->program, held, lease_s);
        told = true;
        (void)nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
    }
    sl_progress_end(&draining.progress);
    if (status < 0)
        return -1;
    return sl_batches_finish(db, finish->batch->id, sl_now_ms(), err) < 0 ? -1 : 0;
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

static int write_report(const struct sl_cli *cli, const struct sl_finish *finish,
                        struct sl_err *err)
{
    struct sl_report *report = finish->report;

    if (!report->file)
        return 0;
    if (sl_bulk_report(finish->service, sl_batch_channel(cli), finish->batch->id, SL_WITH_IDS,
                       report->file, report->path, err) == 0 &&
        sl_report_close(report, err) == 0)
        return 0;
    return sl_err_hint(err, "`%s status %s --report FILE` writes it again", cli->program,
                       finish->batch->public_id);
}

/* The report may fail, its disk being full; the summary is told all the same. */
static int conclude(const struct sl_cli *cli, const struct sl_finish *finish,
                    const struct sl_engine_counts *run, struct sl_err *err)
{
    const char *seconds = sl_print_decimal(cli->arena, sl_boot_ms() - finish->started_ms, 3, 1);
    struct sl_batch_counts counts;
    struct sl_err second;
    int reported;

    if (sl_batches_count(finish->service->db, cli->arena, finish->batch->id, &counts, err) < 0)
        return -1;
    tell_summary(cli, finish->batch, &counts, seconds);
    sl_batch_tell_rest(cli, finish->batch, &counts, run);
    reported = write_report(cli, finish, err);
    if (sl_summary_print(cli, finish->batch, &counts, seconds, finish->school->timezone,
                         finish->report, reported < 0 ? &second : err) < 0)
        return -1;
    return reported < 0 ? -1 : sl_batch_status(&counts, run);
}

int sl_batch_finish(const struct sl_cli *cli, const struct sl_finish *finish, struct sl_err *err)
{
    struct sl_engine_counts run = { 0 };
    int status = finish->detach ? 0 : drain(cli, finish, &run, err);

    if (status == 0)
        status = conclude(cli, finish, &run, err);
    if (status < 0)
        return sl_err_recorded(err, "batch", finish->batch->public_id, cli->program, "status");
    return status;
}
