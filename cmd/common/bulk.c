#include "cmd/common/bulk.h"

#include <inttypes.h>

#include "cmd/common/batch.h"
#include "cmd/common/list.h"
#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/cli/terminal.h"

/* A list that is being read, and what for. */
struct reading {
    const struct sl_cli *cli;
    struct sl_service *service; /* NULL where there is no school */
    const struct sl_school *school;
    const struct sl_channel *channel;
    struct sl_batch batch;
    struct sl_bulk_totals totals;
    char hash[65];
};

static int load(struct reading *reading, const struct sl_bulk_options *options, struct sl_err *err)
{
    return sl_bulk_load(reading->service, reading->cli->arena, reading->school, options,
                        &reading->batch, &reading->totals, reading->hash, err);
}

/* No batch that was there already; of that nothing is read. */
static bool all_bad(const struct reading *reading)
{
    return !reading->totals.known && reading->totals.failed == reading->totals.total;
}

/* ---- What it comes to -------------------------------------------------------------------- */

/* In the price of the last one: NULL if none is known. */
static int price(const struct reading *reading, int shown, const char **cost, const char **currency,
                 struct sl_err *err)
{
    struct sl_arena *arena = reading->cli->arena;
    int64_t micro;
    int known = 0;

    *cost = *currency = NULL;
    if (reading->school->id)
        known = sl_bulk_price(reading->service, arena, reading->school, reading->channel->category,
                              &micro, currency, err);
    if (known > 0)
        *cost = sl_print_decimal(arena, micro * reading->totals.segments, 6, shown);
    return known < 0 ? -1 : 0;
}

/* "2 texts, 3 segments, about KES 2.40; 1 rows bad, 0 skipped" */
static int describe(const struct reading *reading, const char **text, struct sl_err *err)
{
    const struct sl_bulk_totals *totals = &reading->totals;
    struct sl_arena *arena = reading->cli->arena;
    struct sl_buf out = sl_buf_new(arena);
    const char *cost, *currency;

    if (price(reading, 2, &cost, &currency, err) < 0)
        return -1;
    sl_buf_text(&out,
                sl_arena_printf(arena, "%" PRId64 " %s", totals->good, reading->channel->noun));
    if (totals->segments > 0)
        sl_buf_text(&out, sl_arena_printf(arena, ", %" PRId64 " segments", totals->segments));
    if (cost)
        sl_buf_text(&out, sl_arena_printf(arena, ", about %s %s", currency, cost));
    sl_buf_text(&out, sl_arena_printf(arena, "; %" PRId64 " rows bad, %" PRId64 " skipped",
                                      totals->failed, totals->skipped));
    *text = out.data;
    return 0;
}

static int print_estimate(const struct reading *reading, const struct sl_report *report,
                          struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "total", SL_INT, 0 },    { "skipped", SL_INT, 0 },  { "failed", SL_INT, 0 },
        { "segments", SL_INT, 0 }, { "cost", SL_DECIMAL, 0 }, { "currency", SL_TEXT, 0 },
    };
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_report_summary(reading->cli, report, columns, SL_COUNT(columns),
                                                 reading->school->timezone);
    const struct sl_bulk_totals *totals = &reading->totals;
    const char *cost, *currency;

    if (price(reading, 4, &cost, &currency, err) < 0 ||
        sl_output_row(output,
                      (struct sl_value[]){ sl_int(totals->total), sl_int(totals->skipped),
                                           sl_int(totals->failed), sl_int(totals->segments),
                                           sl_text(cost), sl_text(cost ? currency : NULL) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* ---- A dry run --------------------------------------------------------------------------- */

static int dry_run(struct reading *reading, struct sl_bulk_options *options,
                   struct sl_report *report, struct sl_err *err)
{
    const struct sl_cli *cli = reading->cli;
    const char *text;

    options->mode = SL_BULK_DRY;
    options->dry_report = report->file;
    if (report->file && sl_bulk_report_header(report->file, reading->channel) < 0)
        return sl_err_set(err, SL_ERR_IO, "%s: %m", report->path);
    if (load(reading, options, err) < 0 || sl_report_close(report, err) < 0)
        return -1;
    if (all_bad(reading))
        return sl_bulk_refuse(&reading->totals, err);
    if (describe(reading, &text, err) < 0)
        return -1;
    sl_say(cli, "%s: would send %s; nothing was queued", cli->program, text);
    if (cli->format != SL_FORMAT_TABLE && print_estimate(reading, report, err) < 0)
        return -1;
    return reading->totals.failed > 0 || reading->totals.good == 0 ? 1 : 0;
}

/* ---- Sending it -------------------------------------------------------------------------- */

/* The question before a large send, and the count for those who are not asked. Returns 1, 0 if a
 * person said no, or -1. */
static int confirm(const struct reading *reading, bool yes, struct sl_err *err)
{
    const char *text;

    if (describe(reading, &text, err) < 0)
        return -1;
    sl_say(reading->cli, "%s: %s", reading->cli->program, text);
    if (yes || !sl_terminal_attended())
        return 1;
    return sl_terminal_confirm("Send them?") ? 1 : 0;
}

/* All rows are bad: they are reported, and nothing of them stays. */
static int refuse_list(const struct reading *reading, struct sl_report *report, struct sl_err *err)
{
    struct sl_err second;
    int status = 0;

    if (report->file)
        status = sl_bulk_report(reading->service, reading->channel, reading->batch.id,
                                SL_WITHOUT_IDS, report->file, report->path, err);
    if (status == 0)
        status = sl_report_close(report, err);
    if (sl_batches_discard(reading->service->db, reading->batch.id, status < 0 ? &second : err) <
            0 ||
        status < 0)
        return -1;
    return sl_bulk_refuse(&reading->totals, err);
}

/* From "loading" to "ready", or forgotten. Returns 1, 0 if a person said no, or -1. */
static int release(const struct reading *reading, bool yes, struct sl_err *err)
{
    struct sl_db *db = reading->service->db;
    int go = reading->totals.known ? 1 : confirm(reading, yes, err);

    if (go < 0)
        return -1;
    if (go == 0) {
        sl_say(reading->cli, "%s: nothing was sent", reading->cli->program);
        return sl_batches_discard(db, reading->batch.id, err) < 0 ? -1 : 0;
    }
    if (!reading->totals.known &&
        sl_batches_ready(db, reading->batch.id, reading->hash, sl_now_ms(), err) < 0)
        return -1;
    return 1;
}

static int send_list(struct reading *reading, const struct sl_bulk_line *line,
                     const struct sl_bulk_options *options, struct sl_report *report,
                     struct sl_err *err)
{
    struct sl_finish finish = { .service = reading->service,
                                .school = reading->school,
                                .batch = &reading->batch,
                                .report = report,
                                .connections = line->connections,
                                .started_ms = sl_boot_ms(),
                                .detach = line->detach };
    int go;

    if (load(reading, options, err) < 0)
        return -1;
    if (all_bad(reading))
        return refuse_list(reading, report, err);
    go = release(reading, line->yes, err);
    if (go <= 0)
        return go < 0 ? -1 : 1;
    finish.total = reading->totals.good;
    return sl_batch_finish(reading->cli, &finish, err);
}

int sl_bulk_run(const struct sl_cli *cli, const struct sl_bulk_line *line,
                const struct sl_bulk_maker *maker, struct sl_err *err)
{
    struct sl_bulk_options options = {
        .maker = *maker, .provider = cli->provider, .key = line->key, .strict = line->strict
    };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_report_drop) struct sl_report report = { 0 };
    SL_AUTO(sl_list_close) FILE *in = NULL;
    struct sl_school school;
    struct reading reading = { .cli = cli, .school = &school, .channel = maker->channel };

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_list_open(line->file, &in, err) < 0 ||
        sl_report_open(cli, line->report, in, &report, err) < 0)
        return -1;
    options.in = in;
    reading.service = service;
    return cli->dry_run ? dry_run(&reading, &options, &report, err)
                        : send_list(&reading, line, &options, &report, err);
}

/* ---- An estimate ------------------------------------------------------------------------- */

int sl_bulk_estimate(const struct sl_cli *cli, const char *file, const struct sl_bulk_maker *maker,
                     struct sl_err *err)
{
    struct sl_bulk_options options = { .maker = *maker, .mode = SL_BULK_ESTIMATE };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_list_close) FILE *in = NULL;
    struct sl_school school = { .country = "KE" };
    struct reading reading = { .cli = cli, .school = &school, .channel = maker->channel };

    if ((cli->school && sl_open_school(cli, SL_NO_KEYS, &service, &school, err) < 0) ||
        sl_list_open(file, &in, err) < 0)
        return -1;
    options.in = in;
    reading.service = service;
    if (load(&reading, &options, err) < 0)
        return -1;
    return all_bad(&reading) ? sl_bulk_refuse(&reading.totals, err)
                             : print_estimate(&reading, NULL, err);
}
