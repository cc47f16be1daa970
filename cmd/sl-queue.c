/* sl-queue: the queue, seen by a person. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/common/open.h"
#include "cmd/common/queue_stats.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/service/act.h"
#include "lib/service/audit.h"
#include "lib/service/job.h"
#include "lib/service/payments.h"
#include "lib/store/messages.h"
#include "lib/store/payments.h"
#include "lib/store/queue.h"
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
    SL_AUTO(sl_json_free) struct json_object *shown = json_object_new_array();

    if (error_log)
        log = sl_json_parse(error_log, strlen(error_log));
    for (size_t i = 0; i < sl_json_length(log); i++) {
        struct json_object *entry = json_object_array_get_idx(log, i);
        struct json_object *reason = json_object_new_object();
        char at[SL_TIME_SIZE];

        sl_time_utc(sl_json_int(entry, "at", 0), at);
        sl_json_put_int(reason, "attempt", sl_json_int(entry, "attempt", 0));
        sl_json_put_text(reason, "at", at);
        sl_json_put_text(reason, "error", sl_audit_mask_text(arena, sl_json_text(entry, "error")));
        (void)json_object_array_add(shown, reason);
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

static int print_row(struct sl_arena *arena, struct sl_output *output,
                     const struct sl_queue_row *row, bool whole, struct sl_err *err)
{
    struct sl_value values[N_WHOLE] = {
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
        sl_text(sl_audit_mask_text(arena, row->error)),
        sl_time(row->created_at),
        sl_time(row->completed_at),
    };

    if (whole) {
        values[N_SHORT] = sl_text(row->waits_for);
        values[N_SHORT + 1] = sl_text(show_reasons(arena, row->error_log));
        values[N_SHORT + 2] = sl_text(show_payload(arena, row->payload));
    }
    return sl_output_row(output, values, err);
}

static int unknown_row(const char *id, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_DATA, "there is no item '%s' in the queue", id);
    return sl_err_hint(err, "`sl-queue list` shows them");
}

static int read_id(const struct sl_cli *cli, int64_t *id, struct sl_err *err)
{
    if (sl_parse_int(cli->operands[0], 1, INT64_MAX, id))
        return 0;
    return unknown_row(cli->operands[0], err);
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
        return found < 0 ? -1 : unknown_row(cli->operands[0], err);
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, whole ? N_WHOLE : N_SHORT, row.zone);
    if (print_row(cli->arena, output, &row, whole, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* What was asked for by id is another school's: as if it were not there. */
static int get_item(const struct sl_cli *cli, struct sl_service *service, struct sl_arena *arena,
                    int64_t id, struct sl_item *item, struct sl_err *err)
{
    struct sl_school given;
    int found = sl_queue_get(service->db, arena, id, item, err);

    if (found < 0)
        return -1;
    if (found > 0 && (cli->given & SL_GAVE_SCHOOL)) {
        if (sl_schools_find(service->db, arena, cli->school, &given, err) < 0)
            return -1;
        found = given.id == item->school_id;
    }
    return found ? 0 : unknown_row(sl_arena_printf(arena, "%" PRId64, id), err);
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
        if (print_row(arena, output, &row, false, err) < 0)
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

    if (open_filtered(cli, &service, &school, err) < 0)
        return -1;
    filter.school_id = school.id;
    return print_list(cli, service, &filter, school.timezone, err);
}

static int show_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_item item;
    int64_t id;

    (void)options;
    if (read_id(cli, &id, err) < 0 || sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        get_item(cli, service, cli->arena, id, &item, err) < 0)
        return -1;
    return print_one(cli, service, id, true, err);
}

/* ---- Acts -------------------------------------------------------------------------------- */

static bool is_persons(const struct sl_item *item)
{
    return item->waits_for && strcmp(item->waits_for, "person") == 0;
}

/* What people call its state. */
static const char *state_of(const struct sl_cli *cli, const struct sl_item *item)
{
    if (item->waits_for)
        return sl_arena_printf(cli->arena, "waiting for its %s", item->waits_for);
    return item->status;
}

static int record(struct sl_service *service, struct sl_arena *arena, const struct sl_item *item,
                  const char *operation, const char *status, struct sl_err *err)
{
    struct sl_buf changes = sl_buf_new(arena);
    struct sl_act act = { .operation = operation,
                          .school_id = item->school_id,
                          .provider_id = item->provider_id,
                          .kind = "queue",
                          .id = sl_arena_printf(arena, "%" PRId64, item->id) };

    sl_act_change(&changes, "status", item->status, status);
    if (item->waits_for)
        sl_act_change(&changes, "waits_for", item->waits_for, NULL);
    act.changes = sl_act_changes(&changes);
    return sl_act_record(service, &act, err);
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

/* Who has paid is not asked again, however little the callback and the query agree else. */
static int find_paid(struct sl_service *service, struct sl_arena *arena, const struct sl_item *item,
                     const char **why, struct sl_err *err)
{
    struct sl_payment payment;
    int found;

    if (strcmp(item->operation, "payment.request") != 0 || item->subject_id == 0)
        return 0;
    found = sl_payments_get(service->db, arena, item->subject_id, &payment, err);
    if (found > 0 && sl_payments_said_paid(&payment))
        *why =
            sl_arena_printf(arena, "is payment %s, and that was paid; the payer is not asked again",
                            payment.public_id);
    return found < 0 ? -1 : 0;
}

/* Why it cannot be brought back, beside its own state; NULL if it can. */
static int find_obstacle(struct sl_service *service, struct sl_arena *arena,
                         const struct sl_item *item, const char **why, struct sl_err *err)
{
    struct sl_batch batch;
    int64_t other = 0;

    *why = NULL;
    if (item->batch_id) {
        int found = sl_batches_get(service->db, arena, item->batch_id, &batch, err);

        if (found < 0)
            return -1;
        if (found > 0 && strcmp(batch.state, "cancelled") == 0)
            *why = sl_arena_printf(arena, "is of batch %s, which was cancelled", batch.public_id);
    }
    if (item->dedupe_key && sl_queue_open(service->db, item->dedupe_key, &other, err) < 0)
        return -1;
    if (other && other != item->id)
        *why = sl_arena_printf(arena, "is done by item %" PRId64 " already", other);
    return *why ? 0 : find_paid(service, arena, item, why, err);
}

/* A prompt that is asked for again is stale again in its time. */
static int renew_time(struct sl_service *service, struct sl_arena *arena,
                      const struct sl_item *item, int64_t now_ms, struct sl_err *err)
{
    struct sl_provider provider;
    const struct sl_adapter *adapter = NULL;
    const struct sl_op *op;
    int found = sl_providers_get(service->db, arena, item->provider_id, &provider, err);

    if (found < 0)
        return -1;
    if (found > 0)
        adapter = sl_adapter_find(provider.code);
    op = adapter ? sl_adapter_op(adapter, item->operation) : NULL;
    if (!op || op->stale_s == 0)
        return 0;
    return sl_queue_view_expire(service->db, item->id, now_ms + op->stale_s * 1000LL, err);
}

/* Its messages and its batch go with it. */
static int retry(struct sl_service *service, struct sl_arena *arena, const struct sl_item *item,
                 struct sl_err *err)
{
    int64_t now_ms = sl_now_ms();
    int changed = sl_queue_retry(service->db, item->id, now_ms, err);

    if (changed == 0)
        return sl_err_set(err, SL_ERR_INTERNAL, "item %" PRId64 " could not be retried", item->id);
    if (changed < 0 || renew_time(service, arena, item, now_ms, err) < 0 ||
        sl_messages_all(service->db, item->id, is_persons(item) ? "unknown" : "failed", "queued",
                        NULL, now_ms, err) < 0 ||
        (item->batch_id && sl_batches_resume(service->db, item->batch_id, now_ms, err) < 0))
        return -1;
    return record(service, arena, item, "queue.retry", "pending", err);
}

static int retry_one(const struct sl_cli *cli, struct sl_service *service, int64_t id,
                     struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_item item;
    int64_t unknown = 0;
    const char *why;

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        get_item(cli, service, cli->arena, id, &item, err) < 0)
        return -1;
    if (strcmp(item.status, "failed") != 0 && !is_persons(&item))
        return sl_err_set(err, SL_ERR_DATA,
                          "item %" PRId64 " is %s; only what failed or waits for a person can be "
                          "retried",
                          id, state_of(cli, &item));
    if (find_obstacle(service, cli->arena, &item, &why, err) < 0)
        return -1;
    if (why)
        return sl_err_set(err, SL_ERR_DATA, "item %" PRId64 " %s", id, why);
    if (sl_messages_with(service->db, id, "unknown", &unknown, err) < 0 ||
        retry(service, cli->arena, &item, err) < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    if (is_persons(&item) && unknown > 0)
        sl_say(cli, "%s: %" PRId64 " messages may be received twice", cli->program, unknown);
    else if (is_persons(&item))
        sl_say(cli, "%s: nobody knows what became of it; it may be carried out twice",
               cli->program);
    return print_one(cli, service, id, false, err);
}

/* Returns 1, 0 if something stands in the way, or -1. */
static int retry_failed(struct sl_service *service, struct sl_arena *arena, int64_t id,
                        struct sl_err *err)
{
    struct sl_item item;
    const char *why;

    int found = sl_queue_get(service->db, arena, id, &item, err);

    if (found <= 0)
        return found;
    if (find_obstacle(service, arena, &item, &why, err) < 0)
        return -1;
    if (why)
        return 0;
    return retry(service, arena, &item, err) < 0 ? -1 : 1;
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
    return found > 0 ? print_row(arena, output, &row, false, err) : found;
}

enum { PAGE = 100 };

/* A page is one transaction; it is printed when that is done. Counts into *total what is
 * tried again. Returns how many it looked at, or -1. */
static int retry_page(struct sl_service *service, const struct sl_queue_filter *filter,
                      int64_t *after_id, struct sl_output *output, int64_t *total,
                      struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t ids[PAGE];
    bool retried[PAGE];
    int n;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    n = sl_queue_view_failed(service->db, filter, *after_id, sl_now_ms(), PAGE, ids, err);
    for (int i = 0; i < n; i++) {
        int changed = retry_failed(service, arena, ids[i], err);

        if (changed < 0)
            return -1;
        retried[i] = changed > 0;
        *total += changed;
    }
    if (n < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    for (int i = 0; i < n; i++)
        if (retried[i] && print_by_id(service, arena, output, ids[i], err) < 0)
            return -1;
    if (n > 0)
        *after_id = ids[n - 1];
    return n;
}

static int retry_all(const struct sl_cli *cli, const struct retry_options *given,
                     struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    const volatile sig_atomic_t *stop = sl_stop_flag();
    struct sl_queue_filter filter = { .operation = given->operation };
    struct sl_school school;
    int64_t after_id = 0, total = 0;
    int n = PAGE;

    if (open_filtered(cli, &service, &school, err) < 0)
        return -1;
    filter.school_id = school.id;
    output = sl_output_open(cli, SL_SHAPE_LIST, columns, N_SHORT, school.timezone);
    while (n == PAGE && !*stop)
        n = retry_page(service, &filter, &after_id, output, &total, err);
    if (n < 0 || sl_output_end(&output, err) < 0)
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

/* What hangs on it. What waited for a person may have been carried out: that stays unknown. */
static int end_records(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_item *item, int64_t now_ms, struct sl_err *err)
{
    const struct sl_domain *domain = sl_domain_find(item->operation);
    const char *why = sl_arena_printf(arena, "cancelled by %s", sl_audit_actor(arena));

    if (sl_messages_all(service->db, item->id, "queued", "cancelled", NULL, now_ms, err) < 0)
        return -1;
    if (!domain->end || domain == &sl_messages_domain)
        return 0;
    return domain->end(service, item, is_persons(item), why, now_ms, err);
}

/* Returns 1, 0 if it is leaving, or -1. */
static int cancel(const struct sl_cli *cli, struct sl_service *service, int64_t id,
                  struct sl_item *item, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t now_ms = sl_now_ms();
    int changed;

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        get_item(cli, service, cli->arena, id, item, err) < 0)
        return -1;
    changed = sl_queue_cancel(service->db, id, now_ms, err);
    if (changed == 0 && strcmp(item->status, "processing") != 0)
        return sl_err_set(err, SL_ERR_DATA, "item %" PRId64 " is %s; there is nothing to cancel",
                          id, item->status);
    if (changed <= 0)
        return changed;
    if (end_records(service, cli->arena, item, now_ms, err) < 0 ||
        (item->batch_id && sl_batches_finish(service->db, item->batch_id, now_ms, err) < 0) ||
        record(service, cli->arena, item, "queue.cancel", "cancelled", err) < 0 ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    return 1;
}

static int cancel_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_item item;
    int64_t id;
    int changed;

    (void)options;
    if (read_id(cli, &id, err) < 0 || sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0)
        return -1;
    changed = cancel(cli, service, id, &item, err);
    if (changed == 0) {
        (void)fprintf(stderr, "%s: item %" PRId64 " is already leaving%s%s\n", cli->program, id,
                      item.waits_for ? ": it waits for its " : "",
                      item.waits_for ? item.waits_for : "");
        return 1;
    }
    return changed < 0 ? -1 : print_one(cli, service, id, false, err);
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
