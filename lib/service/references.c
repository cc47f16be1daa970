#include "lib/service/references.h"

#include <string.h>

#include "lib/service/act.h"
#include "lib/store/payments.h"
#include "lib/text/csv.h"

enum { PAGE = 500 }; /* rows a transaction: nothing is read while one is open */

struct page {
    struct sl_arena *arena;
    const char *references[PAGE];
    size_t n;
};

static int record(struct sl_service *service, const struct sl_school *school, const char *operation,
                  int64_t n, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf changes = sl_buf_new(arena);
    struct sl_act act = {
        .operation = operation, .school_id = school->id, .kind = "school", .id = school->code
    };

    sl_act_change(&changes, "references", NULL, sl_arena_printf(arena, "%lld", (long long)n));
    act.changes = sl_act_changes(&changes);
    return sl_act_record(service, &act, err);
}

static int store(struct sl_service *service, const struct sl_school *school, struct page *page,
                 struct sl_references_import *import, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t n_added = 0;

    if (page->n == 0)
        return 0;
    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    for (size_t i = 0; i < page->n; i++) {
        int added = sl_references_add(service->db, school->id, page->references[i], err);

        if (added < 0)
            return -1;
        n_added += added;
    }
    if ((n_added > 0 && record(service, school, "c2b.accounts.import", n_added, err) < 0) ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    import->added += n_added;
    import->known += (int64_t)page->n - n_added;
    page->n = 0;
    sl_arena_reset(page->arena);
    return 0;
}

static void take(struct page *page, const struct sl_csv_row *row, size_t column,
                 struct sl_references_import *import)
{
    const char *bad = row->bad, *reference;

    import->total++;
    if (!bad) {
        reference = sl_reference_normal(page->arena, row->fields[column]);
        if (*reference) {
            page->references[page->n++] = reference;
            return;
        }
        bad = "the reference is empty";
    }
    import->failed++;
    import->bad(import->opaque, row->line, bad);
}

int sl_references_read(struct sl_service *service, const struct sl_school *school, FILE *in,
                       struct sl_references_import *import, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    struct page page = { .arena = arena };
    struct sl_csv_row row;
    size_t column;
    int more;

    if (sl_csv_open(&csv, in, NULL, NULL, err) < 0 ||
        sl_columns_find(sl_csv_columns(csv), "reference", &column, err) < 0)
        return -1;
    while ((more = sl_csv_next(csv, &row, err)) > 0) {
        take(&page, &row, column, import);
        if (page.n == PAGE && store(service, school, &page, import, err) < 0)
            return -1;
    }
    if (more < 0 || store(service, school, &page, import, err) < 0)
        return -1;
    if (import->added + import->known == 0)
        return sl_err_set(err, SL_ERR_DATA, "the list has no reference that can be used");
    return 0;
}

int sl_references_forget(struct sl_service *service, const struct sl_school *school,
                         struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int n;

    if (sl_tx_begin(&tx, service->db, err) < 0)
        return -1;
    n = sl_references_clear(service->db, school->id, err);
    if (n < 0 || (n > 0 && record(service, school, "c2b.accounts.clear", n, err) < 0) ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    return n;
}
