#include "lib/service/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/json.h"
#include "lib/service/erased.h"

enum { FAR_MOVED = 3 };

const char *sl_break_name(enum sl_break_kind kind)
{
    static const char *const names[] = {
        [SL_BREAK_EDITED] = "edited",     [SL_BREAK_MOVED] = "moved",
        [SL_BREAK_INSERTED] = "inserted", [SL_BREAK_REMOVED] = "removed",
        [SL_BREAK_CUT] = "cut",           [SL_BREAK_ERASED] = "erased",
        [SL_BREAK_ANCHOR] = "anchor",
    };

    return names[kind];
}

struct walk {
    struct sl_service *service;
    const struct sl_expected *expected;
    struct sl_verified *verified;
    struct sl_buf scratch, phones;
    struct sl_log_link last;         /* the row before: its id, and the hash that it has */
    char computed[SL_LOG_HASH_SIZE]; /* … and the hash that it should have */
    int64_t shift; /* what ids are above those that the rows were written under, since a row was
                    * inserted, or below, since one was taken out and the gap closed … */
    int64_t next_shift;   /* … and by the row before, if it was moved */
    struct sl_buf erased; /* int64_t: rows without bodies that no row accounts for yet */
};

__attribute__((format(printf, 5, 6))) static void tell(struct walk *walk, enum sl_break_kind kind,
                                                       int64_t id, int64_t last_id,
                                                       const char *format, ...)
{
    struct sl_verified *verified = walk->verified;
    char line[200]; /* numbers and our own words */
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (verified->n_breaks < SL_MOST_BREAKS)
        verified->breaks[verified->n_breaks] =
            (struct sl_break){ kind, id, last_id, sl_arena_strdup(walk->service->arena, line) };
    verified->n_breaks++;
}

static void tell_rows(struct walk *walk, enum sl_break_kind kind, int64_t id, int64_t last_id,
                      const char *what)
{
    if (id == last_id)
        tell(walk, kind, id, id, "row %" PRId64 " was %s", id, what);
    else
        tell(walk, kind, id, last_id, "rows %" PRId64 " to %" PRId64 " were %s", id, last_id, what);
}

static bool same_hash(const struct sl_log_cell *cell, const char *hash)
{
    return cell->n == SL_LOG_HASH_SIZE - 1 && memcmp(cell->text, hash, cell->n) == 0;
}

/* ---- One row ----------------------------------------------------------------------------- */

/* Whether the row has the hash that it says, if it was written under that id: the hash that it
 * should have is in walk->computed. */
static bool is_whole(struct walk *walk, const struct sl_log_row *row, int64_t written_id)
{
    struct sl_log_row copy = *row;

    copy.cells[SL_LOG_ID].number = written_id;
    sl_chain_hash(&walk->scratch, &copy, walk->computed);
    return same_hash(&row->cells[SL_LOG_HASH], walk->computed);
}

/* Under which id near the one that was to come the row is whole; 0: under none. */
static int64_t written_as(struct walk *walk, const struct sl_log_row *row)
{
    int64_t id = row->cells[SL_LOG_ID].number - walk->shift;

    for (int64_t near = 1; near <= FAR_MOVED; near++) {
        if (id > near && is_whole(walk, row, id - near))
            return id - near;
        if (is_whole(walk, row, id + near))
            return id + near;
    }
    return 0;
}

/* Two rows in a row that are moved alike have one place at which that began: what follows is read as
 * it was written. Two that changed places are moved each their way. */
static void tell_moved(struct walk *walk, int64_t id, int64_t other)
{
    int64_t shift = id - other, before = walk->shift;

    if (walk->next_shift == before && shift > before && other <= walk->last.id) {
        tell_rows(walk, SL_BREAK_INSERTED, id - (shift - before), id - 1,
                  "inserted: what follows was moved");
        walk->shift = walk->next_shift = shift;
    } else if (walk->next_shift == shift) {
        tell_rows(walk, SL_BREAK_REMOVED, id - 1 - before, id - 2 - shift,
                  "removed: what follows was moved");
        walk->shift = shift;
    } else {
        tell(walk, SL_BREAK_MOVED, id, id, "row %" PRId64 " was written as row %" PRId64, id,
             other);
        walk->next_shift = shift;
    }
}

/* Whether its hash is the one that its columns have. */
static bool check_hash(struct walk *walk, const struct sl_log_row *row)
{
    int64_t id = row->cells[SL_LOG_ID].number, other;

    if (is_whole(walk, row, id - walk->shift)) {
        walk->next_shift = walk->shift;
        return true;
    }
    other = written_as(walk, row);
    if (other > 0) {
        tell_moved(walk, id, other);
    } else {
        (void)is_whole(walk, row, id - walk->shift); /* what the next row may follow */
        tell(walk, SL_BREAK_EDITED, id, id, "row %" PRId64 " was edited", id);
        walk->next_shift = walk->shift;
    }
    return false;
}

/* A row that is whole names a predecessor that is not there. */
static int tell_torn(struct walk *walk, const struct sl_log_row *row, struct sl_err *err)
{
    int64_t id = row->cells[SL_LOG_ID].number, before = walk->last.id, other;
    int found =
        sl_logs_by_hash(walk->service->db, row->cells[SL_LOG_PREVIOUS_HASH].text, &other, err);

    if (found < 0)
        return -1;
    if (found > 0 && other < before)
        tell(walk, SL_BREAK_INSERTED, other + 1, before,
             "row %" PRId64 " follows row %" PRId64 ": what stands between was inserted", id,
             other);
    else if (before == 0)
        tell(walk, SL_BREAK_REMOVED, id, id,
             "row %" PRId64 " is not the first that was written: older ones were removed", id);
    else
        tell(walk, SL_BREAK_EDITED, before, before,
             "row %" PRId64 " was rewritten with its hash: row %" PRId64 " follows another", before,
             id);
    return 0;
}

/* Whether its id follows that of the row before. */
static bool check_id(struct walk *walk, int64_t id)
{
    int64_t next = walk->last.id + 1;

    if (id < next)
        tell(walk, SL_BREAK_INSERTED, id, id,
             "row %" PRId64 " stands before the end of what was pruned", id);
    else if (id > next)
        tell_rows(walk, SL_BREAK_REMOVED, next, id - 1, "removed");
    return id == next;
}

static bool has_no_bodies(const struct sl_log_row *row)
{
    return row->cells[SL_LOG_REQUEST_DATA].kind == SL_LOG_NULL &&
           row->cells[SL_LOG_RESPONSE_DATA].kind == SL_LOG_NULL;
}

/* A row of `sl-logs forget` or `prune` accounts for the rows whose bodies it erased. */
static void account(struct walk *walk, const struct sl_log_row *row)
{
    const struct sl_log_cell *told = &row->cells[SL_LOG_RESPONSE_DATA];
    SL_AUTO(sl_json_free)
    struct json_object *doc = told->text ? sl_json_parse(told->text, told->n) : NULL;
    struct json_object *ids = sl_json_at(doc, "erased");
    int64_t *erased = (int64_t *)(void *)walk->erased.data;
    size_t n_erased = walk->erased.len / sizeof *erased, n_kept = 0, at = 0;

    /* Both are in order. */
    for (size_t i = 0; i < n_erased; i++) {
        while (at < sl_json_length(ids) &&
               json_object_get_int64(json_object_array_get_idx(ids, at)) < erased[i])
            at++;
        if (at < sl_json_length(ids) &&
            json_object_get_int64(json_object_array_get_idx(ids, at)) == erased[i])
            walk->verified->erased++;
        else
            erased[n_kept++] = erased[i];
    }
    walk->erased.len = n_kept * sizeof *erased;
}

static int check_bodies(struct walk *walk, const struct sl_log_row *row, struct sl_err *err)
{
    const struct sl_log_cell *operation = &row->cells[SL_LOG_OPERATION];
    int64_t id = row->cells[SL_LOG_ID].number;
    char digest[SL_LOG_HASH_SIZE];
    int n_phones;

    walk->phones.len = 0;
    n_phones = sl_logs_phones(walk->service->db, id, &walk->phones, err);
    if (n_phones < 0)
        return -1;
    sl_chain_body_digest(&walk->scratch, row, (const unsigned char *)walk->phones.data,
                         (size_t)n_phones, digest);
    if (!same_hash(&row->cells[SL_LOG_BODY_DIGEST], digest)) {
        int64_t written_id = id - walk->shift;

        if (has_no_bodies(row))
            sl_buf_add(&walk->erased, (const char *)&written_id, sizeof written_id);
        else
            tell(walk, SL_BREAK_EDITED, id, id,
                 "row %" PRId64 " was edited: its request, answer or phones", id);
    } else if (sl_erased_tells(operation->text)) {
        account(walk, row);
    }
    return 0;
}

static void check_expected(struct walk *walk, const struct sl_log_row *row)
{
    int64_t id = row->cells[SL_LOG_ID].number;

    if (id == walk->expected->id && !same_hash(&row->cells[SL_LOG_HASH], walk->expected->hash))
        tell(walk, SL_BREAK_EDITED, id, id,
             "row %" PRId64 " has not the hash that was noted: the trail was written anew", id);
}

static int check_row(struct walk *walk, const struct sl_log_row *row, struct sl_err *err)
{
    const struct sl_log_cell *hash = &row->cells[SL_LOG_HASH];
    const struct sl_log_cell *previous = &row->cells[SL_LOG_PREVIOUS_HASH];
    bool next = check_id(walk, row->cells[SL_LOG_ID].number);
    bool follows = same_hash(previous, walk->last.hash) || same_hash(previous, walk->computed);
    bool whole = check_hash(walk, row);

    if (next && whole && !follows && tell_torn(walk, row, err) < 0)
        return -1;
    if (whole && check_bodies(walk, row, err) < 0)
        return -1;
    check_expected(walk, row);
    if (walk->verified->rows++ == 0)
        walk->verified->first_id = row->cells[SL_LOG_ID].number;
    walk->last = (struct sl_log_link){ .id = row->cells[SL_LOG_ID].number };
    memcpy(walk->last.hash, hash->text,
           hash->n < SL_LOG_HASH_SIZE ? hash->n : SL_LOG_HASH_SIZE - 1);
    return 0;
}

/* ---- Before the first and behind the last ------------------------------------------------ */

static void check_anchor(struct walk *walk, const struct sl_anchor *anchor)
{
    char signature[SL_LOG_HASH_SIZE];

    sl_chain_sign(walk->service->keyring, anchor, signature);
    if (strcmp(signature, anchor->signature) != 0)
        tell(walk, SL_BREAK_ANCHOR, anchor->last_id, anchor->last_id,
             "the anchor of row %" PRId64 " is not signed by this installation's key",
             anchor->last_id);
    else if (anchor->removed != anchor->last_id - walk->last.id)
        tell(walk, SL_BREAK_ANCHOR, anchor->last_id, anchor->last_id,
             "the anchor of row %" PRId64 " stands for %" PRId64 " rows, but %" PRId64
             " are missing",
             anchor->last_id, anchor->removed, anchor->last_id - walk->last.id);
    if (anchor->last_id == walk->expected->id) {
        walk->verified->expected_pruned = false;
        if (strcmp(anchor->hash, walk->expected->hash) != 0)
            tell(walk, SL_BREAK_ANCHOR, anchor->last_id, anchor->last_id,
                 "the anchor of row %" PRId64 " has not the hash that was noted", anchor->last_id);
    }
    walk->verified->anchors++;
    walk->verified->removed += anchor->removed;
    walk->last.id = anchor->last_id;
    (void)snprintf(walk->last.hash, sizeof walk->last.hash, "%s", anchor->hash);
}

static int check_anchors(struct walk *walk, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_anchor anchor;
    int more;

    memset(walk->last.hash, '0', SL_LOG_HASH_SIZE - 1);
    walk->verified->expected_pruned = walk->expected->id > 0;
    if (sl_anchors_list(&rows, walk->service->db, err) < 0)
        return -1;
    while ((more = sl_anchors_next(&rows, &anchor, err)) > 0)
        check_anchor(walk, &anchor);
    if (walk->expected->id > walk->last.id)
        walk->verified->expected_pruned = false;
    memcpy(walk->computed, walk->last.hash, sizeof walk->computed);
    return more;
}

static void check_end(struct walk *walk, int64_t last_phone)
{
    const int64_t *erased = (const int64_t *)(const void *)walk->erased.data;
    int64_t last = walk->expected->id, id = walk->last.id;

    last = last_phone > last ? last_phone : last;
    if (last > id)
        tell_rows(walk, SL_BREAK_CUT, id + 1, last, "removed from the end");
    for (size_t i = 0; i < walk->erased.len / sizeof *erased; i++)
        tell(walk, SL_BREAK_ERASED, erased[i], erased[i],
             "row %" PRId64 " lost its request and answer, and neither forget nor prune says so",
             erased[i]);
    walk->verified->head = walk->last;
}

/* The last phone is read before the rows: others write meanwhile, and a row that came after the
 * rows were read is not missing. What is read while the rows' statement runs is of its state. */
static int walk_rows(struct walk *walk, struct sl_err *err)
{
    const struct sl_log_filter all = { 0 };
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_log_row row;
    int64_t last_phone = 0;
    int more;

    if (sl_logs_last_phone(walk->service->db, &last_phone, err) < 0 ||
        sl_logs_stream(&rows, walk->service->db, 0, &all, err) < 0)
        return -1;
    more = sl_logs_next(&rows, &row, err);
    if (more < 0 || check_anchors(walk, err) < 0)
        return -1;
    for (; more > 0; more = sl_logs_next(&rows, &row, err))
        if (check_row(walk, &row, err) < 0)
            return -1;
    if (more < 0)
        return -1;
    check_end(walk, last_phone);
    return 0;
}

int sl_verify(struct sl_service *service, const struct sl_expected *expected,
              struct sl_verified *verified, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct walk walk = {
        .service = service,
        .expected = expected,
        .verified = verified,
        .scratch = sl_buf_new(arena),
        .phones = sl_buf_new(arena),
        .erased = sl_buf_new(arena),
    };

    *verified = (struct sl_verified){ 0 };
    return walk_rows(&walk, err);
}
