/* sl-sms: text messages. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/common/batch.h"
#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/cli/terminal.h"
#include "lib/service/audit.h"
#include "lib/service/config.h"
#include "lib/service/sms.h"
#include "lib/service/testing.h"
#include "lib/store/optouts.h"
#include "lib/text/phone.h"
#include "lib/text/segments.h"

/* ---- send --------------------------------------------------------------------------------- */

struct send_options {
    const char *message, *from, *key;
    int64_t max_segments;
    bool plain;
};

static const struct sl_opt send_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct send_options, message), "TEXT",
      .help = "What to say", .required = true },
    { "from", 0, SL_OPT_TEXT, offsetof(struct send_options, from), "NAME",
      .help = "Sender id to show instead of the account's" },
    { "key", 0, SL_OPT_TEXT, offsetof(struct send_options, key), "KEY",
      .help = "Idempotency key: a second send with it sends nothing" },
    { "max-segments", 0, SL_OPT_INT, offsetof(struct send_options, max_segments), "N",
      .help = "Refuse longer texts", .least = 1, .most = 255, .initial = 10 },
    { "plain", 0, SL_OPT_FLAG, offsetof(struct send_options, plain), NULL,
      .help = "Replace curly quotes, dashes and the like by GSM characters" },
    { 0 },
};

static int run_batch(const struct sl_cli *cli, struct sl_service *service, int64_t batch_id,
                     struct sl_engine_counts *counts, struct sl_err *err)
{
    const struct sl_engine_options options = {
        .program = cli->program,
        .filter = { .batch_id = batch_id },
        .stop = sl_stop_flag(),
        .trace = cli->verbose ? sl_trace : NULL,
        .opaque = (void *)cli,
    };

    if (sl_engine_run(service, &options, counts, err) < 0)
        return -1;
    return sl_batches_finish(service->db, batch_id, sl_now_ms(), err) < 0 ? -1 : 0;
}

/* All of them or, as in a real send, none. */
static int dry_numbers(const struct sl_cli *cli, const struct sl_school *school,
                       const char **phones, struct sl_err *err)
{
    for (size_t i = 0; i < cli->n_operands; i++) {
        struct sl_phone phone = sl_phone_read(cli->arena, cli->operands[i], school->country);

        if (phone.kind != SL_PHONE_MOBILE)
            return sl_err_set(err, SL_ERR_DATA, "'%s' cannot be texted: %s", cli->operands[i],
                              phone.reason);
        phones[i] = phone.e164;
    }
    return 0;
}

/* Returns 1 if it would be sent, 0 if it would be skipped, or -1. */
static int dry_record(struct sl_service *service, struct sl_output *output,
                      const struct sl_school *school, const char **phones, size_t i,
                      int64_t segments, struct sl_err *err)
{
    int out = sl_optouts_has(service->db, school->id, "sms", phones[i], err);
    const char *why = out > 0 ? "opted out" : NULL;

    for (size_t j = 0; j < i && !why; j++)
        if (strcmp(phones[i], phones[j]) == 0)
            why = "the same number and text once more";
    if (out < 0 ||
        sl_output_row(output,
                      (struct sl_value[]){ sl_text(phones[i]), sl_text(why ? "skipped" : "ready"),
                                           sl_int(segments), sl_text(why) },
                      err) < 0)
        return -1;
    return why ? 0 : 1;
}

static int dry_send(const struct sl_cli *cli, struct sl_service *service,
                    const struct sl_sms_options *options, const struct sl_school *school,
                    struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "to", SL_TEXT, 0 },
        { "status", SL_TEXT, 0 },
        { "segments", SL_INT, 0 },
        { "error", SL_TEXT, 0 },
    };
    struct sl_sms_text look = sl_sms_look(cli->arena, options->text, options);
    const char **phones = SL_NEW(cli->arena, const char *, cli->n_operands);
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_config_row row;
    size_t n_ready = 0;

    if (look.refused)
        return sl_err_set(err, SL_ERR_DATA, "%s", look.refused);
    if (dry_numbers(cli, school, phones, err) < 0 ||
        sl_config_choose(service, cli->arena, school, SL_SMS, options->provider, &row, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), NULL);
    for (size_t i = 0; i < cli->n_operands; i++) {
        int ready = dry_record(service, output, school, phones, i, look.segments, err);

        if (ready < 0)
            return -1;
        n_ready += (size_t)ready;
    }
    sl_say(cli, "%s: nothing was sent", cli->program);
    return sl_output_end(&output, err) < 0 ? -1 : n_ready == 0;
}

/* Sends what is recorded, unless an earlier line with its key did, and tells what became of it. */
static int send_batch(const struct sl_cli *cli, struct sl_service *service,
                      const struct sl_school *school, const struct sl_batch *batch, bool fresh,
                      struct sl_err *err)
{
    struct sl_engine_counts counts = { 0 };
    struct sl_batch_counts result;

    if (fresh && run_batch(cli, service, batch->id, &counts, err) < 0)
        return -1;
    if (sl_batch_print(cli, service, batch->id, 0, school->timezone, err) < 0 ||
        sl_batches_count(service->db, cli->arena, batch->id, &result, err) < 0)
        return -1;
    sl_batch_tell_rest(cli, batch, &result, &counts);
    return sl_batch_status(&result, &counts);
}

static int send_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct send_options *given = opaque;
    const struct sl_sms_options options = { cli->provider, given->from,         given->message,
                                            given->key,    given->max_segments, given->plain };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_batch batch = { 0 };
    struct sl_school school;
    bool fresh;
    int status;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0)
        return -1;
    if (cli->dry_run)
        return dry_send(cli, service, &options, &school, err);
    if (sl_sms_send_record(service, cli->arena, &school, &options, cli->operands, cli->n_operands,
                           &batch, &fresh, err) < 0)
        return -1;
    status = send_batch(cli, service, &school, &batch, fresh, err);
    if (status < 0)
        return sl_err_recorded(err, "batch", batch.public_id, cli->program, "status");
    return status;
}

/* ---- bulk ------------------------------------------------------------------------------------- */

struct bulk_options {
    const char *message, *from, *key, *file, *phone_column, *report;
    bool yes, strict, detach, plain;
    int64_t connections, max_segments;
};

#define LIST_OPTIONS(type)                                                                         \
    { "file",      0,                                                                              \
      SL_OPT_TEXT, offsetof(type, file),                                                           \
      "FILE",      .help = "CSV with a header; without it, or as -, stdin" },                      \
        { "phone-column", 0,                                                                       \
          SL_OPT_TEXT,    offsetof(type, phone_column),                                            \
          "COLUMN",       .help = "Column of the numbers (phone)" },                               \
        { "max-segments",                                                                          \
          0,                                                                                       \
          SL_OPT_INT,                                                                              \
          offsetof(type, max_segments),                                                            \
          "N",                                                                                     \
          .help = "Refuse longer texts",                                                           \
          .least = 1,                                                                              \
          .most = 255,                                                                             \
          .initial = 10 },                                                                         \
    {                                                                                              \
        "plain", 0, SL_OPT_FLAG, offsetof(type, plain), NULL,                                      \
            .help = "Replace curly quotes, dashes and the like by GSM characters"                  \
    }

static const struct sl_opt bulk_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct bulk_options, message), "TEMPLATE",
      .help = "What to say; {column} stands for a column, {{ for a brace", .required = true },
    { "from", 0, SL_OPT_TEXT, offsetof(struct bulk_options, from), "NAME",
      .help = "Sender id to show instead of the account's" },
    LIST_OPTIONS(struct bulk_options),
    { "key", 0, SL_OPT_TEXT, offsetof(struct bulk_options, key), "KEY",
      .help = "Idempotency key of the whole list: again with it adds nobody" },
    { "report", 0, SL_OPT_TEXT, offsetof(struct bulk_options, report), "FILE",
      .help = "Write what became of each row, as CSV" },
    { "yes", 'y', SL_OPT_FLAG, offsetof(struct bulk_options, yes), NULL,
      .help = "Do not ask before sending" },
    { "strict", 0, SL_OPT_FLAG, offsetof(struct bulk_options, strict), NULL,
      .help = "Send nothing if one row is bad" },
    { "detach", 0, SL_OPT_FLAG, offsetof(struct bulk_options, detach), NULL,
      .help = "Queue and return; the timer sends" },
    { "connections", 0, SL_OPT_INT, offsetof(struct bulk_options, connections), "N",
      .help = "Requests at once, at most", .least = 1, .most = 1000, .initial = 16 },
    { 0 },
};

static int open_list(const char *path, FILE **file, struct sl_err *err)
{
    struct stat about;

    *file = stdin;
    if (!path || strcmp(path, "-") == 0)
        return 0;
    *file = fopen(path, "re");
    if (!*file)
        return sl_err_set(err, SL_ERR_DATA, "%s: %m", path);
    if (fstat(fileno(*file), &about) == 0 && S_ISDIR(about.st_mode))
        return sl_err_set(err, SL_ERR_DATA, "%s: it is a folder", path);
    return 0;
}

static void close_list(FILE **file)
{
    if (*file && *file != stdin)
        (void)fclose(*file);
    *file = NULL;
}

static int describe(const struct sl_cli *cli, struct sl_service *service,
                    const struct sl_school *school, const struct sl_bulk_totals *totals,
                    const char **cost, struct sl_err *err)
{
    const char *currency;
    int64_t micro;
    int known = sl_sms_price(service, cli->arena, school, &micro, &currency, err);

    *cost = "";
    if (known > 0)
        *cost = sl_arena_printf(cli->arena, ", about %s %s", currency,
                                sl_print_decimal(cli->arena, micro * totals->segments, 6, 2));
    return known < 0 ? -1 : 0;
}

/* The question before a large send, and the count for those who are not asked. */
static int confirm(const struct sl_cli *cli, struct sl_service *service,
                   const struct sl_school *school, const struct sl_bulk_totals *totals, bool yes,
                   struct sl_err *err)
{
    const char *cost, *question;

    if (describe(cli, service, school, totals, &cost, err) < 0)
        return -1;
    question =
        sl_arena_printf(cli->arena,
                        "%" PRId64 " texts, %" PRId64 " segments%s; %" PRId64 " rows bad, %" PRId64
                        " skipped",
                        totals->good, totals->segments, cost, totals->failed, totals->skipped);
    sl_say(cli, "%s: %s", cli->program, question);
    if (yes || !sl_terminal_attended())
        return 1;
    return sl_terminal_confirm("Send them?") ? 1 : 0;
}

static struct sl_bulk_options bulk_of(const struct sl_cli *cli, const struct bulk_options *given,
                                      FILE *in)
{
    return (struct sl_bulk_options){
        .sms = { cli->provider, given->from, given->message, given->key, given->max_segments,
                 given->plain },
        .in = in,
        .phone_column = given->phone_column ? given->phone_column : "phone",
        .strict = given->strict,
        .mode = cli->dry_run ? SL_BULK_DRY : SL_BULK_RECORD,
    };
}

static int print_estimate(const struct sl_cli *cli, struct sl_service *service,
                          const struct sl_school *school, const struct sl_bulk_totals *totals,
                          struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "total", SL_INT, 0 },    { "skipped", SL_INT, 0 },  { "failed", SL_INT, 0 },
        { "segments", SL_INT, 0 }, { "cost", SL_DECIMAL, 0 }, { "currency", SL_TEXT, 0 },
    };
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), school->timezone);
    const char *currency = NULL, *cost = NULL;
    int64_t micro;
    int known = 0;

    if (school->id)
        known = sl_sms_price(service, cli->arena, school, &micro, &currency, err);

    if (known > 0)
        cost = sl_print_decimal(cli->arena, micro * totals->segments, 6, 4);
    if (known < 0 ||
        sl_output_row(output,
                      (struct sl_value[]){ sl_int(totals->total), sl_int(totals->skipped),
                                           sl_int(totals->failed), sl_int(totals->segments),
                                           sl_text(cost), sl_text(cost ? currency : NULL) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int dry_bulk(const struct sl_cli *cli, struct sl_service *service,
                    const struct sl_school *school, struct sl_bulk_options *options,
                    struct sl_report *report, struct sl_err *err)
{
    struct sl_bulk_totals totals;
    struct sl_batch batch = { 0 };
    const char *cost;
    char hash[65];

    options->dry_report = report->file;
    if (report->file &&
        sl_csv_write(report->file, sl_bulk_report_columns, SL_COUNT(sl_bulk_report_columns)) < 0)
        return sl_err_set(err, SL_ERR_IO, "%s: %m", report->path);
    if (sl_bulk_load(service, cli->arena, school, options, &batch, &totals, hash, err) < 0 ||
        sl_report_close(report, err) < 0)
        return -1;
    if (totals.failed == totals.total)
        return sl_bulk_refuse(&totals, err);
    if (describe(cli, service, school, &totals, &cost, err) < 0)
        return -1;
    sl_say(cli,
           "%s: would send %" PRId64 " texts, %" PRId64 " segments%s; %" PRId64
           " rows bad, %" PRId64 " skipped; nothing was queued",
           cli->program, totals.good, totals.segments, cost, totals.failed, totals.skipped);
    if (cli->format != SL_FORMAT_TABLE && strcmp(report->path ? report->path : "", "-") != 0 &&
        print_estimate(cli, service, school, &totals, err) < 0)
        return -1;
    return totals.failed > 0 || totals.good == 0 ? 1 : 0;
}

/* All rows are bad: they are reported, and nothing of them stays. */
static int refuse_list(struct sl_service *service, const struct sl_batch *batch,
                       const struct sl_bulk_totals *totals, struct sl_report *report,
                       struct sl_err *err)
{
    int status = 0;
    struct sl_err second;

    if (report->file)
        status =
            sl_bulk_report(service, batch->id, SL_WITHOUT_IDS, report->file, report->path, err);
    if (status == 0)
        status = sl_report_close(report, err);
    if (sl_batches_discard(service->db, batch->id, status < 0 ? &second : err) < 0 || status < 0)
        return -1;
    return sl_bulk_refuse(totals, err);
}

/* From "loading" to "ready", or forgotten. Returns 1, 0 if a person said no, or -1. */
static int release(const struct sl_cli *cli, struct sl_service *service,
                   const struct sl_school *school, const struct bulk_options *given,
                   const struct sl_bulk_totals *totals, const struct sl_batch *batch,
                   const char *hash, struct sl_err *err)
{
    int go = totals->known ? 1 : confirm(cli, service, school, totals, given->yes, err);

    if (go < 0)
        return -1;
    if (go == 0)
        return sl_batches_discard(service->db, batch->id, err) < 0 ? -1 : 0;
    if (!totals->known && sl_batches_ready(service->db, batch->id, hash, sl_now_ms(), err) < 0)
        return -1;
    return 1;
}

static int bulk(const struct sl_cli *cli, const struct bulk_options *given,
                struct sl_service *service, const struct sl_school *school, FILE *in,
                struct sl_report *report, struct sl_err *err)
{
    struct sl_bulk_options options = bulk_of(cli, given, in);
    struct sl_finish finish = { .connections = given->connections,
                                .started_ms = sl_boot_ms(),
                                .detach = given->detach };
    struct sl_bulk_totals totals;
    struct sl_batch batch = { 0 };
    char hash[65];
    int go;

    if (cli->dry_run)
        return dry_bulk(cli, service, school, &options, report, err);
    if (sl_bulk_load(service, cli->arena, school, &options, &batch, &totals, hash, err) < 0)
        return -1;
    if (!totals.known && totals.failed == totals.total)
        return refuse_list(service, &batch, &totals, report, err);
    go = release(cli, service, school, given, &totals, &batch, hash, err);
    if (go <= 0) {
        if (go == 0)
            sl_say(cli, "%s: nothing was sent", cli->program);
        return go < 0 ? -1 : 1;
    }
    finish.total = totals.good;
    return sl_batch_finish(cli, service, school, &batch, &finish, report, err);
}

static int bulk_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct bulk_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(close_list) FILE *in = NULL;
    SL_AUTO(sl_report_drop) struct sl_report report = { 0 };
    struct sl_school school;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        open_list(given->file, &in, err) < 0 ||
        sl_report_open(cli, given->report, &report, err) < 0)
        return -1;
    return bulk(cli, given, service, &school, in, &report, err);
}

/* ---- balance, estimate ---------------------------------------------------------------------------- */

static int balance_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    static const struct sl_column columns[] = { { "provider", SL_TEXT, 0 },
                                                { "balance", SL_DECIMAL, 0 },
                                                { "currency", SL_TEXT, 0 } };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_school school;
    struct sl_balance balance;

    (void)opaque;
    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_balance_run(service, cli->arena, &school, SL_SMS, cli->provider, &balance, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), school.timezone);
    if (sl_output_row(output,
                      (struct sl_value[]){ sl_text(balance.provider), sl_text(balance.balance),
                                           sl_text(balance.currency) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

struct estimate_options {
    const char *message, *file, *phone_column;
    int64_t max_segments;
    bool plain;
};

static const struct sl_opt estimate_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct estimate_options, message), "TEMPLATE",
      .help = "The text, or a template with {columns} of the list", .required = true },
    LIST_OPTIONS(struct estimate_options),
    { 0 },
};

static int estimate_text(const struct sl_cli *cli, const struct estimate_options *given,
                         struct sl_err *err)
{
    static const struct sl_column columns[] = { { "encoding", SL_TEXT, 0 },
                                                { "units", SL_INT, 0 },
                                                { "segments", SL_INT, 0 } };
    const char *text = given->plain ? sl_text_plain(cli->arena, given->message) : given->message;
    const char *why = sl_segments_why(cli->arena, text);
    struct sl_segments count = sl_segments_count(text);
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_sms_text look = sl_sms_look(cli->arena, text, &(struct sl_sms_options){ 0 });

    if (look.refused)
        return sl_err_set(err, SL_ERR_DATA, "%s", look.refused);
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);
    if (why)
        sl_say(cli, "%s: %s", cli->program, why);
    if (sl_output_row(output,
                      (struct sl_value[]){ sl_text(sl_sms_encoding_name(count.encoding)),
                                           sl_int((int64_t)count.units),
                                           sl_int((int64_t)count.segments) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int estimate_list(const struct sl_cli *cli, const struct estimate_options *given,
                         struct sl_service *service, const struct sl_school *school,
                         struct sl_err *err)
{
    SL_AUTO(close_list) FILE *in = NULL;
    struct sl_bulk_options options = {
        .sms = { .text = given->message,
                 .max_segments = given->max_segments,
                 .plain = given->plain },
        .phone_column = given->phone_column ? given->phone_column : "phone",
        .mode = SL_BULK_ESTIMATE,
    };
    struct sl_bulk_totals totals;
    struct sl_batch batch = { 0 };
    char hash[65];

    if (open_list(given->file, &in, err) < 0)
        return -1;
    options.in = in;
    if (sl_bulk_load(service, cli->arena, school, &options, &batch, &totals, hash, err) < 0)
        return -1;
    if (totals.failed == totals.total)
        return sl_bulk_refuse(&totals, err);
    return print_estimate(cli, service, school, &totals, err);
}

static int estimate_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct estimate_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school = { .country = "KE" }; /* nobody's: numbers are read as Kenya's */

    if (!given->file)
        return estimate_text(cli, given, err);
    if (cli->school && sl_open_school(cli, SL_NO_KEYS, &service, &school, err) < 0)
        return -1;
    return estimate_list(cli, given, service, &school, err);
}

/* ---- optout ----------------------------------------------------------------------------------------- */

static int log_optout(struct sl_service *service, const struct sl_cli *cli,
                      const struct sl_school *school, const char *operation,
                      const char *const *phones, size_t n, struct sl_err *err)
{
    return sl_audit_add(service,
                        &(struct sl_log){ .school_id = school->id,
                                          .direction = "inbound",
                                          .operation = operation,
                                          .status = "success",
                                          .duration_ms = -1,
                                          .actor = sl_audit_actor(cli->arena),
                                          .phones = phones,
                                          .n_phones = n,
                                          .created_at = sl_now_ms() },
                        err);
}

/* All of them or, if one is no number, none. */
static int change_optouts(const struct sl_cli *cli, bool add, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const char **phones = SL_NEW(cli->arena, const char *, cli->n_operands);
    struct sl_school school;
    int n = 0, changed;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0)
        return -1;
    for (size_t i = 0; i < cli->n_operands; i++) {
        phones[i] = sl_phone_read(cli->arena, cli->operands[i], school.country).e164;
        if (!phones[i])
            return sl_err_set(err, SL_ERR_DATA, "'%s' is no phone number: %s", cli->operands[i],
                              sl_phone_read(cli->arena, cli->operands[i], school.country).reason);
    }
    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    for (size_t i = 0; i < cli->n_operands; i++) {
        changed = add ? sl_optouts_add(service->db, school.id, "sms", phones[i], "admin",
                                       sl_now_ms(), err)
                      : sl_optouts_remove(service->db, school.id, "sms", phones[i], err);
        if (changed < 0)
            return -1;
        n += changed;
    }
    if (log_optout(service, cli, &school, add ? "optout.add" : "optout.remove", phones,
                   cli->n_operands, err) < 0 ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    sl_say(cli, "%d %s, %zu %s", n, add ? "added" : "removed", cli->n_operands - (size_t)n,
           add ? "there already" : "not there");
    return 0;
}

static int optout_add_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    (void)opaque;
    return change_optouts(cli, true, err);
}

static int optout_remove_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    (void)opaque;
    return change_optouts(cli, false, err);
}

static int optout_list_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    static const struct sl_column columns[] = { { "phone", SL_TEXT, 0 },
                                                { "source", SL_TEXT, 0 },
                                                { "since", SL_TIME, 0 } };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_school school;
    struct sl_optout optout;
    int more;

    (void)opaque;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), school.timezone);
    if (sl_optouts_list(&rows, service->db, school.id, "sms", err) < 0)
        return -1;
    while ((more = sl_optouts_next(&rows, &optout, err)) > 0)
        if (sl_output_row(output,
                          (struct sl_value[]){ sl_text(optout.address), sl_text(optout.source),
                                               sl_time(optout.since) },
                          err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

/* ---- The program --------------------------------------------------------------------------------------- */

static const struct sl_verb verbs[] = {
    { .name = "send",
      .operands = "NUMBER...",
      .summary = "Send one text to some numbers",
      .options = send_options,
      .options_size = sizeof(struct send_options),
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .run = send_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "bulk",
      .summary = "Text a list: a CSV and a template",
      .options = bulk_options,
      .options_size = sizeof(struct bulk_options),
      .run = bulk_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "resume",
      .operands = "BATCH",
      .summary = "Finish a list that was interrupted",
      .options = sl_resume_options,
      .options_size = sizeof(struct sl_resume_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_resume_run },
    { .name = "cancel",
      .operands = "BATCH",
      .summary = "Keep what has not left from leaving",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_cancel_run },
    { .name = "batches",
      .summary = "List the batches, newest first",
      .run = sl_batches_run,
      .common = SL_USES_SCHOOL },
    { .name = "status",
      .operands = "ID|BATCH",
      .summary = "Show a message, or all of a batch",
      .options = sl_status_options,
      .options_size = sizeof(struct sl_status_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_status_run },
    { .name = "balance",
      .summary = "Show what is left on the account",
      .run = balance_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "estimate",
      .summary = "Count segments and cost; send nothing",
      .options = estimate_options,
      .options_size = sizeof(struct estimate_options),
      .run = estimate_run,
      .common = SL_USES_SCHOOL },
    { .name = "optout add",
      .operands = "NUMBER...",
      .summary = "Send these numbers nothing more",
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .run = optout_add_run,
      .common = SL_NEEDS_SCHOOL },
    { .name = "optout remove",
      .operands = "NUMBER...",
      .summary = "Let these numbers be texted again",
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .run = optout_remove_run,
      .common = SL_NEEDS_SCHOOL },
    { .name = "optout list",
      .summary = "Show the numbers that want nothing more",
      .run = optout_list_run,
      .common = SL_NEEDS_SCHOOL },
};

static const struct sl_program program = {
    .name = "sl-sms",
    .summary = "Text messages",
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
