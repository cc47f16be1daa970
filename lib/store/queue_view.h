/* The queue as people see it: rows with names instead of ids, figures, and the messages of a row
 * that a person brings back. What works it is lib/store/queue.h. */
#ifndef SL_STORE_QUEUE_VIEW_H
#define SL_STORE_QUEUE_VIEW_H

#include "lib/base/arena.h"
#include "lib/store/accounts.h"
#include "lib/store/db.h"

/* ---- Rows ------------------------------------------------------------------------------- */

struct sl_queue_row {
    int64_t id;
    const char *school, *zone; /* code and time zone of the school */
    const char *provider;      /* code; NULL: a hook */
    const char *operation, *status;
    int64_t priority, attempts, max_attempts;
    int64_t next_attempt_at, last_attempt_at, created_at, completed_at; /* 0: none */
    bool in_flight;
    const char *waits_for; /* "callback", "query", "person" or NULL */
    const char *batch;     /* public id; NULL: not of a batch */
    const char *error;     /* of the last attempt that had one, or NULL */
};

struct sl_queue_filter {
    int64_t school_id;                          /* 0: all */
    const char *status, *operation, *waits_for; /* NULL: all */
    int64_t limit;                              /* 0: all */
};

/* Newest first. Then _next() until 0 or -1; texts are borrowed until the next one. */
int sl_queue_list(struct sl_rows *rows, struct sl_db *db, const struct sl_queue_filter *filter,
                  struct sl_err *err);
/* One row, for _next(). */
int sl_queue_find(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_err *err);
int sl_queue_next(struct sl_rows *rows, struct sl_queue_row *row, struct sl_err *err);

/* Rows that failed and whose time is not over, oldest first: up to n ids behind the one that is
 * given. Returns how many, or -1. */
struct sl_failed_filter {
    int64_t school_id;     /* 0: all */
    const char *operation; /* NULL: all */
    int64_t after_id;
};
int sl_queue_failed(struct sl_db *db, const struct sl_failed_filter *filter, int64_t now_ms,
                    size_t n, int64_t *ids, struct sl_err *err);

/* How many failed of which it is too late to try again. */
int sl_queue_failed_late(struct sl_db *db, const struct sl_failed_filter *filter, int64_t now_ms,
                         int64_t *n, struct sl_err *err);

/* ---- What a person brings back ------------------------------------------------------------ */

/* Until when the row may be sent; 0: for ever. */
int sl_queue_expire(struct sl_db *db, int64_t id, int64_t expires_at, struct sl_err *err);

/* The row's messages that failed are to be sent again, with SL_UNKNOWN_TOO those that may have
 * been received too. Returns how many, or -1. */
enum sl_requeue { SL_FAILED_ONLY, SL_UNKNOWN_TOO };
int sl_queue_requeue_messages(struct sl_db *db, int64_t queue_id, enum sl_requeue which,
                              int64_t now_ms, struct sl_err *err);

/* ---- Figures ------------------------------------------------------------------------------ */

struct sl_queue_stats {
    int64_t pending, processing, completed, failed, cancelled;
    int64_t waits_callback, waits_query, waits_person; /* of those in processing */
    int64_t due;       /* pending, its time has come, and nothing but an account holds it back */
    int64_t abandoned; /* in processing by a runner that is gone */
    int64_t oldest_due_at; /* since when the oldest of these two waits; 0: there is none */
};

/* school_id 0: of all. */
int sl_queue_stats(struct sl_db *db, int64_t school_id, const struct sl_boot_now *now,
                   int64_t now_ms, struct sl_queue_stats *stats, struct sl_err *err);

/* Which schools have an account in use, as "greenhill, lakeside" in the arena; NULL: none, it is
 * left from settings of before. With a school_id only if that school is one of them, or all are
 * (the settings of `everyone`). */
int sl_queue_account_schools(struct sl_db *db, struct sl_arena *arena, const char *account,
                             int64_t school_id, const char **schools, struct sl_err *err);

#endif
