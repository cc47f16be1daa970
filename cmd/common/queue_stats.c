#include "cmd/common/queue_stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/common/beside.h"
#include "cmd/common/metrics.h"
#include "cmd/common/open.h"
#include "cmd/common/queue_state.h"
#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/store/schools.h"

const struct sl_opt sl_stats_options[] = {
    { "check", 0, SL_OPT_FLAG, offsetof(struct sl_stats_options, check), NULL,
      .help = "Print one line, and exit as Nagios wants it: 0 OK, 1 WARNING, 2 CRITICAL, "
              "3 UNKNOWN" },
    { "warning-age", 0, SL_OPT_TEXT, offsetof(struct sl_stats_options, warning_age), "DURATION",
      .help = "With --check: warn when something is overdue for this long; without it 10m" },
    { "critical-age", 0, SL_OPT_TEXT, offsetof(struct sl_stats_options, critical_age), "DURATION",
      .help = "With --check: critical when something is overdue for this long; without it 1h" },
    { "metrics", 0, SL_OPT_TEXT, offsetof(struct sl_stats_options, metrics), "FILE|-",
      .help = "Write them for Prometheus, into a file that is replaced at once, or to stdout" },
    { 0 },
};

/* ---- For a person ------------------------------------------------------------------------ */

static const struct sl_column columns[] = {
    { "pending", SL_INT, 0 },
    { "processing", SL_INT, 0 },
    { "waiting", SL_INT, 0 },
    { "completed", SL_INT, 0 },
    { "failed", SL_INT, 0 },
    { "cancelled", SL_INT, 0 },
    { "oldest_due_seconds", SL_INT, 0 },
    { "blocked", SL_INT, 0 },
    { "breakers_open", SL_INT, 0 },
    { "held", SL_INT, 0 },
    { "paused", SL_JSON, 0 }, /* [{"provider", "why"}] of these three */
};

static const char *paused_json(struct sl_arena *arena, const struct sl_queue_state *state)
{
    SL_AUTO(sl_json_free) struct json_object *list = sl_json_new_array();

    for (const struct sl_queue_account *a = state->accounts; a; a = a->next) {
        struct json_object *one;

        if (!a->paused)
            continue;
        one = sl_json_new_object();
        sl_json_put_text(one, "provider", a->provider);
        sl_json_put_text(one, "why", a->paused);
        sl_json_append(list, one);
    }
    return sl_json_print(arena, list);
}

static void tell_accounts(const struct sl_cli *cli, const struct sl_queue_state *state)
{
    for (const struct sl_queue_account *a = state->accounts; a; a = a->next)
        if (a->paused)
            sl_say(cli, "%s: %s is %s; when it is mended, `sl-config test` opens it", cli->program,
                   a->provider, a->paused);
    if (state->queue.for_person > 0)
        sl_say(cli, "%s: %" PRId64 " wait for a person: `sl-queue list --status waiting`",
               cli->program, state->queue.for_person);
}

static int print_state(const struct sl_cli *cli, const struct sl_queue_state *state,
                       struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);
    const struct sl_queue_stats *q = &state->queue;

    if (sl_output_row(output,
                      (struct sl_value[]){ sl_int(q->pending), sl_int(q->processing),
                                           sl_int(q->waiting), sl_int(q->completed),
                                           sl_int(q->failed), sl_int(q->cancelled),
                                           sl_int(q->oldest_due_seconds), sl_int(state->blocked),
                                           sl_int(state->open), sl_int(state->held),
                                           sl_text(paused_json(cli->arena, state)) },
                      err) < 0 ||
        sl_output_end(&output, err) < 0)
        return -1;
    tell_accounts(cli, state);
    return 0;
}

/* ---- For Nagios -------------------------------------------------------------------------- */

enum nagios { OK, WARNING, CRITICAL, UNKNOWN };

struct ages {
    int64_t warning, critical; /* seconds */
};

static int read_age(const char *option, const char *given, const char *otherwise, int64_t *seconds,
                    struct sl_err *err)
{
    int64_t ms = sl_duration_ms(given ? given : otherwise);

    if (ms < 0)
        return sl_err_set(err, SL_ERR_DATA, "%s '%s' is no duration like 90s, 10m or 1h", option,
                          given);
    *seconds = ms / 1000;
    return 0;
}

static int read_ages(const struct sl_stats_options *given, struct ages *ages, struct sl_err *err)
{
    if (read_age("--warning-age", given->warning_age, "10m", &ages->warning, err) < 0 ||
        read_age("--critical-age", given->critical_age, "1h", &ages->critical, err) < 0)
        return -1;
    if (ages->warning > ages->critical)
        return sl_err_set(err, SL_ERR_DATA, "--warning-age is longer than --critical-age");
    return 0;
}

static enum nagios judge(const struct sl_queue_state *state, const struct ages *ages)
{
    int64_t oldest = state->queue.oldest_due_seconds;

    if (state->blocked > 0 || (oldest > 0 && oldest >= ages->critical))
        return CRITICAL;
    if (state->open > 0 || state->held > 0 || state->queue.for_person > 0 ||
        (oldest > 0 && oldest >= ages->warning))
        return WARNING;
    return OK;
}

/* Beside how many: " (africastalking is held until …: …)". What a provider said stays one line, and
 * no bar ends it for Nagios. */
static const char *paused_text(struct sl_arena *arena, const struct sl_queue_state *state)
{
    struct sl_buf text = sl_buf_new(arena);
    char *shown;

    for (const struct sl_queue_account *a = state->accounts; a; a = a->next)
        if (a->paused)
            sl_buf_printf(&text, "%s%s is %s", text.len > 0 ? ", " : " (", a->provider, a->paused);
    sl_buf_text(&text, text.len > 0 ? ")" : "");
    shown = sl_printable(arena, text.data, text.len, text.len);
    for (char *bar = strchr(shown, '|'); bar; bar = strchr(bar, '|'))
        *bar = '/';
    return shown;
}

static enum nagios check(const struct sl_cli *cli, const struct sl_queue_state *state,
                         const struct ages *ages)
{
    static const char *const words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
    const struct sl_queue_stats *q = &state->queue;
    enum nagios verdict = judge(state, ages);

    (void)printf("%s - %" PRId64 " pending, oldest due for %" PRId64 " s, %" PRId64
                 " waiting for a person, %" PRId64 " failed, %" PRId64 " blocked, %" PRId64
                 " breakers open, %" PRId64 " held%s | pending=%" PRId64 " oldest=%" PRId64
                 "s;%" PRId64 ";%" PRId64 " failed=%" PRId64 "\n",
                 words[verdict], q->pending, q->oldest_due_seconds, q->for_person, q->failed,
                 state->blocked, state->open, state->held, paused_text(cli->arena, state),
                 q->pending, q->oldest_due_seconds, ages->warning, ages->critical, q->failed);
    return verdict;
}

/* ---- For Prometheus ---------------------------------------------------------------------- */

/* Everybody may read it, as far as the umask lets: the collector is another user. */
static int write_file(const struct sl_cli *cli, const char *path, const struct sl_buf *text,
                      struct sl_err *err)
{
    char *beside;
    int fd = sl_beside_open(cli->arena, path, &beside);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    int status = 0;

    if (fd < 0)
        return sl_err_set(err, SL_ERR_CREATE, "the metrics %s: %m", path);
    if (!file)
        sl_out_of_memory();
    if (fwrite(text->data, 1, text->len, file) != text->len || fflush(file) != 0 ||
        !sl_beside_name(fd, beside, path, 0644))
        status = sl_err_set(err, SL_ERR_IO, "the metrics %s: %m", path);
    (void)fclose(file); /* all of it was written and synced */
    if (status < 0)
        (void)unlink(beside);
    return status;
}

static int write_metrics(const struct sl_cli *cli, const char *path,
                         const struct sl_queue_state *state, struct sl_err *err)
{
    struct sl_buf text = sl_buf_new(cli->arena);

    sl_metrics_write(&text, state);

    if (strcmp(path, "-") != 0)
        return write_file(cli, path, &text, err);
    if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        return sl_err_set(err, SL_ERR_IO, "standard output: %m");
    return 0;
}

/* ---- stats ------------------------------------------------------------------------------- */

static int read_state(const struct sl_cli *cli, struct sl_queue_state *state, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_school school = { 0 };

    if (sl_open_service(cli, SL_NO_KEYS, &service, err) < 0 ||
        (cli->school && sl_schools_find(service->db, cli->arena, cli->school, &school, err) < 0))
        return -1;
    return sl_queue_state_read(service, cli->arena, school.id, state, err);
}

static int stats(const struct sl_cli *cli, const struct sl_stats_options *given, struct sl_err *err)
{
    struct sl_queue_state state = { 0 };
    struct ages ages = { 0 };

    if (read_ages(given, &ages, err) < 0 || read_state(cli, &state, err) < 0 ||
        (given->metrics && write_metrics(cli, given->metrics, &state, err) < 0))
        return -1;
    if (given->check)
        return (int)check(cli, &state, &ages);
    return given->metrics ? 0 : print_state(cli, &state, err);
}

int sl_stats_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_stats_options *given = opaque;
    int status;

    if (given->check && given->metrics && strcmp(given->metrics, "-") == 0)
        return sl_err_set(err, SL_ERR_USAGE,
                          "--check and --metrics - both print; give --metrics a file");
    status = stats(cli, given, err);
    if (status >= 0 || !given->check)
        return status;
    (void)printf("UNKNOWN - %s\n", err->text);
    return UNKNOWN;
}
