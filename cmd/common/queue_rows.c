#include "cmd/common/queue_rows.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/service/audit.h"
#include "lib/store/queue.h"

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
    { "in_flight", SL_BOOL, 0 },
    { "error", SL_TEXT, 0 },
    { "created_at", SL_TIME, SL_WIDE },
    { "completed_at", SL_TIME, SL_WIDE },
    { "waits_for", SL_TEXT, 0 },
    { "batch", SL_TEXT, SL_WIDE },
    /* show alone: */
    { "reference", SL_TEXT, 0 },
    { "lane", SL_TEXT, 0 },
    { "expires_at", SL_TIME, 0 },
    { "payload", SL_JSON, 0 },
    { "result", SL_JSON, 0 },
    { "errors", SL_JSON, 0 },
};

enum { N_ALL = SL_COUNT(columns), N_LISTED = N_ALL - 6 };

struct sl_output *sl_queue_output(const struct sl_cli *cli, enum sl_shape shape, const char *zone)
{
    return sl_output_open(cli, shape, columns, N_LISTED, zone);
}

static void fill(struct sl_arena *arena, const struct sl_queue_row *row, struct sl_value *values)
{
    const struct sl_value listed[N_LISTED] = {
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
        sl_text(row->waits_for),
        sl_text(row->batch),
    };

    memcpy(values, listed, sizeof listed);
}

int sl_queue_print(struct sl_output *output, struct sl_arena *arena, const struct sl_queue_row *row,
                   struct sl_err *err)
{
    struct sl_value values[N_LISTED];

    fill(arena, row, values);
    return sl_output_row(output, values, err);
}

int sl_queue_read_id(const struct sl_cli *cli, struct sl_db *db, int64_t *id, int64_t *school_id,
                     struct sl_err *err)
{
    struct sl_school school = { 0 };

    if (!sl_parse_int(cli->operands[0], 1, INT64_MAX, id)) {
        (void)sl_err_set(err, SL_ERR_DATA, "'%s' is no id of a queue item", cli->operands[0]);
        return sl_err_hint(err, "`sl-queue list` shows them");
    }
    if (cli->school && sl_schools_find(db, cli->arena, cli->school, &school, err) < 0)
        return -1;
    *school_id = school.id;
    return 0;
}

/* ---- show --------------------------------------------------------------------------------- */

/* NULL for NULL. */
static const char *mask_json(struct sl_arena *arena, const char *json)
{
    return json ? sl_audit_body(arena, NULL, "application/json", json, strlen(json)) : NULL;
}

/* Each attempt that had a reason: [{"attempt":1,"at":"2026-11-24T05:30:00Z","error":"…"}]. */
static const char *show_errors(struct sl_arena *arena, struct json_object *log)
{
    SL_AUTO(sl_json_free) struct json_object *shown = json_object_new_array();

    for (size_t i = 0; i < sl_json_length(log); i++) {
        struct json_object *from = json_object_array_get_idx(log, i);
        struct json_object *entry = json_object_new_object();
        char at[SL_TIME_SIZE];

        sl_time_utc(sl_json_int(from, "at", 0), at);
        sl_json_put_int(entry, "attempt", sl_json_int(from, "attempt", 0));
        sl_json_put_text(entry, "at", at);
        sl_json_put_text(entry, "error", sl_audit_mask_text(arena, sl_json_text(from, "error")));
        if (json_object_array_add(shown, entry) != 0)
            sl_out_of_memory();
    }
    return sl_json_print(arena, shown);
}

/* For people: a line an attempt, below the row. */
static int print_errors(const struct sl_cli *cli, struct json_object *log, const char *zone,
                        struct sl_err *err)
{
    static const struct sl_column attempts[] = {
        { "attempt", SL_INT, 0 },
        { "at", SL_TIME, 0 },
        { "error", SL_TEXT, 0 },
    };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    size_t n = sl_json_length(log);

    if (n == 0)
        return 0;
    (void)putchar('\n');
    output = sl_output_open(cli, SL_SHAPE_LIST, attempts, SL_COUNT(attempts), zone);
    for (size_t i = 0; i < n; i++) {
        struct json_object *entry = json_object_array_get_idx(log, i);
        const char *error = sl_audit_mask_text(cli->arena, sl_json_text(entry, "error"));

        if (sl_output_row(output,
                          (struct sl_value[]){ sl_int(sl_json_int(entry, "attempt", 0)),
                                               sl_time(sl_json_int(entry, "at", 0)),
                                               sl_text(error) },
                          err) < 0)
            return -1;
    }
    return sl_output_end(&output, err);
}

static int print_item(const struct sl_cli *cli, const struct sl_queue_row *row,
                      const struct sl_item *item, struct sl_err *err)
{
    SL_AUTO(sl_json_free)
    struct json_object *log =
        item->error_log ? sl_json_parse(item->error_log, strlen(item->error_log)) : NULL;
    bool people = cli->format == SL_FORMAT_TABLE;
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, columns, people ? N_ALL - 1 : N_ALL, row->zone);
    struct sl_value values[N_ALL];

    fill(cli->arena, row, values);
    values[N_LISTED] = sl_text(item->public_id);
    values[N_LISTED + 1] = sl_text(item->lane);
    values[N_LISTED + 2] = sl_time(item->expires_at);
    values[N_LISTED + 3] = sl_text(mask_json(cli->arena, item->payload));
    values[N_LISTED + 4] = sl_text(mask_json(cli->arena, item->result));
    values[N_LISTED + 5] = sl_text(show_errors(cli->arena, log));
    if (sl_output_row(output, values, err) < 0 || sl_output_end(&output, err) < 0)
        return -1;
    return people ? print_errors(cli, log, row->zone, err) : 0;
}

/* What a person can do about it, where one has to. */
static void advise(const struct sl_cli *cli, const struct sl_item *item)
{
    if (item->waits_for && strcmp(item->waits_for, "person") == 0)
        sl_say(cli,
               "nobody knows whether it was carried out: find out at the provider, then `sl-queue "
               "retry %" PRId64 "` to try it again, or `sl-queue cancel %" PRId64
               "` to leave it so",
               item->id, item->id);
}

int sl_queue_show_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_queue_row row;
    struct sl_item item;
    int64_t id, school_id;
    int found;

    (void)options;
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        sl_queue_read_id(cli, service->db, &id, &school_id, err) < 0)
        return -1;
    found = sl_queue_get(service->db, cli->arena, id, &item, err);
    if (found < 0 || sl_queue_find(&rows, service->db, id, err) < 0)
        return -1;
    if (found == 0 || (school_id != 0 && item.school_id != school_id) ||
        (found = sl_queue_next(&rows, &row, err)) == 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "there is no queue item %" PRId64, id);
        return sl_err_hint(err, "`sl-queue list` shows them");
    }
    if (found < 0 || print_item(cli, &row, &item, err) < 0)
        return -1;
    advise(cli, &item);
    return 0;
}
