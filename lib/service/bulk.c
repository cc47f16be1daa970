/* Lists: what a channel makes of a CSV becomes messages and queue rows, a page at a time. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/bulk_private.h"
#include "lib/service/ids.h"
#include "lib/store/configs.h"
#include "lib/store/optouts.h"

enum { PAGE_ROWS = 2000, PAGE_BYTES = 8 << 20 }; /* in one commit: rows, and what they say */

static void on_bytes(void *opaque, const char *bytes, size_t n)
{
    struct loader *loader = opaque;

    sl_hash_add(&loader->list_hash, bytes, n);
}

/* ---- Reading ----------------------------------------------------------------------------- */

static int refuse_key(const struct loader *loader, const char *what, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_DATA, "the key '%s' was used for another %s", loader->options->key,
                     what);
    return sl_err_hint(err, "see `sl-%s status %s`; choose another key",
                       loader->options->maker.channel->name, loader->batch->public_id);
}

/* A list that is read on is the one that was begun, as far as it is recorded. */
static int compare_row(struct loader *loader, const struct verdict *verdict, struct sl_err *err)
{
    int same = bulk_same(loader, verdict, err);

    if (same == 0)
        return refuse_key(loader, "list", err);
    return same < 0 ? -1 : 0;
}

/* Up to a page of rows, judged. Returns 1, 0 at the end of the list, or -1. */
static int read_page(struct loader *loader, struct verdict *verdicts, size_t *n, struct sl_err *err)
{
    struct sl_csv_row row;
    size_t bytes = 0;
    int more = 1;

    for (*n = 0; *n < PAGE_ROWS && bytes < PAGE_BYTES && more > 0;) {
        more = sl_csv_next(loader->csv, &row, err);
        if (more <= 0)
            break;
        verdicts[*n] = bulk_judge(loader, &row);
        if (verdicts[*n].draft.payload)
            bytes += strlen(verdicts[*n].draft.payload);
        ++*n;
    }
    return more;
}

/* In one commit. */
static int record_page(struct loader *loader, struct verdict *verdicts, size_t n,
                       struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (bulk_records(loader) && sl_tx_begin(&tx, loader->service->db, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (((int64_t)verdicts[i].line > loader->loaded_line
                 ? bulk_take(loader, &verdicts[i], err)
                 : compare_row(loader, &verdicts[i], err)) < 0)
            return -1;
    return bulk_records(loader) ? sl_tx_commit(&tx, err) : 0;
}

/* Returns 1, 0 at the end of the list, or -1. */
static int load_page(struct loader *loader, struct sl_err *err)
{
    struct verdict *verdicts;
    size_t n;
    int more;

    sl_arena_reset(loader->page);
    verdicts = SL_NEW(loader->page, struct verdict, PAGE_ROWS);
    more = read_page(loader, verdicts, &n, err);
    if (more < 0 || record_page(loader, verdicts, n, err) < 0)
        return -1;
    return more;
}

static int look_for_optouts(struct loader *loader, struct sl_err *err)
{
    int any;

    if (!loader->school->id)
        return 0;
    any = sl_optouts_any(loader->service->db, loader->school->id,
                         loader->options->maker.channel->name, err);
    loader->any_optouts = any > 0;
    return any < 0 ? -1 : 0;
}

static int open_list(struct loader *loader, struct sl_err *err)
{
    const struct sl_bulk_options *options = loader->options;
    const struct sl_bulk_maker *maker = &options->maker;
    const struct sl_columns *columns;

    if (look_for_optouts(loader, err) < 0 ||
        sl_csv_open(&loader->csv, options->in, on_bytes, loader, err) < 0)
        return -1;
    columns = sl_csv_columns(loader->csv);
    if (sl_columns_find(columns, maker->address_column, &loader->address_column, err) < 0)
        return sl_err_context(err, "the column of %s", maker->address_noun);
    return maker->begin(maker->self, loader->service, loader->arena, loader->school,
                        options->mode == SL_BULK_ESTIMATE ? NULL : &loader->sender, columns, err);
}

/* ---- The batch -------------------------------------------------------------------------------- */

/* Finds the key's earlier batch, or makes a new one. */
static int begin_batch(struct loader *loader, struct sl_err *err)
{
    const struct sl_bulk_maker *maker = &loader->options->maker;
    const char *kind = sl_arena_printf(loader->arena, "%s.bulk", maker->channel->name);
    const char *key = loader->options->key;
    char text_hash[65], id[SL_ULID_SIZE];
    int64_t n;
    int found = 0;

    maker->text_hash(maker->self, text_hash);
    if (key)
        found = sl_batches_by_key(loader->service->db, loader->arena, loader->school->id, kind, key,
                                  loader->batch, err);
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
        .kind = kind,
        .key = key,
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

/* Nothing remains of a list that cannot be read, or that the disk has no room for. */
static int give_up(struct loader *loader, struct sl_err *err)
{
    bool over = err->code == SL_ERR_DATA || err->code == SL_ERR_IO;
    struct sl_err ignored;

    if (over && bulk_records(loader) && loader->loaded_line == 0 &&
        sl_batches_discard(loader->service->db, loader->batch->id, &ignored) < 0)
        return sl_err_hint(err,
                           "make room; nothing is sent of batch %s, which remains:"
                           " `sl-%s cancel %s` ends it",
                           loader->batch->public_id, loader->options->maker.channel->name,
                           loader->batch->public_id);
    return -1;
}

static int load(struct loader *loader, char content_hash[65], struct sl_err *err)
{
    if (sl_refuse_empty("key", loader->options->key, err) < 0)
        return -1;
    if (loader->options->mode != SL_BULK_ESTIMATE &&
        sl_sender_choose(loader->service, loader->arena, loader->school,
                         loader->options->maker.channel, loader->options->provider, &loader->sender,
                         err) < 0)
        return -1;
    if (open_list(loader, err) < 0)
        return -1;
    if (bulk_records(loader) && begin_batch(loader, err) < 0)
        return -1;
    if (loader->totals->known) {
        if (compare_list(loader, err) < 0)
            return -1;
        end_hash(loader, content_hash);
        if (!loader->batch->content_hash || strcmp(loader->batch->content_hash, content_hash) != 0)
            return refuse_key(loader, "list", err);
        return 0;
    }
    if (read_list(loader, err) < 0)
        return give_up(loader, err);
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
    sl_hash_begin(&loader.message_hash);
    status = load(&loader, content_hash, err);
    sl_hash_end(&loader.list_hash);
    sl_hash_end(&loader.message_hash);
    sl_csv_close(&loader.csv);
    sl_arena_free(&loader.page);
    return status;
}

/* ---- What callers ask beside ------------------------------------------------------------- */

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

int sl_bulk_price(struct sl_service *service, struct sl_arena *arena,
                  const struct sl_school *school, enum sl_category category,
                  int64_t *micro_per_segment, const char **currency, struct sl_err *err)
{
    struct sl_config_row row;
    int found =
        sl_configs_primary(service->db, arena, school->id, sl_category_names[category], &row, err);

    if (found <= 0)
        return found;
    return sl_batches_price(service->db, arena, school->id, row.provider_id, micro_per_segment,
                            currency, err);
}
