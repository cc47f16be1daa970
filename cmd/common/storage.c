#include "cmd/common/storage.h"

static const struct sl_column columns[] = {
    { "key", SL_TEXT, 0 },         { "size", SL_INT, 0 },
    { "type", SL_TEXT, 0 },        { "checksum", SL_TEXT, SL_WIDE },
    { "modified_at", SL_TIME, 0 }, { "url", SL_TEXT, SL_WIDE },
};

static void settled(void *opaque, const struct sl_job *job)
{
    struct sl_storing *storing = opaque;

    if (storing->drawing)
        sl_progress_update(&storing->bar, job->result.done_bytes, NULL);
}

int sl_storing_begin(struct sl_storing *storing, const struct sl_cli *cli, struct sl_err *err)
{
    storing->asking = (struct sl_asking){ .cli = cli,
                                          .columns = columns,
                                          .n_columns = SL_COUNT(columns),
                                          .settled = settled,
                                          .opaque = storing };
    return sl_asking_begin(&storing->asking, SL_STORAGE, err);
}

void sl_storing_end(struct sl_storing *storing)
{
    if (storing->drawing)
        sl_progress_end(&storing->bar);
    sl_asking_end(&storing->asking);
}
