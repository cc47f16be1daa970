/* sl-queue-run: works the queue, by a timer or for as long as it is let. */
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/service/engine.h"
#include "lib/service/inbound.h"
#include "lib/service/watch.h"
#include "lib/store/messages.h"

struct run_options {
    bool watch;
    int64_t most, seconds, connections;
};

static const struct sl_opt run_options[] = {
    { "watch", 0, SL_OPT_FLAG, offsetof(struct run_options, watch), NULL,
      .help = "Stay, and work what becomes due, until told to stop" },
    { "max", 0, SL_OPT_INT, offsetof(struct run_options, most), "N",
      .help = "Claim no more than N rows", .least = 1 },
    { "for", 0, SL_OPT_INT, offsetof(struct run_options, seconds), "SECONDS",
      .help = "Claim nothing more after this time", .least = 1 },
    { "connections", 0, SL_OPT_INT, offsetof(struct run_options, connections), "N",
      .help = "Requests at once, at most", .least = 1, .most = 1000, .initial = 16 },
    { 0 },
};

static const struct sl_column columns[] = {
    { "claimed", SL_INT, 0 }, { "completed", SL_INT, 0 }, { "retried", SL_INT, 0 },
    { "failed", SL_INT, 0 },  { "unknown", SL_INT, 0 },   { "seconds", SL_JSON, SL_RIGHT },
};

/* Between transactions: callbacks that nobody has applied, what people are to be told of, batches
 * that came to their end. */
static int maintain(struct sl_service *service, struct sl_err *err)
{
    if (sl_inbound_maintain(service, err) < 0 || sl_watch(service, sl_now_ms(), err) < 0)
        return -1;
    return sl_batches_finish_all(service->db, sl_now_ms(), err);
}

static int print_counts(const struct sl_cli *cli, const struct sl_engine_counts *counts,
                        int64_t took_ms, struct sl_err *err)
{
    const char *seconds = sl_print_decimal(cli->arena, took_ms, 3, 1);
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;

    if (cli->quiet)
        return 0;
    if (cli->format == SL_FORMAT_TABLE) {
        (void)printf("%" PRId64 " claimed, %" PRId64 " completed, %" PRId64 " retried, %" PRId64
                     " failed, %" PRId64 " unknown in %s s\n",
                     counts->claimed, counts->completed, counts->retried, counts->failed,
                     counts->unknown, seconds);
        return 0;
    }
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);
    if (sl_output_row(output,
                      (struct sl_value[]){ sl_int(counts->claimed), sl_int(counts->completed),
                                           sl_int(counts->retried), sl_int(counts->failed),
                                           sl_int(counts->unknown), sl_text(seconds) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct run_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_engine_options options = {
        .program = cli->program,
        .connections = given->connections,
        .most_items = given->most,
        .for_ms = given->seconds * 1000,
        .watch = given->watch,
        .stop = sl_stop_flag(),
        .maintain = maintain,
    };
    int64_t started_ms = sl_boot_ms();
    struct sl_engine_counts counts;
    struct sl_school school;

    if (sl_open_service(cli, SL_ALL_KEYS, &service, err) < 0)
        return -1;
    if (cli->school) {
        if (sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0)
            return -1;
        options.filter.school_id = school.id;
    }
    (void)sd_notify(0, "READY=1");
    if (sl_engine_run(service, &options, &counts, err) < 0 || maintain(service, err) < 0)
        return -1;
    (void)sd_notify(0, "STOPPING=1");
    return print_counts(cli, &counts, sl_boot_ms() - started_ms, err);
}

static const struct sl_verb verbs[] = {
    { .name = "",
      .summary = "Work what is due in the queue, then exit",
      .options = run_options,
      .options_size = sizeof(struct run_options),
      .run = run,
      .common = SL_USES_SCHOOL | SL_WORKS_UNHEARD },
};

static const struct sl_program program = {
    .name = "sl-queue-run",
    .summary = "The queue, worked by a timer",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-queue(1), sl-oauth-refresh(1), sl-webhook(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
