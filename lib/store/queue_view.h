/* The queue as people see it: its rows with the codes of school and provider, and what they come
 * to. lib/store/queue.h works it. */
#ifndef SL_STORE_QUEUE_VIEW_H
#define SL_STORE_QUEUE_VIEW_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

/* ---- Rows ------------------------------------------------------------------------------ */

/* Texts are borrowed until the next row. */
struct sl_queue_row {
    int64_t id;
    const char *school, *provider; /* codes; provider NULL: a hook */
    const char *operation, *status;
    int64_t priority, attempts, max_attempts;
    int64_t next_attempt_at, last_attempt_at; /* 0: none */
    bool in_flight;
    const char *error; /* the last reason; NULL: none */
    int64_t created_at, completed_at;
    const char *waits_for; /* "callback", "query", "person" or NULL */
    const char *error_log; /* JSON array or NULL */
    const char *payload;   /* JSON */
    const char *zone;      /* the school's */
};

/* What is 0 or NULL does not filter. */
struct sl_queue_filter {
    int64_t school_id;
    const char *status; /* "waiting" too: processing, and waits for somebody */
    const char *operation;
};

/* Newest first; then sl_queue_view_next() until 0 or -1. */
int sl_queue_view_list(struct sl_rows *rows, struct sl_db *db, const struct sl_queue_filter *filter,
                       struct sl_err *err);
int sl_queue_view_one(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_err *err);
int sl_queue_view_next(struct sl_rows *rows, struct sl_queue_row *row, struct sl_err *err);

/* How an open row stands. Texts are in the arena. */
struct sl_queue_wait {
    const char *status;      /* "pending", "processing" */
    const char *waits_for;   /* "callback", "query", "person" or NULL */
    const char *account;     /* "": none */
    const char *error;       /* the last reason; NULL: none */
    int64_t next_attempt_at; /* 0: none */
    bool in_flight;
    bool accepted;                  /* while it waits: taken, not lost */
    bool loading;                   /* its batch's list is not read to its end */
    int64_t school_id, provider_id; /* provider 0: a hook's */
};

/* Returns 1, 0 if there is no such row or it is over, or -1. */
int sl_queue_view_wait(struct sl_db *db, struct sl_arena *arena, int64_t id,
                       struct sl_queue_wait *wait, struct sl_err *err);

/* The ids of up to n failed rows behind after_id, ascending, but not of batches that were
 * cancelled, and not those whose time to be sent is over; but an event can be told at any time.
 * Returns how many, or -1. */
int sl_queue_view_failed(struct sl_db *db, const struct sl_queue_filter *filter, int64_t after_id,
                         int64_t now_ms, size_t n, int64_t *ids, struct sl_err *err);

/* What is tried again is too old to be sent after this. */
int sl_queue_view_expire(struct sl_db *db, int64_t id, int64_t expires_at, struct sl_err *err);

/* ---- Statistics ------------------------------------------------------------------------ */

struct sl_queue_stats {
    int64_t pending, processing, waiting, completed, failed, cancelled;
    int64_t for_person;         /* of the waiting ones */
    int64_t oldest_due_seconds; /* how long the oldest is overdue; 0 if nothing is due */
};

/* For how long the oldest is overdue; 0 if nothing is due. school_id 0: of all. */
int sl_queue_view_overdue(struct sl_db *db, int64_t school_id, int64_t now_ms, int64_t *seconds,
                          struct sl_err *err);

/* school_id 0: of all. A row that waits is not counted as processing. */
int sl_queue_view_stats(struct sl_db *db, int64_t school_id, int64_t now_ms,
                        struct sl_queue_stats *stats, struct sl_err *err);

/* Whether the school (0: any) has enabled settings for that account, its own or those of everyone;
 * accounts of settings that were changed stay behind. Returns 1, 0 or -1. */
int sl_queue_view_uses(struct sl_db *db, int64_t school_id, const char *account,
                       struct sl_err *err);

#endif
