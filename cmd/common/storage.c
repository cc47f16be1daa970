#include "cmd/common/storage.h"

#include "cmd/common/open.h"
#include "lib/base/json.h"
#include "lib/service/storage.h"

int sl_storing_begin(struct sl_storing *storing, struct sl_err *err)
{
    const struct sl_cli *cli = storing->cli;

    if (sl_open_school(cli, SL_ALL_KEYS, &storing->service, &storing->school, err) < 0)
        return -1;
    return sl_storage_open(storing->service, cli->arena, &storing->school, cli->provider,
                           &storing->account, err);
}

void sl_storing_end(struct sl_storing *storing)
{
    if (storing->drawing)
        sl_progress_end(&storing->bar);
    sl_output_free(&storing->output);
    sl_json_free(&storing->record);
    sl_service_close(&storing->service);
}

/* ---- Records ------------------------------------------------------------------------------ */

static const struct sl_column columns[] = {
    { "key", SL_TEXT, 0 },         { "size", SL_INT, 0 },
    { "type", SL_TEXT, 0 },        { "checksum", SL_TEXT, SL_WIDE },
    { "modified_at", SL_TIME, 0 }, { "url", SL_TEXT, SL_WIDE },
};

struct sl_output *sl_storing_output(const struct sl_storing *storing, enum sl_shape shape)
{
    return sl_output_open(storing->cli, shape, columns, SL_COUNT(columns),
                          storing->school.timezone);
}

static int print(struct sl_output *output, struct json_object *record, struct sl_err *err)
{
    int64_t size = sl_json_int(record, "size", -1);

    return sl_output_row(output,
                         (struct sl_value[]){ sl_text(sl_json_text(record, "key")),
                                              size >= 0 ? sl_int(size) : sl_null(),
                                              sl_text(sl_json_text(record, "type")),
                                              sl_text(sl_json_text(record, "checksum")),
                                              sl_time(sl_json_int(record, "modified_at", 0)),
                                              sl_text(sl_json_text(record, "url")) },
                         err);
}

int sl_storing_print(struct sl_storing *storing, struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = sl_storing_output(storing, SL_SHAPE_OBJECT);

    if (!storing->record)
        return sl_err_set(err, SL_ERR_UNAVAILABLE, "%s told nothing of it",
                          storing->account.adapter->name);
    if (print(output, storing->record, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* ---- Running ------------------------------------------------------------------------------- */

static void take_record(struct sl_storing *storing, struct json_object *record)
{
    if (!storing->output) {
        sl_json_free(&storing->record);
        storing->record = json_object_get(record);
    } else if (!storing->failed.text[0]) {
        (void)print(storing->output, record, &storing->failed);
    }
}

static void settled(void *opaque, const struct sl_job *job, enum sl_course course)
{
    struct sl_storing *storing = opaque;
    size_t n =
        course == SL_COURSE_DONE || course == SL_COURSE_NEXT ? sl_json_length(job->result.rows) : 0;

    for (size_t i = 0; i < n; i++)
        take_record(storing, json_object_array_get_idx(job->result.rows, i));
    if (storing->drawing)
        sl_progress_update(&storing->bar, job->result.done_bytes, NULL);
}

static void trace(void *opaque, int level, const char *text)
{
    const struct sl_storing *storing = opaque;

    sl_trace((void *)storing->cli, level, text);
}

struct sl_once sl_storing_once(struct sl_storing *storing, const char *operation,
                               const char *payload)
{
    return (struct sl_once){
        .school = &storing->school,
        .account = &storing->account,
        .operation = operation,
        .payload = payload,
        .engine = { .program = storing->cli->program,
                    .stop = sl_stop_flag(),
                    .trace = storing->cli->verbose ? trace : NULL,
                    .settled = settled,
                    .opaque = storing },
    };
}

int sl_storing_run(struct sl_storing *storing, const struct sl_once *once, struct sl_err *err)
{
    struct sl_once_end end;

    if (sl_once_run(storing->service, storing->cli->arena, once, &end, err) < 0)
        return -1;
    if (storing->failed.text[0]) {
        *err = storing->failed;
        return -1;
    }
    return sl_once_error(once, &end, err);
}
