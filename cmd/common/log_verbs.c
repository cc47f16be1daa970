#include "cmd/common/log_verbs.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/common/open.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/cli/terminal.h"
#include "lib/service/forget.h"
#include "lib/service/keep.h"
#include "lib/service/prune.h"
#include "lib/service/spool.h"
#include "lib/service/verify.h"
#include "lib/text/phone.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

const char *sl_log_phone(const struct sl_cli *cli, const char *text, const char *country,
                         struct sl_err *err)
{
    struct sl_phone phone = sl_phone_read(cli->arena, text, country);

    if (!phone.e164)
        (void)sl_err_set(err, SL_ERR_DATA, "'%s' is no phone number: %s", text, phone.reason);
    return phone.e164;
}

/* ---- verify ------------------------------------------------------------------------------ */

static const struct sl_column verify_columns[] = {
    { "status", SL_TEXT, 0 },   { "rows", SL_INT, 0 },     { "first_id", SL_INT, 0 },
    { "last_id", SL_INT, 0 },   { "head", SL_TEXT, 0 },    { "anchors", SL_INT, 0 },
    { "removed", SL_INT, 0 },   { "erased", SL_INT, 0 },   { "breaks", SL_INT, 0 },
    { "broken_id", SL_INT, 0 }, { "problem", SL_TEXT, 0 },
};

static struct sl_value id_or_null(int64_t id)
{
    return id > 0 ? sl_int(id) : sl_null();
}

static int print_verified(const struct sl_cli *cli, const struct sl_verified *verified,
                          struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, verify_columns, SL_COUNT(verify_columns), NULL);
    const struct sl_break *first = verified->n_breaks > 0 ? &verified->breaks[0] : NULL;

    if (sl_output_row(output,
                      (struct sl_value[]){
                          sl_text(first ? "broken" : "ok"), sl_int(verified->rows),
                          id_or_null(verified->first_id), id_or_null(verified->head.id),
                          sl_text(verified->head.id > 0 ? verified->head.hash : NULL),
                          sl_int(verified->anchors), sl_int(verified->removed),
                          sl_int(verified->erased), sl_int((int64_t)verified->n_breaks),
                          id_or_null(first ? first->id : 0),
                          sl_text(first ? sl_break_name(first->kind) : NULL) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int read_expected(const char *text, struct sl_expected *expected, struct sl_err *err)
{
    char id[20] = "";
    const char *colon = strchr(text, ':');
    unsigned char hash[(SL_LOG_HASH_SIZE - 1) / 2];

    if (colon && (size_t)(colon - text) < sizeof id)
        memcpy(id, text, (size_t)(colon - text));
    if (!sl_parse_int(id, 1, INT64_MAX, &expected->id) || !sl_unhex(colon + 1, hash, sizeof hash))
        return sl_err_set(
            err, SL_ERR_DATA,
            "--expect takes ID:HASH, last_id and head as an earlier verify told them");
    sl_hex(hash, sizeof hash, expected->hash);
    return 0;
}

int sl_verify_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_verify_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_verified *verified = SL_NEW(cli->arena, struct sl_verified, 1);
    struct sl_expected expected = { .id = 0 };

    if ((options->expect && read_expected(options->expect, &expected, err) < 0) ||
        sl_open_service(cli, SL_WEBHOOK_KEYS, &service, err) < 0 ||
        sl_verify(service, &expected, verified, err) < 0)
        return -1;
    for (size_t i = 0; i < verified->n_breaks && i < SL_MOST_BREAKS; i++)
        sl_say(cli, "%s", verified->breaks[i].text);
    if (verified->n_breaks > SL_MOST_BREAKS)
        sl_say(cli, "… and %zu more", verified->n_breaks - SL_MOST_BREAKS);
    if (verified->expected_pruned)
        sl_say(cli, "row %" PRId64 " was pruned since: its hash cannot be compared", expected.id);
    if (print_verified(cli, verified, err) < 0)
        return -1;
    return verified->n_breaks > 0;
}

/* ---- prune ------------------------------------------------------------------------------- */

static const struct sl_column prune_columns[] = {
    { "removed", SL_INT, 0 },   { "before", SL_TIME, 0 }, { "last_id", SL_INT, 0 },
    { "hash", SL_TEXT, 0 },     { "bodies", SL_INT, 0 },  { "messages", SL_INT, 0 },
    { "callbacks", SL_INT, 0 }, { "queue", SL_INT, 0 },   { "events", SL_INT, 0 },
};

static int print_pruned(const struct sl_cli *cli, int64_t before, const struct sl_pruned *pruned,
                        const int64_t *erased, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, prune_columns, SL_COUNT(prune_columns), NULL);

    if (sl_output_row(output,
                      (struct sl_value[]){
                          sl_int(pruned->removed), sl_time(before), id_or_null(pruned->last_id),
                          sl_text(*pruned->hash ? pruned->hash : NULL),
                          sl_int(erased[SL_KEEP_BODIES]), sl_int(erased[SL_KEEP_MESSAGES]),
                          sl_int(erased[SL_KEEP_CALLBACKS]), sl_int(erased[SL_KEEP_QUEUE]),
                          sl_int(erased[SL_KEEP_EVENTS]) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

int sl_prune_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_prune_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    int64_t now_ms = sl_now_ms(), age_ms, erased[SL_KEEP_KINDS];
    struct sl_pruned pruned;

    if (sl_open_service(cli, SL_WEBHOOK_KEYS, &service, err) < 0)
        return -1;
    age_ms = options->older_than ? sl_duration_ms(options->older_than)
                                 : service->settings.log_keep_days * DAY_MS;
    if (age_ms < 0)
        return sl_err_set(err, SL_ERR_DATA, "--older-than takes 365d or 48h, not '%s'",
                          options->older_than);
    if (sl_prune(service, now_ms - age_ms, cli->dry_run, now_ms, &pruned, err) < 0 ||
        sl_keep_apply(service, cli->dry_run, now_ms, erased, err) < 0)
        return -1;
    if (cli->dry_run)
        sl_say(cli, "a dry run: nothing was removed or erased");
    else if (sl_spool_sweep(service, now_ms, err) < 0)
        return -1;
    if (cli->quiet && cli->format == SL_FORMAT_TABLE)
        return 0;
    return print_pruned(cli, now_ms - age_ms, &pruned, erased, err);
}

/* ---- forget ------------------------------------------------------------------------------ */

static const struct sl_column forget_columns[] = {
    { "logs", SL_INT, 0 },        { "messages", SL_INT, 0 },  { "payments", SL_INT, 0 },
    { "queue_items", SL_INT, 0 }, { "callbacks", SL_INT, 0 }, { "hook_events", SL_INT, 0 },
    { "facts", SL_INT, 0 },       { "open", SL_INT, 0 },
};

static int print_forgotten(const struct sl_cli *cli, const struct sl_forgotten *forgotten,
                           struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_OBJECT, forget_columns, SL_COUNT(forget_columns), NULL);
    const int64_t *records = forgotten->records;

    if (sl_output_row(output,
                      (struct sl_value[]){
                          sl_int(forgotten->logs), sl_int(records[SL_FORGET_MESSAGES]),
                          sl_int(records[SL_FORGET_PAYMENTS]), sl_int(records[SL_FORGET_QUEUE]),
                          sl_int(records[SL_FORGET_CALLBACKS]), sl_int(records[SL_FORGET_EVENTS]),
                          sl_int(records[SL_FORGET_FACTS]), sl_int(forgotten->open) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int confirm(const struct sl_cli *cli, const struct sl_forget_options *options,
                   const struct sl_school *school, const char *e164, struct sl_err *err)
{
    if (options->yes)
        return 1;
    if (!sl_terminal_attended())
        return sl_err_set(err, SL_ERR_USAGE,
                          "erasing %s for good is asked on a terminal only;"
                          " say --yes",
                          e164);
    return sl_terminal_confirm(sl_arena_printf(cli->arena,
                                               "Erase %s from the records of %s, for good?", e164,
                                               school->name));
}

int sl_forget_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_forget_options *options = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_forgotten forgotten;
    struct sl_school school;
    const char *e164;
    int agreed;

    if (sl_open_school(cli, SL_WEBHOOK_KEYS, &service, &school, err) < 0)
        return -1;
    e164 = sl_log_phone(cli, options->phone, school.country, err);
    agreed = e164 ? confirm(cli, options, &school, e164, err) : -1;
    if (agreed <= 0) {
        if (agreed == 0)
            sl_say(cli, "nothing was erased");
        return agreed;
    }
    if (sl_forget(service, &school, e164, &forgotten, err) < 0 ||
        print_forgotten(cli, &forgotten, err) < 0)
        return -1;
    if (forgotten.open > 0)
        sl_say(cli,
               "records that are not over keep the number (%" PRId64 "): settle or cancel them,"
               " then say this again",
               forgotten.open);
    if (!forgotten.compacted)
        sl_say(cli, "another program was reading: the write-ahead log still holds what was"
                    " erased; say this again");
    return forgotten.open > 0 || !forgotten.compacted;
}
