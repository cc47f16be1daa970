/* Erasing personal data that a school keeps for a time only. Rows stay, with their ids, states, times and
 * costs; payments stay whole: they are the bursar's record. */
#ifndef SL_STORE_KEEP_H
#define SL_STORE_KEEP_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

enum sl_keep_kind {
    SL_KEEP_BODIES,    /* request, response and phones of calls in the audit trail */
    SL_KEEP_MESSAGES,  /* of ended batches: addresses, references, texts */
    SL_KEEP_CALLBACKS, /* that are worked: query, body, note, reference */
    SL_KEEP_QUEUE,     /* of ended items that no message belongs to: payload, result, errors */
    SL_KEEP_EVENTS,    /* that nobody is to be told any more */
    SL_KEEP_KINDS
};

/* What is erased together. Of one kind there may be several, in the order in which they are erased. */
enum sl_keep_part {
    SL_KEEP_LOGS,
    SL_KEEP_TEXTS,
    SL_KEEP_ADDRESSES,
    SL_KEEP_NOTES,
    SL_KEEP_REQUESTS,
    SL_KEEP_ITEMS,
    SL_KEEP_HOOK_EVENTS,
    SL_KEEP_PARTS
};
enum sl_keep_kind sl_keep_kind_of(enum sl_keep_part part);

enum { SL_KEEP_ROWS = 1000 }; /* at most, of a span */

struct sl_keep_span {
    int64_t school_id; /* 0: what belongs to no school */
    int64_t before;    /* what was over at or after it stays */
    int64_t after_id, last_id;
};

/* All that would be erased. Returns 0 or -1. */
int sl_keep_count(struct sl_db *db, enum sl_keep_part part, const struct sl_keep_span *span,
                  int64_t *n, struct sl_err *err);

/* Sets last_id, so that after_id to last_id are at most SL_KEEP_ROWS rows to erase. It writes nothing and
 * holds nobody up, however far it looks. Returns 1, 0 if there are no more, or -1. */
int sl_keep_find(struct sl_db *db, enum sl_keep_part part, struct sl_keep_span *span,
                 struct sl_err *err);

/* Erases what is in the span, in one statement; not SL_KEEP_LOGS. Returns how many rows, or -1. */
int sl_keep_erase(struct sl_db *db, enum sl_keep_part part, const struct sl_keep_span *span,
                  struct sl_err *err);

/* The same for SL_KEEP_LOGS, inside a transaction; their ids, sorted, to ids[SL_KEEP_ROWS]. */
int sl_keep_erase_logs(struct sl_db *db, const struct sl_keep_span *span, int64_t *ids,
                       struct sl_err *err);

/* All schools, and one more with id 0 for what belongs to none; in the arena. Returns how many, or -1. */
struct sl_keeper {
    int64_t school_id;
    const char *keep_days; /* lib/store/schools.h */
};
int sl_keep_schools(struct sl_db *db, struct sl_arena *arena, struct sl_keeper **keepers,
                    struct sl_err *err);

#endif
