#include "lib/service/keep.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/erased.h"
#include "lib/service/prune.h"

enum { MOST_DAYS = 36500, MOST_PAIR = 64 };

static const int64_t day_ms = 24 * 60 * 60 * 1000;

/* ---- What is said ------------------------------------------------------------------------ */

static const char *const names[SL_KEEP_KINDS] = {
    [SL_KEEP_BODIES] = "bodies", [SL_KEEP_MESSAGES] = "messages", [SL_KEEP_CALLBACKS] = "callbacks",
    [SL_KEEP_QUEUE] = "queue",   [SL_KEEP_EVENTS] = "events",
};

const char *sl_keep_kind_name(enum sl_keep_kind kind)
{
    return names[kind];
}

static int find_kind(const char *name, size_t n)
{
    for (int kind = 0; kind < SL_KEEP_KINDS; kind++)
        if (strlen(names[kind]) == n && strncmp(names[kind], name, n) == 0)
            return kind;
    return -1;
}

static int refuse(const char *pair, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_DATA, "'%s' does not say how long what is kept", pair);
    return sl_err_hint(err, "KIND=DAYS: bodies, messages, callbacks, queue or events; 1 to %d days",
                       MOST_DAYS);
}

/* days 0: none are said. */
static int read_pair(const char *pair, int *kind, int64_t *days, struct sl_err *err)
{
    const char *equals = strchr(pair, '=');

    *kind = equals ? find_kind(pair, (size_t)(equals - pair)) : -1;
    *days = 0;
    if (*kind < 0 || (equals[1] && !sl_parse_int(equals + 1, 1, MOST_DAYS, days)))
        return refuse(pair, err);
    return 0;
}

int sl_keep_change(struct sl_keep *keep, const char *pair, struct sl_err *err)
{
    int64_t days;
    int kind;

    if (read_pair(pair, &kind, &days, err) < 0)
        return -1;
    keep->days[kind] = days;
    return 0;
}

static int add_pair(struct sl_keep *keep, const char *pair, struct sl_err *err)
{
    int64_t days;
    int kind;

    if (read_pair(pair, &kind, &days, err) < 0)
        return -1;
    if (days == 0)
        return refuse(pair, err);
    if (keep->days[kind] > 0)
        return sl_err_set(err, SL_ERR_DATA, "%s is said twice", names[kind]);
    keep->days[kind] = days;
    return 0;
}

int sl_keep_read(const char *text, struct sl_keep *keep, struct sl_err *err)
{
    struct sl_keep found = { 0 };
    char pair[MOST_PAIR];

    for (const char *at = text; at && *at;) {
        size_t n = strcspn(at, ",");

        if (n >= sizeof pair)
            return refuse(text, err);
        memcpy(pair, at, n);
        pair[n] = '\0';
        if (add_pair(&found, pair, err) < 0)
            return -1;
        at += n;
        if (*at == ',')
            at += 1 + strspn(at + 1, " ");
    }
    *keep = found;
    return 0;
}

const char *sl_keep_print(struct sl_arena *arena, const struct sl_keep *keep)
{
    struct sl_buf text = sl_buf_new(arena);

    for (int kind = 0; kind < SL_KEEP_KINDS; kind++)
        if (keep->days[kind] > 0)
            sl_buf_printf(&text, "%s%s=%" PRId64, text.len > 0 ? "," : "", names[kind],
                          keep->days[kind]);
    return text.len > 0 ? text.data : NULL;
}

/* ---- What goes --------------------------------------------------------------------------- */

struct run {
    struct sl_service *service;
    bool dry, clock_looked_at;
    int64_t now_ms;
    int64_t counts[SL_KEEP_KINDS]; /* of the school that it is at */
};

/* The rows, and the row that accounts for them, at once. */
static int erase_logs(struct run *run, const struct sl_keep_span *span, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t ids[SL_KEEP_ROWS];
    int n;

    if (sl_tx_begin(&tx, run->service->db, err) < 0)
        return -1;
    n = sl_keep_erase_logs(run->service->db, span, ids, err);
    if (n <= 0) /* another run was here */
        return n;
    if (sl_erased_record(run->service, SL_KEEP_OPERATION, span->school_id, NULL, ids, n, err) < 0 ||
        sl_tx_commit(&tx, err) < 0)
        return -1;
    return n;
}

static int erase_part(struct run *run, enum sl_keep_part part, struct sl_keep_span span,
                      struct sl_err *err)
{
    int64_t *count = &run->counts[sl_keep_kind_of(part)];
    int more, n;

    while ((more = sl_keep_find(run->service->db, part, &span, err)) > 0) {
        if (!run->clock_looked_at && sl_prune_check_clock(run->service, err) < 0)
            return -1;
        run->clock_looked_at = true;
        n = part == SL_KEEP_LOGS ? erase_logs(run, &span, err)
                                 : sl_keep_erase(run->service->db, part, &span, err);
        if (n < 0)
            return -1;
        *count += n;
        span.after_id = span.last_id;
    }
    return more;
}

static int count_part(struct run *run, enum sl_keep_part part, const struct sl_keep_span *span,
                      struct sl_err *err)
{
    int64_t n;

    if (sl_keep_count(run->service->db, part, span, &n, err) < 0)
        return -1;
    run->counts[sl_keep_kind_of(part)] += n;
    return 0;
}

/* Where the school says nothing the installation does. */
static int apply_school(struct run *run, int64_t school_id, const struct sl_keep *own,
                        const struct sl_keep *otherwise, struct sl_err *err)
{
    for (enum sl_keep_part part = 0; part < SL_KEEP_PARTS; part++) {
        enum sl_keep_kind kind = sl_keep_kind_of(part);
        int64_t days = own->days[kind] > 0 ? own->days[kind] : otherwise->days[kind];
        const struct sl_keep_span span = { .school_id = school_id,
                                           .before = run->now_ms - days * day_ms };

        if (days > 0 &&
            (run->dry ? count_part(run, part, &span, err) : erase_part(run, part, span, err)) < 0)
            return -1;
    }
    return 0;
}

/* Adds up what a school lost, and says so in the trail. */
static int tell(struct run *run, int64_t school_id, int64_t *counts, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_buf told = sl_buf_new(arena);
    int64_t all = 0;

    for (int kind = 0; kind < SL_KEEP_KINDS; kind++) {
        sl_buf_printf(&told, "%s\"%s\":%" PRId64, kind > 0 ? "," : "{", names[kind],
                      run->counts[kind]);
        counts[kind] += run->counts[kind];
        all += run->counts[kind];
        run->counts[kind] = 0;
    }
    sl_buf_text(&told, "}");
    if (all == 0 || run->dry)
        return 0;
    if (sl_tx_begin(&tx, run->service->db, err) < 0 ||
        sl_erased_record(run->service, SL_KEEP_OPERATION, school_id, told.data, NULL, 0, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

int sl_keep_apply(struct sl_service *service, bool dry, int64_t now_ms, int64_t *counts,
                  struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct run run = { .service = service, .dry = dry, .now_ms = now_ms };
    struct sl_keeper *keepers;
    struct sl_keep own, otherwise;
    int n;

    memset(counts, 0, SL_KEEP_KINDS * sizeof *counts);
    if (sl_keep_read(service->settings.keep_days, &otherwise, err) < 0)
        return -1;
    n = sl_keep_schools(service->db, arena, &keepers, err);
    for (int i = 0; i < n; i++)
        if (sl_keep_read(keepers[i].keep_days, &own, err) < 0 ||
            apply_school(&run, keepers[i].school_id, &own, &otherwise, err) < 0 ||
            tell(&run, keepers[i].school_id, counts, err) < 0)
            return -1;
    return n < 0 ? -1 : 0;
}
