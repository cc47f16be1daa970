/* sl-logs: the audit trail. */
#include <time.h>

#include "cmd/common/log_rows.h"
#include "cmd/common/log_show.h"
#include "cmd/common/log_verbs.h"
#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/store/configs.h"

/* ---- What the filters have in common ------------------------------------------------------ */

struct scope {
    struct sl_school school;
    struct sl_provider provider;
    struct sl_log_filter filter;
};

static int read_time(const char *option, const char *text, const char *zone, int64_t *ms,
                     struct sl_err *err)
{
    if (!text || sl_time_parse(text, zone ? zone : "UTC", sl_now_ms(), ms) == 0)
        return 0;
    return sl_err_set(err, SL_ERR_DATA,
                      "%s takes 2026-11-24, 2026-11-24T08:30:00+03:00, today, 2h or 3d, not '%s'",
                      option, text);
}

/* School, provider and times of the line. */
static int read_scope(const struct sl_cli *cli, struct sl_service *service, const char *since,
                      const char *until, struct scope *scope, struct sl_err *err)
{
    if (cli->school &&
        sl_schools_find(service->db, cli->arena, cli->school, &scope->school, err) < 0)
        return -1;
    if (cli->provider &&
        sl_providers_find(service->db, cli->arena, cli->provider, &scope->provider, err) < 0)
        return -1;
    scope->filter.school_id = scope->school.id;
    scope->filter.provider_id = scope->provider.id;
    if (read_time("--since", since, scope->school.timezone, &scope->filter.since, err) < 0)
        return -1;
    return read_time("--until", until, scope->school.timezone, &scope->filter.until, err);
}

static int print_rows(struct sl_output *output, struct sl_rows *rows, int64_t *last_id,
                      struct sl_err *err)
{
    struct sl_log_row row;
    int more;

    while ((more = sl_logs_next(rows, &row, err)) > 0) {
        if (sl_log_print(output, &row, NULL, err) < 0)
            return -1;
        *last_id = row.cells[SL_LOG_ID].number;
    }
    return more;
}

/* ---- list --------------------------------------------------------------------------------- */

struct list_options {
    const char *direction, *operation, *status, *reference, *phone, *since, *until;
    int64_t limit;
};

static const struct sl_opt list_options[] = {
    { "direction", 0, SL_OPT_CHOICE, offsetof(struct list_options, direction), "outbound|inbound",
      .help = "Calls that we made, or callbacks and acts of people" },
    { "operation", 0, SL_OPT_TEXT, offsetof(struct list_options, operation), "NAME",
      .help = "One operation, such as sms.send" },
    { "status", 0, SL_OPT_CHOICE, offsetof(struct list_options, status), "success|failed|timeout",
      .help = "How it ended" },
    { "reference", 0, SL_OPT_TEXT, offsetof(struct list_options, reference), "REFERENCE",
      .help = "Our id of what it is about, or the provider's" },
    { "phone", 0, SL_OPT_TEXT, offsetof(struct list_options, phone), "NUMBER",
      .help = "What concerned this number" },
    { "since", 0, SL_OPT_TEXT, offsetof(struct list_options, since), "TIME",
      .help = "Not older: a date, a time, today, 2h, 3d" },
    { "until", 0, SL_OPT_TEXT, offsetof(struct list_options, until), "TIME", .help = "Older" },
    { "limit", 0, SL_OPT_INT, offsetof(struct list_options, limit), "N",
      .help = "At most so many, the newest", .least = 1, .most = 1000000, .initial = 50 },
    { 0 },
};

static int read_phone(const struct sl_cli *cli, struct sl_service *service, const char *phone,
                      struct scope *scope, struct sl_err *err)
{
    const char *e164 = sl_log_phone(cli, phone, scope->school.country, err);
    unsigned char *hash = sl_arena_alloc(cli->arena, SL_LOG_PHONE_SIZE, 1);

    if (!e164)
        return -1;
    sl_chain_phone(service->keyring, e164, hash);
    scope->filter.phone_hash = hash;
    return 0;
}

static int list_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct list_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct scope scope = { .filter = { .direction = options->direction,
                                       .operation = options->operation,
                                       .status = options->status,
                                       .reference = options->reference,
                                       .limit = options->limit } };
    int64_t last_id;

    if (sl_open_service(cli, options->phone ? SL_WEBHOOK_KEYS : SL_NO_KEYS, &service, err) < 0 ||
        read_scope(cli, service, options->since, options->until, &scope, err) < 0 ||
        (options->phone && read_phone(cli, service, options->phone, &scope, err) < 0) ||
        sl_logs_list(&rows, service->db, &scope.filter, err) < 0)
        return -1;
    output = sl_log_output(cli, SL_SHAPE_LIST, SL_LOG_SHORT, scope.school.timezone);
    if (print_rows(output, &rows, &last_id, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* ---- tail --------------------------------------------------------------------------------- */

struct tail_options {
    bool follow;
    int64_t lines;
};

static const struct sl_opt tail_options[] = {
    { "follow", 'F', SL_OPT_FLAG, offsetof(struct tail_options, follow), NULL,
      .help = "Go on: show each row when it is written" },
    { "lines", 0, SL_OPT_INT, offsetof(struct tail_options, lines), "N",
      .help = "Begin with so many", .least = 0, .most = 100000, .initial = 10 },
    { 0 },
};

enum { POLL_MS = 500 };

/* The row before the last so many, from where they are read on. */
static int find_start(struct sl_db *db, const struct sl_log_filter *filter, int64_t *after_id,
                      struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_log_filter newest = *filter;
    struct sl_log_link last;
    struct sl_log_row row;
    int more;

    if (sl_logs_last(db, &last, err) < 0 || sl_logs_list(&rows, db, &newest, err) < 0)
        return -1;
    *after_id = last.id;
    while ((more = sl_logs_next(&rows, &row, err)) > 0)
        if (row.cells[SL_LOG_ID].number <= *after_id)
            *after_id = row.cells[SL_LOG_ID].number - 1;
    return more;
}

static int print_after(struct sl_output *output, struct sl_db *db, const struct scope *scope,
                       int64_t *after_id, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_logs_stream(&rows, db, *after_id, &scope->filter, err) < 0 ||
        print_rows(output, &rows, after_id, err) < 0)
        return -1;
    return 0;
}

static int tail_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct tail_options *options = opaque;
    const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    const volatile sig_atomic_t *stop = sl_stop_flag();
    struct scope scope = { .filter = { .limit = options->lines } };
    int64_t after_id;

    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        read_scope(cli, service, NULL, NULL, &scope, err) < 0 ||
        find_start(service->db, &scope.filter, &after_id, err) < 0)
        return -1;
    output = sl_log_output(cli, SL_SHAPE_LIST, SL_LOG_SHORT, scope.school.timezone);
    if (print_after(output, service->db, &scope, &after_id, err) < 0)
        return -1;
    while (options->follow && !*stop) {
        if (sl_output_flush(output, err) < 0)
            return -1;
        (void)nanosleep(&pause, NULL);
        if (print_after(output, service->db, &scope, &after_id, err) < 0)
            return -1;
    }
    return sl_output_end(&output, err);
}

/* ---- stats -------------------------------------------------------------------------------- */

struct span_options {
    const char *since, *until;
};

static const struct sl_opt stats_options[] = {
    { "since", 0, SL_OPT_TEXT, offsetof(struct span_options, since), "TIME",
      .help = "Not older: a date, a time, today, 2h, 3d" },
    { 0 },
};

static const struct sl_column stats_columns[] = {
    { "school", SL_TEXT, 0 },    { "provider", SL_TEXT, 0 }, { "operation", SL_TEXT, 0 },
    { "direction", SL_TEXT, 0 }, { "calls", SL_INT, 0 },     { "success", SL_INT, 0 },
    { "failed", SL_INT, 0 },     { "timeout", SL_INT, 0 },   { "average_ms", SL_INT, 0 },
    { "longest_ms", SL_INT, 0 }, { "last_at", SL_TIME, 0 },
};

static struct sl_value measured(int64_t ms)
{
    return ms < 0 ? sl_null() : sl_int(ms);
}

static int print_stat(struct sl_output *output, const struct sl_log_stat *stat, struct sl_err *err)
{
    return sl_output_row(output,
                         (struct sl_value[]){ sl_text(stat->school), sl_text(stat->provider),
                                              sl_text(stat->operation), sl_text(stat->direction),
                                              sl_int(stat->calls), sl_int(stat->success),
                                              sl_int(stat->failed), sl_int(stat->timeout),
                                              measured(stat->average_ms),
                                              measured(stat->longest_ms), sl_time(stat->last_at) },
                         err);
}

static int stats_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct span_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct scope scope = { .filter = { 0 } };
    struct sl_log_stat stat;
    int more;

    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        read_scope(cli, service, options->since, NULL, &scope, err) < 0 ||
        sl_logs_stats(&rows, service->db, scope.school.id, scope.filter.since, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_LIST, stats_columns, SL_COUNT(stats_columns),
                            scope.school.timezone);
    while ((more = sl_logs_stats_next(&rows, &stat, err)) > 0)
        if (print_stat(output, &stat, err) < 0)
            return -1;
    return more < 0 ? -1 : sl_output_end(&output, err);
}

/* ---- export ------------------------------------------------------------------------------- */

static const struct sl_opt export_options[] = {
    { "since", 0, SL_OPT_TEXT, offsetof(struct span_options, since), "TIME",
      .help = "Not older: a date, a time, today, 2h, 3d" },
    { "until", 0, SL_OPT_TEXT, offsetof(struct span_options, until), "TIME", .help = "Older" },
    { 0 },
};

static int export_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct span_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct scope scope = { .filter = { 0 } };
    int64_t after_id = 0;

    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        read_scope(cli, service, options->since, options->until, &scope, err) < 0)
        return -1;
    output = sl_log_output(cli, SL_SHAPE_LIST, SL_LOG_WHOLE, scope.school.timezone);
    if (print_after(output, service->db, &scope, &after_id, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* ---- The program -------------------------------------------------------------------------- */

static const struct sl_opt show_options[] = {
    { "reveal", 0, SL_OPT_FLAG, offsetof(struct sl_show_options, reveal), NULL,
      .help = "Name the people that it is about, from our records; that is logged" },
    { 0 },
};

static const struct sl_opt verify_options[] = {
    { "expect", 0, SL_OPT_TEXT, offsetof(struct sl_verify_options, expect), "ID:HASH",
      .help = "A row and its hash that were noted: shows a tail that was cut off" },
    { 0 },
};

static const struct sl_opt prune_options[] = {
    { "older-than", 0, SL_OPT_TEXT, offsetof(struct sl_prune_options, older_than), "AGE",
      .help = "Rows: such as 365d; else the setting log_keep_days" },
    { 0 },
};

static const struct sl_opt forget_options[] = {
    { "phone", 0, SL_OPT_TEXT, offsetof(struct sl_forget_options, phone), "NUMBER",
      .help = "Whom to forget", .required = true },
    { "yes", 0, SL_OPT_FLAG, offsetof(struct sl_forget_options, yes), NULL, .help = "Do not ask" },
    { 0 },
};

static const struct sl_verb verbs[] = {
    { .name = "list",
      .summary = "List what was called and done, newest first",
      .options = list_options,
      .options_size = sizeof(struct list_options),
      .run = list_run,
      .common = SL_USES_SCHOOL | SL_USES_PROVIDER },
    { .name = "show",
      .operands = "ID",
      .summary = "Show a row, all of it",
      .options = show_options,
      .options_size = sizeof(struct sl_show_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_show_run },
    { .name = "tail",
      .summary = "Show the last rows, and with -F those that come",
      .options = tail_options,
      .options_size = sizeof(struct tail_options),
      .run = tail_run,
      .common = SL_USES_SCHOOL | SL_USES_PROVIDER },
    { .name = "stats",
      .summary = "Count calls by school, provider and operation",
      .options = stats_options,
      .options_size = sizeof(struct span_options),
      .run = stats_run,
      .common = SL_USES_SCHOOL },
    { .name = "export",
      .summary = "Print all rows, oldest first, with what makes the chain",
      .options = export_options,
      .options_size = sizeof(struct span_options),
      .run = export_run,
      .common = SL_USES_SCHOOL | SL_USES_PROVIDER,
      .format = SL_FORMAT_NDJSON },
    { .name = "verify",
      .summary = "Check that no row was edited, removed or inserted",
      .options = verify_options,
      .options_size = sizeof(struct sl_verify_options),
      .run = sl_verify_run },
    { .name = "prune",
      .summary = "Remove old rows, erase what is kept for a time only",
      .options = prune_options,
      .options_size = sizeof(struct sl_prune_options),
      .run = sl_prune_run,
      .common = SL_USES_DRY_RUN },
    { .name = "forget",
      .summary = "Erase a person from what a school has recorded",
      .options = forget_options,
      .options_size = sizeof(struct sl_forget_options),
      .run = sl_forget_run,
      .common = SL_NEEDS_SCHOOL },
};

static const struct sl_program program = {
    .name = "sl-logs",
    .summary = "The audit trail",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-config(1), sl-queue(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
