/* A row of a list: judged, then recorded, or counted and reported in a dry run. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/bulk_private.h"
#include "lib/service/spool.h"
#include "lib/store/optouts.h"

enum { MOST_GIVEN = 200 }; /* characters kept of what stood in the address column */

bool bulk_records(const struct loader *loader)
{
    return loader->options->mode == SL_BULK_RECORD;
}

/* ---- Judging ----------------------------------------------------------------------------- */

/* What stands in the address column, for the report: of a bad row too, if it got so far. */
static const char *address_given(struct loader *loader, const struct sl_csv_row *row)
{
    const char *field = row->fields[loader->address_column];

    field = sl_utf8_repair(loader->page, field ? field : "", field ? strlen(field) : 0);
    return sl_printable(loader->page, field, strlen(field), MOST_GIVEN);
}

struct verdict bulk_judge(struct loader *loader, const struct sl_csv_row *row)
{
    const struct sl_bulk_maker *maker = &loader->options->maker;
    struct verdict verdict = { .line = row->line,
                               .status = "queued",
                               .given = address_given(loader, row) };

    if (row->bad)
        verdict.error = sl_arena_strdup(loader->page, row->bad);
    else
        verdict.draft = maker->draft(maker->self, loader->page, row->fields[loader->address_column],
                                     row->fields);
    if (verdict.draft.refused)
        verdict.error = verdict.draft.refused;
    if (verdict.error) {
        verdict.status = "failed";
        verdict.draft = (struct sl_draft){ 0 };
    }
    return verdict;
}

static int judge_optout(struct loader *loader, struct verdict *verdict, struct sl_err *err)
{
    int out;

    if (!verdict->draft.address || !loader->any_optouts)
        return 0;
    out = sl_optouts_has(loader->service->db, loader->school->id,
                         loader->options->maker.channel->name, verdict->draft.address, err);
    if (out > 0) {
        verdict->status = "skipped";
        verdict->error = sl_skipped_optout;
    }
    return out < 0 ? -1 : 0;
}

static int64_t hash_of(struct loader *loader, const struct verdict *verdict)
{
    return sl_message_hash(&loader->message_hash, verdict->draft.address, verdict->draft.payload);
}

static void skip_repeat(struct verdict *verdict)
{
    verdict->status = "skipped";
    verdict->error = sl_skipped_repeat;
}

static bool is_queued(const struct verdict *verdict)
{
    return strcmp(verdict->status, "queued") == 0;
}

/* ---- Counting ---------------------------------------------------------------------------- */

/* The first few are told at once, if all are bad. */
static void keep_reason(struct loader *loader, size_t line, const char *error)
{
    struct sl_bulk_totals *totals = loader->totals;

    if (totals->failed >= SL_BULK_REASONS)
        return;
    totals->bad[totals->failed].line = (int64_t)line;
    totals->bad[totals->failed].error = sl_arena_strdup(loader->arena, error);
}

static void count(struct loader *loader, size_t line, const struct verdict *verdict)
{
    loader->totals->total++;
    if (is_queued(verdict)) {
        loader->totals->good++;
        loader->totals->segments += verdict->draft.segments;
    } else if (strcmp(verdict->status, "failed") == 0) {
        keep_reason(loader, line, verdict->error);
        loader->totals->failed++;
    } else {
        loader->totals->skipped++;
    }
}

/* ---- Recording --------------------------------------------------------------------------- */

/* Rows with the same payload share a request, up to the provider's limit. */
static int find_row(struct loader *loader, size_t line, const struct verdict *verdict,
                    struct open_payload **found, struct sl_err *err)
{
    int64_t hash = sl_message_hash(&loader->message_hash, "", verdict->draft.payload);
    struct open_payload *open = loader->open;

    for (size_t i = 0; i < OPEN_PAYLOADS && loader->sender.batch_size > 1; i++)
        if (open[i].row_id && open[i].hash == hash && open[i].n < loader->sender.batch_size) {
            *found = &open[i];
            return 0;
        }
    open = &loader->open[loader->oldest];
    loader->oldest = (loader->oldest + 1) % OPEN_PAYLOADS;
    *open = (struct open_payload){ .hash = hash };
    *found = open;
    if (sl_sender_add(loader->service, loader->page, &loader->sender, loader->batch, (int64_t)line,
                      verdict->draft.payload, &open->row_id, err) < 0)
        return -1;
    return sl_spool_use_all(loader->service, verdict->draft.files, verdict->draft.n_files,
                            open->row_id, err);
}

static int insert(struct loader *loader, size_t line, const struct verdict *verdict,
                  const struct open_payload *row, int64_t dedupe, struct sl_err *err)
{
    const struct sl_message message = {
        .batch_id = loader->batch->id,
        .line = (int64_t)line,
        .address_given = verdict->given,
        .address = verdict->draft.address,
        .queue_id = row ? row->row_id : 0,
        .place = row ? row->n : 0,
        .dedupe = dedupe,
        .status = verdict->status,
        .segments = verdict->draft.segments,
        .error = verdict->error,
    };
    bool duplicate;

    return sl_messages_add(loader->service->db, &message, sl_now_ms(), &duplicate, err) < 0 ? -1
                                                                                            : 0;
}

/* A message before its queue row would be one that nobody sends; so a repeated number is looked
 * for first, and the row is made for those that are new. */
static int record(struct loader *loader, size_t line, struct verdict *verdict, struct sl_err *err)
{
    struct open_payload *row = NULL;
    int64_t dedupe = 0;
    int known = 0;

    if (is_queued(verdict)) {
        dedupe = hash_of(loader, verdict);
        known = sl_messages_has(loader->service->db, loader->batch->id, dedupe, err);
    }
    if (known < 0)
        return -1;
    if (known > 0) {
        skip_repeat(verdict);
        dedupe = 0;
    }
    if (is_queued(verdict) && find_row(loader, line, verdict, &row, err) < 0)
        return -1;
    if (insert(loader, line, verdict, row, dedupe, err) < 0)
        return -1;
    if (row)
        row->n++;
    return 0;
}

int bulk_same(struct loader *loader, const struct verdict *verdict, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_db *db = loader->service->db;
    struct sl_message message;
    int same;

    if (sl_messages_list(&rows, db, loader->batch->id, (int64_t)verdict->line, err) < 0)
        return -1;
    same = sl_messages_next(&rows, &message, err);
    if (same > 0 && strcmp(message.address_given, verdict->given) != 0)
        same = 0;
    if (same > 0 && verdict->draft.address && strcmp(message.status, "queued") == 0)
        same = sl_messages_has(db, loader->batch->id, hash_of(loader, verdict), err);
    return same;
}

/* ---- A dry run --------------------------------------------------------------------------- */

static void grow_seen(struct loader *loader)
{
    size_t size = loader->seen_size ? loader->seen_size * 2 : 4096;
    int64_t *seen = SL_NEW(loader->arena, int64_t, size);

    for (size_t i = 0; i < loader->seen_size; i++) {
        size_t at = (size_t)loader->seen[i] % size;

        if (!loader->seen[i])
            continue;
        while (seen[at])
            at = (at + 1) % size;
        seen[at] = loader->seen[i];
    }
    loader->seen = seen;
    loader->seen_size = size;
}

/* Whether it was there already. */
static bool see(struct loader *loader, int64_t hash)
{
    size_t at;

    if (loader->n_seen * 2 >= loader->seen_size)
        grow_seen(loader);
    at = (size_t)hash % loader->seen_size;
    while (loader->seen[at] && loader->seen[at] != hash)
        at = (at + 1) % loader->seen_size;
    if (loader->seen[at] == hash)
        return true;
    loader->seen[at] = hash;
    loader->n_seen++;
    return false;
}

static int report(struct loader *loader, size_t line, struct verdict *verdict, struct sl_err *err)
{
    const struct sl_draft *draft = &verdict->draft;
    const char *fields[SL_REPORT_COLUMNS] = { NULL };

    if (is_queued(verdict) && see(loader, hash_of(loader, verdict)))
        skip_repeat(verdict);
    if (!loader->options->dry_report)
        return 0;
    fields[0] = sl_arena_printf(loader->page, "%zu", line);
    fields[1] = verdict->given;
    fields[2] = draft->address;
    fields[3] = is_queued(verdict) ? "ready" : verdict->status;
    if (draft->segments)
        fields[6] = sl_arena_printf(loader->page, "%lld", (long long)draft->segments);
    fields[9] = verdict->error;
    if (sl_csv_write(loader->options->dry_report, fields, SL_REPORT_COLUMNS) < 0)
        return sl_err_set(err, SL_ERR_IO, "the report: %m");
    return 0;
}

/* ---- One row ----------------------------------------------------------------------------- */

int bulk_take(struct loader *loader, struct verdict *verdict, struct sl_err *err)
{
    int status;

    if (loader->options->strict && strcmp(verdict->status, "failed") == 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "line %zu: %s", verdict->line, verdict->error);
        return sl_err_hint(err, "nothing was sent; without --strict such rows are left out");
    }
    if (judge_optout(loader, verdict, err) < 0)
        return -1;
    status = bulk_records(loader) ? record(loader, verdict->line, verdict, err)
                                  : report(loader, verdict->line, verdict, err);
    if (status == 0)
        count(loader, verdict->line, verdict);
    return status;
}
