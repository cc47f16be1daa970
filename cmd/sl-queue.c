/* sl-queue: the queue, seen by a person. */
#include <inttypes.h>
#include <string.h>

#include "cmd/common/open.h"
#include "cmd/common/queue_stats.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/service/audit.h"
#include "lib/service/awaited.h"
#include "lib/service/queue_acts.h"
#include "lib/store/queue_view.h"

/* ---- Records ----------------------------------------------------------------------------- */

static const struct sl_column columns[] = {
    { "id", SL_INT, 0 },
    { "school", SL_TEXT, 0 },
    { "provider", SL_TEXT, 0 },
    { "operation", SL_TEXT, 0 },
    { "status", SL_TEXT, 0 },
    { "priority", SL_INT, SL_WIDE },
    { "attempts", SL_INT, 0 },
    { "max_attempts", SL_INT, SL_WIDE },
    { "next_attempt_at", SL_TIME, 0 },
    { "last_attempt_at", SL_TIME, SL_WIDE },
    { "in_flight", SL_BOOL, SL_WIDE },
    { "error", SL_TEXT, 0 },
    { "created_at", SL_TIME, 0 },
    { "completed_at", SL_TIME, SL_WIDE },
    { "awaited", SL_TEXT, 0 },
    /* of `show` alone: */
    { "waits_for", SL_TEXT, 0 },
    { "error_log", SL_JSON, 0 },
    { "payload", SL_JSON, 0 },
};

enum { N_WHOLE = SL_COUNT(columns), N_SHORT = N_WHOLE - 3 };

/* Every attempt's reason; phones masked, and times as they are written everywhere. */
static const char *show_reasons(struct sl_arena *arena, const char *error_log)
{
    SL_AUTO(sl_json_free) struct json_object *log = NULL;
    SL_AUTO(sl_json_free) struct json_object *shown = sl_json_new_array();

    if (error_log)
        log = sl_json_parse(error_log, strlen(error_log));
    for (size_t i = 0; i < sl_json_length(log); i++) {
        struct json_object *entry = json_object_array_get_idx(log, i);
        struct json_object *reason = sl_json_new_object();
        char at[SL_TIME_SIZE];

        sl_time_utc(sl_json_int(entry, "at", 0), at);
        sl_json_put_int(reason, "attempt", sl_json_int(entry, "attempt", 0));
        sl_json_put_text(reason, "at", at);
        sl_json_put_text(reason, "error", sl_audit_mask_text(arena, sl_json_text(entry, "error")));
        sl_json_append(shown, reason);
    }
    return sl_json_print(arena, shown);
}

/* A number that is a phone is no number any more once it is masked: then by its structure. */
static const char *show_payload(struct sl_arena *arena, const char *payload)
{
    const char *masked = sl_audit_mask_text(arena, payload);
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(masked, strlen(masked));

    return doc ? masked : sl_audit_body(arena, NULL, "application/json", payload, strlen(payload));
}

static int print_row(struct sl_service *service, struct sl_arena *arena, struct sl_output *output,
                     const struct sl_queue_row *row, bool whole, struct sl_err *err)
{
    struct sl_value values[N_WHOLE];
    struct sl_awaited awaited;
    const char *error;

    if (sl_awaited_item(service, arena, row->id, &awaited, err) < 0)
        return -1;
    error = awaited.what ? awaited.why : row->error;
    memcpy(values,
           (struct sl_value[N_SHORT]){
               sl_int(row->id),
               sl_text(row->school),
               sl_text(row->provider),
               sl_text(row->operation),
               sl_text(row->status),
               sl_int(row->priority),
               sl_int(row->attempts),
               sl_int(row->max_attempts),
               sl_time(row->next_attempt_at),
               sl_time(row->last_attempt_at),
               sl_bool(row->in_flight),
               sl_text(sl_audit_mask_text(arena, error)),
               sl_time(row->created_at),
               sl_time(row->completed_at),
               sl_text(awaited.what),
           },
           N_SHORT * sizeof *values);

    if (whole) {
        values[N_SHORT] = sl_text(row->waits_for);
        values[N_SHORT + 1] = sl_text(show_reasons(arena, row->error_log));
        values[N_SHORT + 2] = sl_text(show_payload(arena, row->payload));
    }
    return sl_output_row(output, values, err);
}

static int read_id(const struct sl_cli *cli, int64_t *id, struct sl_err *err)
{
    if (sl_parse_int(cli->operands[0], 1, INT64_MAX, id))
        return 0;
    return sl_queue_no_item(cli->operands[0], err);
}

/* The row as it is now. */
static int print_one(const struct sl_cli *cli, struct sl_service *service, int64_t id, bool whole,
                     struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_queue_row row;
    int found;

    if (sl_queue_view_one(&rows, service->db, id, err) < 0)
        return -1;
    found = sl_queue_view_next(&rows, &row, err);
    if (found <= 0)
        return found < 0 ? -1 : sl_queue_no_item(cli->operands[0], err);
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, whole ? N_WHOLE : N_SHORT, row.zone);
    if (print_row(service, cli->arena, output, &row, whole, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* ---- list, show -------------------------------------------------------------------------- */

struct list_options {
    const char *status, *operation;
};

static const struct sl_opt list_options[] = {
    { "status", 0, SL_OPT_CHOICE, offsetof(struct list_options, status),
      "pending|processing|waiting|completed|failed|cancelled",
      .help = "Only these; waiting: in processing, for a callback, a query or a person" },
    { "operation", 0, SL_OPT_TEXT, offsetof(struct list_options, operation), "OPERATION",
      .help = "Only these: sms.send, payment.request" },
    { 0 },
};

static int print_list(const struct sl_cli *cli, struct sl_service *service,
                      const struct sl_queue_filter *filter, const char *zone, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, SL_SHAPE_LIST, columns, N_SHORT, zone);
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new(); /* of a row */
    struct sl_queue_row row;
    int more;

    if (sl_queue_view_list(&rows, service->db, filter, err) < 0)
        return -1;
    while ((more = sl_queue_view_next(&rows, &row, err)) > 0) {
        sl_arena_reset(arena);
        if (print_row(service, arena, output, &row, false, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : sl_output_end(&output, err);
}

/* Opens, and finds the school of --school or SL_SCHOOL, if there is one. */
static int open_filtered(const struct sl_cli *cli, struct sl_service **service,
                         struct sl_school *school, struct sl_err *err)
{
    *school = (struct sl_school){ .timezone = "UTC" };
    if (sl_open_service(cli, SL_NO_KEYS, service, err) < 0)
        return -1;
    if (!cli->school)
        return 0;
    return sl_schools_find((*service)->db, cli->arena, cli->school, school, err);
}

static int list_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct list_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school;
    struct sl_queue_filter filter = { .status = given->status, .operation = given->operation };

    if (sl_queue_check_operation(given->operation, err) < 0 ||
        open_filtered(cli, &service, &school, err) < 0)
        return -1;
    filter.school_id = school.id;
    return print_list(cli, service, &filter, school.timezone, err);
}

/* The school that stands on the line; 0: none does, and any row may be seen. */
static int given_school(const struct sl_cli *cli, struct sl_service *service, int64_t *id,
                        struct sl_err *err)
{
    struct sl_school school = { 0 };

    if ((cli->given & SL_GAVE_SCHOOL) &&
        sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0)
        return -1;
    *id = school.id;
    return 0;
}

static int show_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_item item;
    int64_t id, school_id;

    (void)options;
    if (read_id(cli, &id, err) < 0 || sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        given_school(cli, service, &school_id, err) < 0 ||
        sl_queue_find(service, cli->arena, school_id, id, &item, err) < 0)
        return -1;
    return print_one(cli, service, id, true, err);
}

/* ---- retry ------------------------------------------------------------------------------- */

struct retry_options {
    bool failed;
    const char *operation;
};

static const struct sl_opt retry_options[] = {
    { "failed", 0, SL_OPT_FLAG, offsetof(struct retry_options, failed), NULL,
      .help =
          "All that failed, of the school if one is given; but not what is too old to be sent" },
    { "operation", 0, SL_OPT_TEXT, offsetof(struct retry_options, operation), "OPERATION",
      .help = "With --failed: only these" },
    { 0 },
};

static int retry_one(const struct sl_cli *cli, struct sl_service *service, int64_t id,
                     struct sl_err *err)
{
    struct sl_retried retried;
    int64_t school_id;

    if (given_school(cli, service, &school_id, err) < 0 ||
        sl_queue_act_retry(service, school_id, id, &retried, err) < 0)
        return -1;
    if (retried.was_unknown && retried.n_unknown > 0)
        sl_say(cli, "%s: %" PRId64 " messages may be received twice", cli->program,
               retried.n_unknown);
    else if (retried.was_unknown)
        sl_say(cli, "%s: nobody knows what became of it; it may be carried out twice",
               cli->program);
    return print_one(cli, service, id, false, err);
}

static int print_by_id(struct sl_service *service, struct sl_arena *arena, struct sl_output *output,
                       int64_t id, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_queue_row row;
    int found;

    if (sl_queue_view_one(&rows, service->db, id, err) < 0)
        return -1;
    found = sl_queue_view_next(&rows, &row, err);
    return found > 0 ? print_row(service, arena, output, &row, false, err) : found;
}

/* It is printed when it is committed. */
static int print_page(struct sl_service *service, const struct sl_retry_page *page,
                      struct sl_output *output, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    for (size_t i = 0; i < page->n; i++)
        if (print_by_id(service, arena, output, page->ids[i], err) < 0)
            return -1;
    return 0;
}

static int retry_all(const struct sl_cli *cli, const struct retry_options *given,
                     struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    const volatile sig_atomic_t *stop = sl_stop_flag();
    struct sl_queue_filter filter = { .operation = given->operation };
    struct sl_school school;
    struct sl_retry_page page = { 0 };
    int64_t total = 0;
    int more = 1;

    if (sl_queue_check_operation(given->operation, err) < 0 ||
        open_filtered(cli, &service, &school, err) < 0)
        return -1;
    filter.school_id = school.id;
    output = sl_output_open(cli, SL_SHAPE_LIST, columns, N_SHORT, school.timezone);
    while (more > 0 && !*stop) {
        more = sl_queue_act_retry_failed(service, &filter, &page, err);
        if (more < 0 || print_page(service, &page, output, err) < 0)
            return -1;
        total += (int64_t)page.n;
    }
    if (sl_output_end(&output, err) < 0)
        return -1;
    sl_say(cli, "%s: %" PRId64 " are tried again", cli->program, total);
    return 0;
}

static int retry_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct retry_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    int64_t id;

    if (given->failed ? cli->n_operands > 0 : cli->n_operands == 0)
        return sl_err_set(err, SL_ERR_USAGE, "retry takes the ID of an item, or --failed");
    if (given->operation && !given->failed)
        return sl_err_set(err, SL_ERR_USAGE, "--operation goes with --failed");
    if (given->failed)
        return retry_all(cli, given, err);
    if (read_id(cli, &id, err) < 0 || sl_open_service(cli, SL_NO_KEYS, &service, err) < 0)
        return -1;
    return retry_one(cli, service, id, err);
}

/* ---- cancel ------------------------------------------------------------------------------ */

static int cancel_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    int64_t id, school_id;

    (void)options;
    if (read_id(cli, &id, err) < 0 || sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0 ||
        given_school(cli, service, &school_id, err) < 0 ||
        sl_queue_act_cancel(service, school_id, id, err) < 0)
        return -1;
    return print_one(cli, service, id, false, err);
}

/* ------------------------------------------------------------------------------------------ */

static const struct sl_verb verbs[] = {
    { .name = "list",
      .summary = "List what is or was in the queue, newest first",
      .options = list_options,
      .options_size = sizeof(struct list_options),
      .run = list_run,
      .common = SL_USES_SCHOOL },
    { .name = "show",
      .operands = "ID",
      .summary = "Show an item: every attempt's reason, and what is sent, phones masked",
      .min_operands = 1,
      .max_operands = 1,
      .run = show_run,
      .common = SL_USES_SCHOOL },
    { .name = "retry",
      .operands = "[ID]",
      .summary = "Try again what failed, or what waits for a person",
      .options = retry_options,
      .options_size = sizeof(struct retry_options),
      .max_operands = 1,
      .run = retry_run,
      .common = SL_USES_SCHOOL },
    { .name = "cancel",
      .operands = "ID",
      .summary = "Keep an item from leaving",
      .min_operands = 1,
      .max_operands = 1,
      .run = cancel_run,
      .common = SL_USES_SCHOOL },
    { .name = "stats",
      .summary = "Count the queue; for a person, for Nagios, for Prometheus",
      .options = sl_stats_options,
      .options_size = sizeof(struct sl_stats_options),
      .run = sl_stats_run,
      .common = SL_USES_SCHOOL },
};

static const struct sl_program program = {
    .name = "sl-queue",
    .summary = "The queue, seen by a person",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-queue-run(1), sl-logs(1), sl-config(1), sl-pay(1), sl-sms(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
