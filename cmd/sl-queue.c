/* sl-queue: the queue, seen and put right by a person. */
#include <inttypes.h>

#include "cmd/common/open.h"
#include "cmd/common/queue_rows.h"
#include "cmd/common/queue_stats.h"
#include "lib/base/crypto.h"
#include "lib/service/queue_acts.h"

/* ---- list ----------------------------------------------------------------------------------- */

struct list_options {
    const char *status, *operation, *waits_for;
    int64_t limit;
};

static const struct sl_opt list_options[] = {
    { "status", 0, SL_OPT_CHOICE, offsetof(struct list_options, status),
      "pending|processing|completed|failed|cancelled", .help = "Only these" },
    { "operation", 0, SL_OPT_TEXT, offsetof(struct list_options, operation), "NAME",
      .help = "One operation, such as sms.send" },
    { "waits-for", 0, SL_OPT_CHOICE, offsetof(struct list_options, waits_for),
      "callback|query|person", .help = "What has left, and is not known to have arrived" },
    { "limit", 0, SL_OPT_INT, offsetof(struct list_options, limit), "N",
      .help = "At most so many, the newest; else all", .least = 1 },
    { 0 },
};

static int print_rows(struct sl_output *output, struct sl_rows *rows, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_queue_row row;
    int more;

    while ((more = sl_queue_next(rows, &row, err)) > 0) {
        if (sl_queue_print(output, arena, &row, err) < 0)
            return -1;
        sl_arena_reset(arena);
    }
    return more;
}

static int list_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct list_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_school school = { 0 };
    struct sl_queue_filter filter = { .status = options->status,
                                      .operation = options->operation,
                                      .waits_for = options->waits_for,
                                      .limit = options->limit };

    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0))
        return -1;
    filter.school_id = school.id;
    if (sl_queue_list(&rows, service->db, &filter, err) < 0)
        return -1;
    output = sl_queue_output(cli, SL_SHAPE_LIST, school.timezone);
    return print_rows(output, &rows, err) < 0 ? -1 : sl_output_end(&output, err);
}

/* ---- retry and cancel of one ------------------------------------------------------------------- */

static int print_one(const struct sl_cli *cli, struct sl_db *db, int64_t id, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_queue_row row;

    if (sl_queue_find(&rows, db, id, err) < 0)
        return -1;
    if (sl_queue_next(&rows, &row, err) <= 0)
        return sl_err_set(err, SL_ERR_DATA, "queue item %" PRId64 " is gone", id);
    output = sl_queue_output(cli, SL_SHAPE_OBJECT, row.zone);
    if (sl_queue_print(output, cli->arena, &row, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

/* Says what was refused, which --quiet does not silence: the status alone does not tell why. */
static int tell_refusal(const struct sl_cli *cli, const struct sl_queue_act *act)
{
    (void)fprintf(stderr, "%s: queue item %" PRId64 " %s%s%s\n", cli->program, act->id,
                  act->refused, act->advice ? "; " : "", act->advice ? act->advice : "");
    return 1;
}

static void tell_retry(const struct sl_cli *cli, const struct sl_queue_act *act)
{
    if (act->may_repeat && act->n_messages > 0)
        sl_say(cli, "%s: %" PRId64 " messages are sent again, and may be received twice",
               cli->program, act->n_messages);
    else if (act->may_repeat)
        sl_say(cli, "%s: nobody knows what came of the first attempt: it may be done twice",
               cli->program);
    else if (act->n_messages > 0)
        sl_say(cli, "%s: %" PRId64 " messages are queued again", cli->program, act->n_messages);
}

static void tell_cancel(const struct sl_cli *cli, const struct sl_queue_act *act)
{
    if (act->n_messages > 0)
        sl_say(cli, "%s: %" PRId64 " messages will not be sent", cli->program, act->n_messages);
}

static int act_on_one(const struct sl_cli *cli,
                      int (*act_on)(struct sl_service *, struct sl_arena *, struct sl_queue_act *,
                                    struct sl_err *),
                      void (*tell)(const struct sl_cli *, const struct sl_queue_act *),
                      struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_queue_act act = { 0 };
    int status = 0;

    if (sl_open_service(cli, SL_WEBHOOK_KEYS, &service, err) < 0 ||
        sl_queue_read_id(cli, service->db, &act.id, &act.school_id, err) < 0 ||
        act_on(service, cli->arena, &act, err) < 0)
        return -1;
    if (act.refused)
        status = tell_refusal(cli, &act);
    else
        tell(cli, &act);
    return print_one(cli, service->db, act.id, err) < 0 ? -1 : status;
}

static int cancel_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    (void)options;
    return act_on_one(cli, sl_queue_act_cancel, tell_cancel, err);
}

/* ---- retry of all ------------------------------------------------------------------------------ */

struct retry_options {
    bool failed;
    const char *operation;
};

static const struct sl_opt retry_options[] = {
    { "failed", 0, SL_OPT_FLAG, offsetof(struct retry_options, failed), NULL,
      .help = "All that failed, but for what is too old to be sent" },
    { "operation", 0, SL_OPT_TEXT, offsetof(struct retry_options, operation), "NAME",
      .help = "With --failed: of one operation, such as sms.send" },
    { 0 },
};

enum { PAGE = 200 };

/* Prints a page of what was brought back; ids[i] below 0 was left. Returns how many, or -1. */
static int print_page(struct sl_db *db, struct sl_output *output, const int64_t *ids, int n,
                      struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int printed = 0;

    for (int i = 0; i < n; i++) {
        SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
        struct sl_queue_row row;

        if (ids[i] < 0)
            continue;
        if (sl_queue_find(&rows, db, ids[i], err) < 0 || sl_queue_next(&rows, &row, err) < 0 ||
            sl_queue_print(output, arena, &row, err) < 0)
            return -1;
        printed++;
    }
    return printed;
}

static int retry_pages(struct sl_service *service, struct sl_failed_filter *filter,
                       struct sl_output *output, int64_t *n_retried, int64_t *n_left,
                       struct sl_err *err)
{
    int64_t ids[PAGE];
    int n;

    while ((n = sl_queue_act_retry_failed(service, filter, PAGE, ids, err)) > 0) {
        int printed = print_page(service->db, output, ids, n, err);

        if (printed < 0)
            return -1;
        *n_retried += printed;
        *n_left += n - printed;
    }
    return n;
}

static int retry_failed(const struct sl_cli *cli, const struct retry_options *options,
                        struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_school school = { 0 };
    struct sl_failed_filter filter = { .operation = options->operation };
    int64_t n_retried = 0, n_left = 0, n_late = 0;

    if (sl_open_service(cli, SL_WEBHOOK_KEYS, &service, err) < 0 ||
        (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0))
        return -1;
    filter.school_id = school.id;
    output = sl_queue_output(cli, SL_SHAPE_LIST, school.timezone);
    if (retry_pages(service, &filter, output, &n_retried, &n_left, err) < 0 ||
        sl_queue_failed_late(service->db, &filter, sl_now_ms(), &n_late, err) < 0)
        return -1;
    sl_say(cli, "%s: %" PRId64 " are pending again", cli->program, n_retried);
    if (n_left > 0)
        sl_say(cli, "%s: %" PRId64 " are left: cancelled since, or doubled by another",
               cli->program, n_left);
    if (n_late > 0)
        sl_say(cli, "%s: %" PRId64 " are too old to be sent; `sl-queue retry ID` sends one anyway",
               cli->program, n_late);
    return sl_output_end(&output, err);
}

static int retry_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct retry_options *options = opaque;

    if (options->failed && cli->n_operands > 0)
        return sl_err_set(err, SL_ERR_USAGE, "give an ID or --failed, not both");
    if (options->failed)
        return retry_failed(cli, options, err);
    if (options->operation)
        return sl_err_set(err, SL_ERR_USAGE, "--operation goes with --failed");
    if (cli->n_operands == 0) {
        (void)sl_err_set(err, SL_ERR_USAGE, "retry what?");
        return sl_err_hint(err, "give an ID, or --failed for all that failed");
    }
    return act_on_one(cli, sl_queue_act_retry, tell_retry, err);
}

/* ---- The program --------------------------------------------------------------------------------- */

static const struct sl_verb verbs[] = {
    { .name = "list",
      .summary = "List what is queued, and what was, newest first",
      .options = list_options,
      .options_size = sizeof(struct list_options),
      .run = list_run,
      .common = SL_USES_SCHOOL },
    { .name = "show",
      .operands = "ID",
      .summary = "Show one item, with the reason of every attempt",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_queue_show_run,
      .common = SL_USES_SCHOOL },
    { .name = "retry",
      .operands = "[ID]",
      .summary = "Bring back what failed, or waits for a person",
      .options = retry_options,
      .options_size = sizeof(struct retry_options),
      .max_operands = 1,
      .run = retry_run,
      .common = SL_USES_SCHOOL },
    { .name = "cancel",
      .operands = "ID",
      .summary = "Call off what has not left, or leave as it is what waits for a person",
      .min_operands = 1,
      .max_operands = 1,
      .run = cancel_run,
      .common = SL_USES_SCHOOL },
    { .name = "stats",
      .summary = "Show how much is waiting, for how long, and which accounts are in trouble",
      .options = sl_queue_stats_options,
      .options_size = sizeof(struct sl_queue_stats_options),
      .run = sl_queue_stats_run,
      .common = SL_USES_SCHOOL },
};

static const struct sl_program program = {
    .name = "sl-queue",
    .summary = "The queue, seen and put right",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-queue-run(1), sl-sms(1), sl-pay(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
