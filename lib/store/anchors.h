/* Anchors: what stays of log rows that were removed from the oldest end. */
#ifndef SL_STORE_ANCHORS_H
#define SL_STORE_ANCHORS_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_anchor {
    int64_t id;
    int64_t last_id;       /* the last row that was removed, and … */
    const char *hash;      /* … its hash */
    int64_t removed;       /* how many rows it stands for */
    const char *signature; /* lib/service/chain.h */
    int64_t created_at;
};

/* The newest; what was found is in the arena. Returns 1, 0 if there is none, or -1. */
int sl_anchors_newest(struct sl_db *db, struct sl_arena *arena, struct sl_anchor *anchor,
                      struct sl_err *err);

/* In the order in which they were made; sl_anchors_next() borrows from its row. */
int sl_anchors_list(struct sl_rows *rows, struct sl_db *db, struct sl_err *err);
int sl_anchors_next(struct sl_rows *rows, struct sl_anchor *anchor, struct sl_err *err);

/* Inserts (id 0; it gets one) or replaces. */
int sl_anchors_put(struct sl_db *db, struct sl_anchor *anchor, struct sl_err *err);

/* Which log rows are old: those up to last_id, none of them made at or after `before`, in an
 * unbroken line from the oldest. */
struct sl_old_logs {
    int64_t first_id, last_id;
    int64_t n; /* 0: there are none */
};
int sl_logs_old(struct sl_db *db, int64_t before, struct sl_old_logs *old, struct sl_err *err);

/* Removes log rows up to that id, and their phone hashes. Returns how many, or -1. */
int sl_logs_remove(struct sl_db *db, int64_t last_id, struct sl_err *err);

#endif
