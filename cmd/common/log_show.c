#include "cmd/common/log_show.h"

#include <inttypes.h>

#include "cmd/common/log_rows.h"
#include "cmd/common/open.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/service/act.h"

/* Whom our own records of its reference name, as a JSON array. */
static int read_people(const struct sl_cli *cli, struct sl_service *service,
                       const struct sl_log_row *row, const char **people, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_buf list = sl_buf_new(cli->arena);
    struct sl_log_person person;
    int more;

    if (sl_logs_people(&rows, service->db, row, err) < 0)
        return -1;
    while ((more = sl_logs_people_next(&rows, &person, err)) > 0) {
        SL_AUTO(sl_json_free) struct json_object *entry = sl_json_new_object();

        sl_json_put_text(entry, "kind", person.kind);
        sl_json_put_text(entry, "id", person.id);
        sl_json_put_text(entry, "address", person.address);
        sl_json_put_text(entry, "name", person.name);
        sl_buf_text(&list, list.len > 0 ? "," : "[");
        sl_buf_text(&list, sl_json_print(cli->arena, entry));
    }
    sl_buf_text(&list, list.len > 0 ? "]" : "[]");
    *people = list.data;
    return more;
}

static int find_row(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_log_row *row,
                    struct sl_err *err)
{
    int found;

    if (sl_logs_find(rows, db, id, err) < 0)
        return -1;
    found = sl_logs_next(rows, row, err);
    if (found == 0)
        return sl_err_set(err, SL_ERR_DATA, "there is no log row %" PRId64, id);
    return found < 0 ? -1 : 0;
}

static int find_school(struct sl_db *db, int64_t id, int64_t *school_id, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_log_row row;

    if (find_row(&rows, db, id, &row, err) < 0)
        return -1;
    *school_id = row.cells[SL_LOG_SCHOOL_ID].number;
    return 0;
}

/* The row's school; found first, because nothing is written while a row is being read. */
static int record_look(struct sl_service *service, int64_t id, const char *id_text,
                       struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_act act = { .operation = "logs.reveal", .kind = "log", .id = id_text };

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        find_school(service->db, id, &act.school_id, err) < 0 ||
        sl_act_record(service, &act, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

int sl_show_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_show_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    const char *people = NULL;
    struct sl_log_row row;
    int64_t id;

    if (!sl_parse_int(cli->operands[0], 1, INT64_MAX, &id))
        return sl_err_set(err, SL_ERR_DATA, "'%s' is no id of a log row", cli->operands[0]);
    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        (options->reveal && record_look(service, id, cli->operands[0], err) < 0) ||
        find_row(&rows, service->db, id, &row, err) < 0 ||
        (options->reveal && read_people(cli, service, &row, &people, err) < 0))
        return -1;
    output = sl_log_output(cli, SL_SHAPE_OBJECT, options->reveal ? SL_LOG_REVEALED : SL_LOG_WHOLE,
                           row.zone);
    if (sl_log_print(output, &row, people, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}
