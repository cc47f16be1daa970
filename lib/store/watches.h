/* What people were told to see to, and when all was looked at last. */
#ifndef SL_STORE_WATCHES_H
#define SL_STORE_WATCHES_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_watch_row {
    const char *watch, *about, *school;
};

/* Whether it is time to look again: nobody did for `every_ms`, by a clock that may have been set. It
 * is our turn then. Returns 1, 0 or -1. Inside a transaction, as the next two. */
int sl_watches_turn(struct sl_db *db, int64_t every_ms, int64_t now_ms, struct sl_err *err);

/* Returns 1, 0 if it is there already, or -1. */
int sl_watches_add(struct sl_db *db, const struct sl_watch_row *row, int64_t now_ms,
                   struct sl_err *err);
/* Returns 1, 0 if it was not there, or -1. */
int sl_watches_remove(struct sl_db *db, const struct sl_watch_row *row, struct sl_err *err);

/* All that is told and not over; a row borrows its text until the next. */
int sl_watches_list(struct sl_rows *rows, struct sl_db *db, struct sl_err *err);
int sl_watches_next(struct sl_rows *rows, struct sl_watch_row *row, struct sl_err *err);

#endif
