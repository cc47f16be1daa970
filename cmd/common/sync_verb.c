#include "cmd/common/sync_verb.h"

#include <string.h>

#include "cmd/common/asking.h"
#include "cmd/common/list.h"
#include "cmd/common/open.h"
#include "lib/cli/output.h"
#include "lib/cli/terminal.h"
#include "lib/service/sync_run.h"

enum { PATIENCE_MS = 30000 };

const struct sl_opt sl_sync_options[] = {
    { "file", 0, SL_OPT_TEXT, offsetof(struct sl_sync_options, file), "FILE",
      .help = "The roster, CSV; without it, or as -, stdin" },
    { "yes", 'y', SL_OPT_FLAG, offsetof(struct sl_sync_options, yes), NULL, .help = "Do not ask" },
    { "suspend-missing", 0, SL_OPT_FLAG, offsetof(struct sl_sync_options, suspend_missing), NULL,
      .help = "Suspend enrolments that the roster does not have in its courses" },
    { 0 },
};

/* Of one run. */
struct syncing {
    struct sl_asking asking;
    struct sl_sync *sync;
    struct sl_progress bar;
    bool drawing;
};

static void end_bar(struct syncing *syncing)
{
    if (syncing->drawing)
        sl_progress_end(&syncing->bar);
    syncing->drawing = false;
}

static void syncing_end(struct syncing *syncing)
{
    end_bar(syncing);
    sl_asking_end(&syncing->asking);
}

/* ---- Telling ----------------------------------------------------------------------------------- */

static const struct sl_column columns[] = {
    { "line", SL_INT, 0 },    { "change", SL_TEXT, 0 }, { "username", SL_TEXT, 0 },
    { "course", SL_TEXT, 0 }, { "role", SL_TEXT, 0 },   { "group", SL_TEXT, 0 },
    { "fields", SL_TEXT, 0 }, { "status", SL_TEXT, 0 }, { "error", SL_TEXT, 0 },
};

static int print_change(struct sl_output *output, const struct sl_sync_change *change,
                        struct sl_err *err)
{
    return sl_output_row(output,
                         (struct sl_value[]){
                             change->line ? sl_int((int64_t)change->line) : sl_null(),
                             sl_text(sl_sync_act_names[change->act]), sl_text(change->username),
                             sl_text(change->course ? change->course->name : NULL),
                             sl_text(change->role),
                             sl_text(change->group ? change->group->name : NULL),
                             sl_text(change->what), sl_text(sl_sync_status_names[change->status]),
                             sl_text(change->error) },
                         err);
}

/* In a table only what went wrong, unless all is wanted. */
static int print_changes(const struct syncing *syncing, bool all, struct sl_err *err)
{
    const struct sl_cli *cli = syncing->asking.cli;
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns),
                                              syncing->asking.school.timezone);
    bool any = cli->format != SL_FORMAT_TABLE;

    for (size_t i = 0; i < syncing->sync->n_changes; i++) {
        const struct sl_sync_change *change = &syncing->sync->changes[i];

        if (!all && change->status == SL_SYNC_DONE)
            continue;
        any = true;
        if (print_change(output, change, err) < 0)
            return -1;
    }
    return any ? sl_output_end(&output, err) : 0;
}

/* "300 rows: create 290, enrol 300; 2 bad, 5 unchanged" */
static void tell_plan(const struct sl_cli *cli, const struct sl_sync *sync, bool suspend)
{
    struct sl_buf text = sl_buf_new(cli->arena);

    for (enum sl_sync_act act = SL_SYNC_CREATE; act < SL_SYNC_ACTS; act++)
        if (sl_sync_count(sync, act) > 0)
            sl_buf_printf(&text, "%s%s %zu", text.len > 0 ? ", " : "", sl_sync_act_names[act],
                          sl_sync_count(sync, act));
    sl_say(cli, "%s: %zu rows: %s; %zu bad, %zu unchanged", cli->program, sync->roster->n,
           text.len > 0 ? text.data : "nothing to do", sl_sync_count(sync, SL_SYNC_NOTHING),
           sync->n_unchanged);
    if (sync->n_missing == 0)
        return;
    if (!suspend)
        sl_say(cli, "%s: %zu enrolments are not in the roster (--suspend-missing suspends them)",
               cli->program, sync->n_missing);
    else if (sync->held_back)
        sl_say(cli,
               "%s: %zu enrolments are not in the roster; none is suspended while a row of it "
               "cannot be used",
               cli->program, sync->n_missing);
}

static void tell_end(const struct sl_cli *cli, const struct sl_sync *sync)
{
    size_t n_left = sl_sync_count_status(sync, SL_SYNC_LEFT);

    sl_say(cli, "%s: %zu changes done, %zu failed, %zu left", cli->program,
           sl_sync_count_status(sync, SL_SYNC_DONE), sl_sync_count_status(sync, SL_SYNC_FAILED),
           n_left);
    if (n_left > 0)
        sl_say(cli, "%s: not finished: the same roster again does the rest", cli->program);
}

static int exit_status(const struct sl_sync *sync)
{
    if (sl_sync_count_status(sync, SL_SYNC_LEFT) > 0)
        return SL_ERR_QUEUED;
    return sl_sync_count_status(sync, SL_SYNC_FAILED) > 0 ? 1 : 0;
}

/* ---- Running ------------------------------------------------------------------------------------ */

static void progress(void *opaque, size_t n_settled)
{
    struct syncing *syncing = opaque;

    sl_progress_update(&syncing->bar, (int64_t)n_settled, NULL);
}

static struct sl_sync_run new_run(struct syncing *syncing)
{
    const struct sl_cli *cli = syncing->asking.cli;

    return (struct sl_sync_run){
        .service = syncing->asking.service,
        .school = &syncing->asking.school,
        .account = &syncing->asking.account,
        .sync = syncing->sync,
        .engine = { .program = cli->program, .stop = sl_stop_flag(), .patience_ms = PATIENCE_MS },
        .progress = progress,
        .opaque = syncing,
    };
}

/* What was done is told, also where it ends with an error. */
static int apply(struct syncing *syncing, struct sl_sync_run *run, struct sl_err *err)
{
    const struct sl_cli *cli = syncing->asking.cli;
    struct sl_err ignored;
    int status;

    sl_progress_begin(&syncing->bar, cli, (int64_t)syncing->sync->n_changes);
    syncing->drawing = true;
    status = sl_sync_apply(run, err);
    end_bar(syncing);
    if (print_changes(syncing, cli->format != SL_FORMAT_TABLE || cli->verbose > 0,
                      status < 0 ? &ignored : err) < 0)
        return -1;
    tell_end(cli, syncing->sync);
    return status < 0 ? -1 : exit_status(syncing->sync);
}

/* Each of them, with --verbose, before anything is done. */
static void tell_changes(const struct sl_cli *cli, const struct sl_sync *sync)
{
    for (size_t i = 0; i < sync->n_changes; i++) {
        const struct sl_sync_change *change = &sync->changes[i];
        const char *where = change->course  ? change->course->name
                            : change->group ? change->group->name
                                            : change->what;

        if (change->status == SL_SYNC_PLANNED)
            sl_say_verbose(cli, 1, "%s %s%s%s", sl_sync_act_names[change->act], change->username,
                           where ? ": " : "", where ? where : "");
    }
}

/* Shows the plan, asks where somebody sits, and applies it. */
static int carry_out(struct syncing *syncing, const struct sl_sync_options *given,
                     struct sl_sync_run *run, struct sl_err *err)
{
    const struct sl_cli *cli = syncing->asking.cli;
    struct sl_sync *sync = syncing->sync;

    tell_plan(cli, sync, given->suspend_missing);
    if (cli->dry_run || sl_sync_count_status(sync, SL_SYNC_PLANNED) == 0)
        return print_changes(syncing, true, err) < 0 ? -1 : exit_status(sync);
    tell_changes(cli, sync);
    if (!given->yes && sl_terminal_attended() && !sl_terminal_confirm("Apply these changes?")) {
        sl_say(cli, "%s: nothing was changed", cli->program);
        return 0;
    }
    return apply(syncing, run, err);
}

int sl_sync_verb_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_sync_options *given = opaque;
    SL_AUTO(syncing_end) struct syncing syncing = { .asking.cli = cli };
    SL_AUTO(sl_list_close) FILE *in = NULL;
    struct sl_roster roster;
    struct sl_sync_run run;

    if (sl_asking_begin(&syncing.asking, SL_LMS, err) < 0 ||
        sl_list_open(given->file, &in, err) < 0 || sl_roster_read(cli->arena, in, &roster, err) < 0)
        return -1;
    syncing.sync = sl_sync_new(cli->arena, &roster);
    run = new_run(&syncing);
    if (sl_sync_look(&run, err) < 0)
        return -1;
    sl_sync_plan(syncing.sync,
                 given->suspend_missing ? SL_SYNC_SUSPEND_MISSING : SL_SYNC_KEEP_MISSING);
    return carry_out(&syncing, given, &run, err);
}
