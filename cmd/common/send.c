#include "cmd/common/send.h"

#include <string.h>

#include "cmd/common/batch.h"
#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/cli/output.h"
#include "lib/service/engine.h"
#include "lib/store/optouts.h"

/* ---- A dry run --------------------------------------------------------------------------- */

/* Returns 1 if it would be sent, 0 if it would be skipped, or -1. */
static int dry_record(struct sl_service *service, struct sl_output *output,
                      const struct sl_sending *sending, size_t i, struct sl_err *err)
{
    const char *address = sending->addresses[i];
    int out = sl_optouts_has(service->db, sending->sender.school_id, sending->sender.channel->name,
                             address, err);
    const char *why = out > 0 ? sl_skipped_optout : NULL;

    for (size_t j = 0; j < i && !why; j++)
        if (strcmp(address, sending->addresses[j]) == 0)
            why = sl_skipped_repeat;
    if (out < 0 ||
        sl_output_row(output,
                      (struct sl_value[]){
                          sl_text(address), sl_text(why ? "skipped" : "ready"),
                          sending->segments ? sl_int(sending->segments) : sl_null(), sl_text(why) },
                      err) < 0)
        return -1;
    return why ? 0 : 1;
}

static int dry_run(const struct sl_cli *cli, struct sl_service *service,
                   const struct sl_sending *sending, struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "to", SL_TEXT, 0 },
        { "status", SL_TEXT, 0 },
        { "segments", SL_INT, 0 },
        { "error", SL_TEXT, 0 },
    };
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), NULL);
    size_t n_ready = 0;

    for (size_t i = 0; i < sending->n; i++) {
        int ready = dry_record(service, output, sending, i, err);

        if (ready < 0)
            return -1;
        n_ready += (size_t)ready;
    }
    sl_say(cli, "%s: nothing was sent", cli->program);
    return sl_output_end(&output, err) < 0 ? -1 : n_ready == 0;
}

/* ---- Sending ------------------------------------------------------------------------------ */

static int run_batch(const struct sl_cli *cli, struct sl_service *service, int64_t batch_id,
                     struct sl_engine_counts *counts, struct sl_err *err)
{
    const struct sl_engine_options options = {
        .program = cli->program,
        .filter = { .batch_id = batch_id },
        .stop = sl_stop_flag(),
    };

    if (sl_engine_run(service, &options, counts, err) < 0)
        return -1;
    return sl_batches_finish(service->db, batch_id, sl_now_ms(), err) < 0 ? -1 : 0;
}

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

int sl_send_run(const struct sl_cli *cli, struct sl_service *service,
                const struct sl_school *school, const struct sl_sending *sending,
                struct sl_err *err)
{
    struct sl_batch batch = { 0 };
    bool fresh;
    int status;

    if (cli->dry_run)
        return dry_run(cli, service, sending, err);
    if (sl_send_record(service, cli->arena, school, sending, &batch, &fresh, err) < 0)
        return -1;
    status = send_batch(cli, service, school, &batch, fresh, err);
    if (status < 0)
        return sl_err_recorded(err, "batch", batch.public_id, cli->program, "status");
    return status;
}
