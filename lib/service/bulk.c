/* Lists: a CSV and a template become messages and queue rows, a page at a time. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/ids.h"
#include "lib/service/sms_private.h"
#include "lib/store/optouts.h"
#include "lib/text/phone.h"
#include "lib/text/template.h"

enum {
    PAGE_ROWS = 2000, /* rows in one commit */
    OPEN_TEXTS = 64,  /* texts that wait for more recipients of the same */
    MOST_GIVEN = 200, /* bytes kept of what stood in the phone column */
};

/* A queue row that has room for more recipients of the same text. */
struct open_text {
    int64_t text_hash, row_id, n;
};

struct loader {
    struct sl_service *service;
    struct sl_arena *arena; /* of the whole run */
    struct sl_arena *page;  /* of the rows of one commit */
    const struct sl_bulk_options *options;
    const struct sl_school *school;
    struct sms_sender sender;
    struct sl_csv *csv;
    struct sl_template *template;
    size_t phone_column;
    struct sl_batch *batch;
    struct sl_bulk_totals *totals;
    struct sl_hash list_hash, text_hash;
    struct open_text open[OPEN_TEXTS];
    size_t oldest;
    bool any_optouts;
    int64_t loaded_line; /* a list that is read on: up to here it is recorded */
    int64_t *seen;       /* dry run: hashes of (address, text), open addressing */
    size_t n_seen, seen_size;
};

/* A row of the list, judged. */
struct verdict {
    const char *status; /* "queued", "failed", "skipped" */
    const char *given, *address, *text, *error;
    int64_t segments;
};

static bool recording(const struct loader *loader)
{
    return loader->options->mode == SL_BULK_RECORD;
}

static void on_bytes(void *opaque, const char *bytes, size_t n)
{
    struct loader *loader = opaque;

    sl_hash_add(&loader->list_hash, bytes, n);
}

/* ---- Judging a row ---------------------------------------------------------------------- */

static struct verdict failed(const char *given, const char *error)
{
    return (struct verdict){ .status = "failed", .given = given, .error = error };
}

static const char *phone_problem(const struct sl_phone *phone)
{
    switch (phone->kind) {
    case SL_PHONE_FIXED: return "a landline cannot be texted";
    case SL_PHONE_OTHER: return "not a mobile number";
    case SL_PHONE_INVALID: return phone->reason;
    case SL_PHONE_MOBILE: break;
    }
    return NULL;
}

/* What stands in the phone column, for the report: of a bad row too, if it got so far. */
static const char *phone_given(struct loader *loader, const struct sl_csv_row *row)
{
    const char *field = row->fields[loader->phone_column];

    field = sl_utf8_repair(loader->page, field ? field : "", field ? strlen(field) : 0);
    return sl_printable(loader->page, field, strlen(field), MOST_GIVEN);
}

static struct verdict judge(struct loader *loader, const struct sl_csv_row *row)
{
    struct sl_buf text = sl_buf_new(loader->page);
    struct verdict verdict = { .status = "queued", .given = phone_given(loader, row) };
    struct sl_sms_text look;
    struct sl_phone phone;

    if (row->bad)
        return failed(verdict.given, sl_arena_strdup(loader->page, row->bad));
    phone = sl_phone_read(loader->page, row->fields[loader->phone_column], loader->school->country);
    if (phone_problem(&phone))
        return failed(verdict.given, phone_problem(&phone));
    sl_template_render(loader->template, row->fields, &text);
    look = sl_sms_look(loader->page, text.data, &loader->options->sms);
    if (look.refused)
        return failed(verdict.given, look.refused);
    verdict.address = phone.e164;
    verdict.text = look.text;
    verdict.segments = look.segments;
    return verdict;
}

static int judge_optout(struct loader *loader, struct verdict *verdict, struct sl_err *err)
{
    int out;

    if (!verdict->address || !loader->any_optouts)
        return 0;
    out = sl_optouts_has(loader->service->db, loader->school->id, "sms", verdict->address, err);
    if (out > 0) {
        verdict->status = "skipped";
        verdict->error = "opted out";
    }
    return out < 0 ? -1 : 0;
}

/* ---- Recording a row --------------------------------------------------------------------- */

/* Rows with the same final text share a request, up to the provider's limit. */
static int find_row(struct loader *loader, int64_t line, const struct verdict *verdict,
                    int64_t text_hash, struct open_text **found, struct sl_err *err)
{
    struct open_text *open = loader->open;

    for (size_t i = 0; i < OPEN_TEXTS && loader->sender.batch_size > 1; i++)
        if (open[i].row_id && open[i].text_hash == text_hash &&
            open[i].n < loader->sender.batch_size) {
            *found = &open[i];
            return 0;
        }
    open = &loader->open[loader->oldest];
    loader->oldest = (loader->oldest + 1) % OPEN_TEXTS;
    *open = (struct open_text){ .text_hash = text_hash };
    *found = open;
    return sms_add_row(loader->service, loader->page, &loader->sender, loader->batch, line,
                       &loader->options->sms, verdict->text, &open->row_id, err);
}

static int insert(struct loader *loader, int64_t line, const struct verdict *verdict,
                  struct open_text *row, int64_t dedupe, bool *duplicate, struct sl_err *err)
{
    const struct sl_message message = {
        .batch_id = loader->batch->id,
        .line = line,
        .address_given = verdict->given,
        .address = verdict->address,
        .queue_id = row ? row->row_id : 0,
        .place = row ? row->n : 0,
        .dedupe = dedupe,
        .status = verdict->status,
        .segments = verdict->segments,
        .error = verdict->error,
    };

    return sl_messages_add(loader->service->db, &message, sl_now_ms(), duplicate, err);
}

static void count(struct loader *loader, const struct verdict *verdict)
{
    if (strcmp(verdict->status, "queued") == 0) {
        loader->totals->good++;
        loader->totals->segments += verdict->segments;
    } else if (strcmp(verdict->status, "failed") == 0) {
        loader->totals->failed++;
    } else {
        loader->totals->skipped++;
    }
}

static const char once_more[] = "the same number and text once more";

/* A message before its queue row would be one that nobody sends; so a repeated number is looked
 * for first, by writing the message, and the row is made for those that are new. */
static int record(struct loader *loader, int64_t line, struct verdict *verdict, struct sl_err *err)
{
    struct open_text *row = NULL;
    bool duplicate = false;
    int64_t dedupe = 0;
    int added;

    if (strcmp(verdict->status, "queued") == 0) {
        dedupe = sms_hash(&loader->text_hash, verdict->address, verdict->text);
        added = sl_messages_has(loader->service->db, loader->batch->id, dedupe, err);
        if (added < 0)
            return -1;
        if (added > 0) {
            verdict->status = "skipped";
            verdict->error = once_more;
            dedupe = 0;
        } else if (find_row(loader, line, verdict, sms_hash(&loader->text_hash, "", verdict->text),
                            &row, err) < 0) {
            return -1;
        }
    }
    added = insert(loader, line, verdict, row, dedupe, &duplicate, err);
    if (added < 0)
        return -1;
    if (row)
        row->n++;
    count(loader, verdict);
    return 0;
}

/* ---- A dry run ---------------------------------------------------------------------------- */

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

const char *const sl_bulk_report_columns[10] = {
    "line",     "phone", "to",       "status", "id", "external_reference",
    "segments", "cost",  "currency", "error",
};

static int report_dry(struct loader *loader, int64_t line, struct verdict *verdict,
                      struct sl_err *err)
{
    bool ready = strcmp(verdict->status, "queued") == 0;
    const char *fields[10] = { NULL };

    if (ready && see(loader, sms_hash(&loader->text_hash, verdict->address, verdict->text))) {
        verdict->status = "skipped";
        verdict->error = once_more;
        ready = false;
    }
    count(loader, verdict);
    if (!loader->options->dry_report)
        return 0;
    fields[0] = sl_arena_printf(loader->page, "%lld", (long long)line);
    fields[1] = verdict->given;
    fields[2] = verdict->address;
    fields[3] = ready ? "ready" : verdict->status;
    fields[6] = verdict->segments
                    ? sl_arena_printf(loader->page, "%lld", (long long)verdict->segments)
                    : NULL;
    fields[9] = verdict->error;
    for (size_t i = 0; i < SL_COUNT(fields); i++)
        fields[i] = fields[i] ? fields[i] : "";
    if (sl_csv_write(loader->options->dry_report, fields, SL_COUNT(fields)) < 0)
        return sl_err_set(err, SL_ERR_IO, "the report: %m");
    return 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* The first few are told at once, if all are bad. */
static void keep_reason(struct loader *loader, size_t line, const struct verdict *verdict)
{
    struct sl_bulk_totals *totals = loader->totals;

    if (strcmp(verdict->status, "failed") != 0 || totals->failed >= SL_BULK_REASONS)
        return;
    totals->bad[totals->failed].line = (int64_t)line;
    totals->bad[totals->failed].error = sl_arena_strdup(loader->arena, verdict->error);
}

int sl_bulk_refuse(const struct sl_bulk_totals *totals, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf why = sl_buf_new(arena);

    for (size_t i = 0; i < SL_BULK_REASONS && totals->bad[i].line; i++)
        sl_buf_text(&why, sl_arena_printf(arena, "%s line %lld: %s", i > 0 ? ";" : ":",
                                          (long long)totals->bad[i].line, totals->bad[i].error));
    return sl_err_set(err, SL_ERR_DATA, "no row of the list can be sent (%lld looked at)%s%s",
                      (long long)totals->total, why.data,
                      totals->total > SL_BULK_REASONS ? "; and so on" : "");
}

static int take(struct loader *loader, const struct sl_csv_row *row, struct sl_err *err)
{
    struct verdict verdict = judge(loader, row);

    if (loader->options->strict && strcmp(verdict.status, "failed") == 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "line %zu: %s", row->line, verdict.error);
        return sl_err_hint(err, "nothing was sent; without --strict such rows are left out");
    }
    if (judge_optout(loader, &verdict, err) < 0)
        return -1;
    keep_reason(loader, row->line, &verdict);
    loader->totals->total++;
    if (!recording(loader))
        return report_dry(loader, (int64_t)row->line, &verdict, err);
    return record(loader, (int64_t)row->line, &verdict, err);
}

static int refuse_key(const struct loader *loader, const char *what, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_DATA, "the key '%s' was used for another %s",
                     loader->options->sms.key, what);
    return sl_err_hint(err, "see `sl-sms status %s`; choose another key", loader->batch->public_id);
}

/* A list that is read on is the one that was begun, as far as it is recorded. */
static int compare_row(struct loader *loader, const struct sl_csv_row *row, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_db *db = loader->service->db;
    struct verdict verdict = judge(loader, row);
    struct sl_message message;
    int same;

    if (sl_messages_list(&rows, db, loader->batch->id, (int64_t)row->line, err) < 0)
        return -1;
    same = sl_messages_next(&rows, &message, err);
    if (same > 0 && strcmp(message.address_given, verdict.given) != 0)
        same = 0;
    if (same > 0 && verdict.address && strcmp(message.status, "queued") == 0)
        same = sl_messages_has(db, loader->batch->id,
                               sms_hash(&loader->text_hash, verdict.address, verdict.text), err);
    if (same == 0)
        return refuse_key(loader, "list", err);
    return same < 0 ? -1 : 0;
}

/* Up to a page of rows, in one commit. Returns 1, 0 at the end of the list, or -1. */
static int load_page(struct loader *loader, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_csv_row row;
    int more = 1;

    sl_arena_reset(loader->page);
    if (recording(loader) && sl_tx_begin(&tx, loader->service->db, err) < 0)
        return -1;
    for (int n = 0; n < PAGE_ROWS && more > 0; n++) {
        more = sl_csv_next(loader->csv, &row, err);
        if (more < 0)
            return -1;
        if (more > 0 &&
            ((int64_t)row.line > loader->loaded_line ? take(loader, &row, err)
                                                     : compare_row(loader, &row, err)) < 0)
            return -1;
    }
    if (recording(loader) && sl_tx_commit(&tx, err) < 0)
        return -1;
    if (loader->options->progress)
        loader->options->progress(loader->options->opaque, loader->totals->total);
    return more;
}

static int open_list(struct loader *loader, struct sl_err *err)
{
    const struct sl_bulk_options *options = loader->options;
    int any = 0;

    if (loader->school->id)
        any = sl_optouts_any(loader->service->db, loader->school->id, "sms", err);
    if (any < 0)
        return -1;
    loader->any_optouts = any > 0;
    if (sl_csv_open(&loader->csv, options->in, on_bytes, loader, err) < 0)
        return -1;
    if (sl_columns_find(sl_csv_columns(loader->csv), options->phone_column, &loader->phone_column,
                        err) < 0) {
        (void)sl_err_context(err, "the column of phone numbers");
        return -1;
    }
    return sl_template_compile(&loader->template, loader->arena, options->sms.text,
                               sl_csv_columns(loader->csv), err);
}

/* A template without columns says the same to all: what is wrong with it is wrong with all. */
static int look_once(struct loader *loader, struct sl_err *err)
{
    struct sl_buf text = sl_buf_new(loader->arena);
    struct sl_sms_text look;

    if (sl_template_uses_columns(loader->template))
        return 0;
    sl_template_render(loader->template, NULL, &text);
    look = sl_sms_look(loader->arena, text.data, &loader->options->sms);
    return look.refused ? sl_err_set(err, SL_ERR_DATA, "%s", look.refused) : 0;
}

/* ---- The batch -------------------------------------------------------------------------------- */

/* Finds the key's earlier batch, or makes a new one. */
static int begin_batch(struct loader *loader, struct sl_err *err)
{
    char text_hash[65], id[SL_ULID_SIZE];
    int64_t n;
    int found = 0;

    sms_text_hash(&loader->options->sms, text_hash);
    if (loader->options->sms.key)
        found = sl_batches_by_key(loader->service->db, loader->arena, loader->school->id,
                                  "sms.bulk", loader->options->sms.key, loader->batch, err);
    if (found < 0)
        return -1;
    if (found > 0) {
        if (strcmp(loader->batch->text_hash, text_hash) != 0)
            return refuse_key(loader, "text", err);
        loader->totals->known = strcmp(loader->batch->state, "loading") != 0;
        if (loader->totals->known)
            return 0;
        return sl_messages_loaded(loader->service->db, loader->batch->id, &loader->loaded_line, &n,
                                  err);
    }
    sl_ulid(sl_now_ms(), id);
    *loader->batch = (struct sl_batch){
        .public_id = sl_arena_strdup(loader->arena, id),
        .school_id = loader->school->id,
        .provider_id = loader->sender.provider_id,
        .kind = "sms.bulk",
        .key = loader->options->sms.key,
        .text_hash = sl_arena_strdup(loader->arena, text_hash),
    };
    return sl_batches_add(loader->service->db, loader->batch, sl_now_ms(), err);
}

/* The list of a key that was read whole: only its bytes are compared. */
static int compare_list(struct loader *loader, struct sl_err *err)
{
    struct sl_csv_row row;
    int more;

    while ((more = sl_csv_next(loader->csv, &row, err)) > 0)
        ;
    return more;
}

static int read_list(struct loader *loader, struct sl_err *err)
{
    int more;

    while ((more = load_page(loader, err)) > 0)
        ;
    if (more < 0)
        return -1;
    if (loader->loaded_line > 0) { /* read on: what was read before counts too */
        struct sl_batch_counts counts;

        if (sl_batches_count(loader->service->db, loader->arena, loader->batch->id, &counts, err) <
            0)
            return -1;
        loader->totals->total = counts.total;
        loader->totals->good = counts.queued;
        loader->totals->failed = counts.failed;
        loader->totals->skipped = counts.skipped;
        loader->totals->segments = counts.segments;
    }
    if (loader->totals->total == 0)
        return sl_err_set(err, SL_ERR_DATA, "the list has a header and no rows");
    return 0;
}

static void end_hash(struct loader *loader, char content_hash[65])
{
    unsigned char digest[SL_SHA256_SIZE];

    sl_hash_result(&loader->list_hash, digest);
    sl_hex(digest, sizeof digest, content_hash);
}

static int load(struct loader *loader, char content_hash[65], struct sl_err *err)
{
    struct sl_err ignored;

    if (loader->options->mode != SL_BULK_ESTIMATE &&
        sms_sender(loader->service, loader->arena, loader->school, &loader->options->sms,
                   &loader->sender, err) < 0)
        return -1;
    if (open_list(loader, err) < 0 || look_once(loader, err) < 0)
        return -1;
    if (recording(loader) && begin_batch(loader, err) < 0)
        return -1;
    if (loader->totals->known) {
        if (compare_list(loader, err) < 0)
            return -1;
        end_hash(loader, content_hash);
        if (!loader->batch->content_hash || strcmp(loader->batch->content_hash, content_hash) != 0)
            return refuse_key(loader, "list", err);
        return 0;
    }
    if (read_list(loader, err) < 0) {
        if (recording(loader) && loader->loaded_line == 0 && err->code == SL_ERR_DATA)
            (void)sl_batches_discard(loader->service->db, loader->batch->id, &ignored);
        return -1;
    }
    end_hash(loader, content_hash);
    return 0;
}

int sl_bulk_load(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                 const struct sl_bulk_options *options, struct sl_batch *batch,
                 struct sl_bulk_totals *totals, char content_hash[65], struct sl_err *err)
{
    struct loader loader = { .service = service,
                             .arena = arena,
                             .page = sl_arena_new(),
                             .options = options,
                             .school = school,
                             .batch = batch,
                             .totals = totals };
    int status;

    *totals = (struct sl_bulk_totals){ 0 };
    sl_hash_begin(&loader.list_hash);
    sl_hash_begin(&loader.text_hash);
    status = load(&loader, content_hash, err);
    sl_hash_end(&loader.list_hash);
    sl_hash_end(&loader.text_hash);
    sl_csv_close(&loader.csv);
    sl_arena_free(&loader.page);
    return status;
}

/* ---- The report -------------------------------------------------------------------------------- */

static int write_message(FILE *out, const struct sl_message *message, enum sl_bulk_ids ids,
                         struct sl_arena *arena)
{
    const char *fields[] = {
        sl_arena_printf(arena, "%lld", (long long)message->line),
        message->address_given,
        message->address,
        message->status,
        ids == SL_WITH_IDS
            ? sl_arena_printf(arena, "%s-%lld", message->batch, (long long)message->line)
            : NULL,
        message->external_reference,
        message->segments ? sl_arena_printf(arena, "%lld", (long long)message->segments) : NULL,
        message->cost_text,
        message->currency,
        message->error,
    };

    for (size_t i = 0; i < SL_COUNT(fields); i++)
        fields[i] = fields[i] ? fields[i] : "";
    return sl_csv_write(out, fields, SL_COUNT(fields));
}

int sl_bulk_report(struct sl_service *service, int64_t batch_id, enum sl_bulk_ids ids, FILE *out,
                   const char *name, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_message message;
    int more;

    if (sl_csv_write(out, sl_bulk_report_columns, SL_COUNT(sl_bulk_report_columns)) < 0)
        return sl_err_set(err, SL_ERR_IO, "%s: %m", name);
    if (sl_messages_list(&rows, service->db, batch_id, 0, err) < 0)
        return -1;
    while ((more = sl_messages_next(&rows, &message, err)) > 0) {
        if (write_message(out, &message, ids, arena) < 0)
            return sl_err_set(err, SL_ERR_IO, "%s: %m", name);
        sl_arena_reset(arena);
    }
    return more;
}
