#include "cmd/common/asking.h"

#include "cmd/common/open.h"
#include "lib/base/json.h"

int sl_asking_begin(struct sl_asking *asking, enum sl_category category, struct sl_err *err)
{
    const struct sl_cli *cli = asking->cli;
    struct sl_config_row row;

    if (sl_open_school(cli, SL_ALL_KEYS, &asking->service, &asking->school, err) < 0 ||
        sl_config_choose(asking->service, cli->arena, &asking->school, category, cli->provider,
                         &row, err) < 0)
        return -1;
    return sl_config_open(asking->service, cli->arena, asking->school.id, row.provider_id,
                          &asking->account, err);
}

void sl_asking_end(struct sl_asking *asking)
{
    sl_output_free(&asking->output);
    sl_json_free(&asking->record);
    sl_service_close(&asking->service);
}

/* ---- Records ------------------------------------------------------------------------------ */

struct sl_output *sl_asking_output(const struct sl_asking *asking, enum sl_shape shape)
{
    return sl_output_open(asking->cli, shape, asking->columns, asking->n_columns,
                          asking->school.timezone);
}

static struct sl_value value_of(const struct sl_column *column, struct json_object *record)
{
    struct json_object *member = sl_json_at(record, column->name);

    if (!member)
        return sl_null();
    switch (column->kind) {
    case SL_INT: return sl_int(sl_json_int(record, column->name, 0));
    case SL_BOOL: return sl_bool(json_object_get_boolean(member));
    case SL_TIME: return sl_time(sl_json_int(record, column->name, 0));
    case SL_TEXT:
    case SL_DECIMAL:
    case SL_JSON: break;
    }
    return sl_text(sl_json_text(record, column->name));
}

static int print(const struct sl_asking *asking, struct sl_output *output,
                 struct json_object *record, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_value *values = SL_NEW(arena, struct sl_value, asking->n_columns);

    for (size_t i = 0; i < asking->n_columns; i++)
        values[i] = value_of(&asking->columns[i], record);
    return sl_output_row(output, values, err);
}

int sl_asking_print(struct sl_asking *asking, struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = sl_asking_output(asking, SL_SHAPE_OBJECT);

    if (!asking->record)
        return sl_err_set(err, SL_ERR_UNAVAILABLE, "%s told nothing of it",
                          asking->account.adapter->name);
    if (print(asking, output, asking->record, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* ---- Running ------------------------------------------------------------------------------- */

static void take_record(struct sl_asking *asking, struct json_object *record)
{
    if (!asking->output) {
        sl_json_free(&asking->record);
        asking->record = json_object_get(record);
    } else if (!asking->failed.text[0]) {
        (void)print(asking, asking->output, record, &asking->failed);
    }
}

static void settled(void *opaque, const struct sl_job *job, enum sl_course course)
{
    struct sl_asking *asking = opaque;
    size_t n =
        course == SL_COURSE_DONE || course == SL_COURSE_NEXT ? sl_json_length(job->result.rows) : 0;

    for (size_t i = 0; i < n; i++)
        take_record(asking, json_object_array_get_idx(job->result.rows, i));
    if (asking->settled)
        asking->settled(asking->opaque, job);
}

struct sl_once sl_asking_once(struct sl_asking *asking, const char *operation, const char *payload)
{
    return (struct sl_once){
        .school = &asking->school,
        .account = &asking->account,
        .operation = operation,
        .payload = payload,
        .engine = { .program = asking->cli->program,
                    .stop = sl_stop_flag(),
                    .settled = settled,
                    .opaque = asking },
    };
}

int sl_asking_run(struct sl_asking *asking, const struct sl_once *once, struct sl_err *err)
{
    struct sl_once_end end;

    if (sl_once_run(asking->service, asking->cli->arena, once, &end, err) < 0)
        return -1;
    if (asking->failed.text[0]) {
        *err = asking->failed;
        return -1;
    }
    return sl_once_error(once, &end, err);
}

int sl_asking_show(struct sl_asking *asking, const char *operation, const char *payload,
                   enum sl_shape shape, struct sl_err *err)
{
    struct sl_once once = sl_asking_once(asking, operation, payload);

    if (shape == SL_SHAPE_LIST)
        asking->output = sl_asking_output(asking, SL_SHAPE_LIST);
    if (sl_asking_run(asking, &once, err) < 0)
        return -1;
    if (shape == SL_SHAPE_OBJECT)
        return sl_asking_print(asking, err);
    return sl_output_end(&asking->output, err);
}
