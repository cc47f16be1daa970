/* The queue: everything that leaves this machine is a row of it first. */
#ifndef SL_STORE_QUEUE_H
#define SL_STORE_QUEUE_H

#include "lib/base/arena.h"
#include "lib/store/accounts.h"
#include "lib/store/db.h"

/* A row. Texts are in the arena that it was read into. */
/* What an item has as payload once that was erased. */
#define SL_QUEUE_ERASED "{\"erased\":true}"

struct sl_item {
    int64_t id;
    int64_t school_id, provider_id; /* provider 0: a hook */
    const char *operation;          /* "sms.send" */
    const char *payload;            /* JSON, by the operation: lib/service/payload.h */
    const char *public_id;          /* the same on every attempt */
    const char *account;            /* "": none */
    const char *lane;               /* "urgent", "bulk" */
    const char *status;
    int64_t priority;
    int64_t attempts, max_attempts;
    int64_t next_attempt_at, last_attempt_at, completed_at, created_at, expires_at;
    int64_t batch_id;   /* 0: none */
    int64_t subject_id; /* the payment or refund that it is about; 0: none */
    int64_t step, asks;
    const char *memory; /* sealed; NULL: nothing */
    const char *idempotency_key, *payload_hash, *callback_token, *dedupe_key;
    bool in_flight;
    const char *waits_for; /* "callback", "query", "person" or NULL */
    bool accepted;         /* while it waits: the provider said that it took it */
    const char *error_log; /* JSON array or NULL */
    const char *result;    /* JSON or NULL */
    int64_t runner;
};

/* ---- Putting in ------------------------------------------------------------------------ */

/* What a caller fills of *item: school_id … expires_at as far as it likes; 0 and NULL are the
 * defaults. Status is pending. Returns 1 with item->id set; 0 if an open row has the same
 * dedupe_key (nothing is added, item->id is that row's); or -1. A taken idempotency key is the
 * caller's to look for first, with sl_queue_by_key(). */
int sl_queue_add(struct sl_db *db, struct sl_item *item, int64_t now_ms, struct sl_err *err);

/* The open row of that dedupe_key. Returns 1, 0 (and *id is 0) or -1. */
int sl_queue_open(struct sl_db *db, const char *dedupe_key, int64_t *id, struct sl_err *err);

/* A claimed row goes to another provider: its account, the hash of its new callback token (or NULL),
 * and nothing remembered. Returns 0 or -1. */
int sl_queue_rehome(struct sl_db *db, const struct sl_item *item, struct sl_err *err);

/* What was remembered with the row's id known (the id is part of the seal). */
int sl_queue_remember(struct sl_db *db, int64_t id, const char *sealed, struct sl_err *err);

/* What is known of a row that waits: JSON, or NULL. */
int sl_queue_keep(struct sl_db *db, int64_t id, const char *result, struct sl_err *err);

/* Each returns 1, 0 if there is none, or -1. */
int sl_queue_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_item *item,
                 struct sl_err *err);
int sl_queue_by_key(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                    const char *operation, const char *key, struct sl_item *item,
                    struct sl_err *err);
int sl_queue_by_callback(struct sl_db *db, struct sl_arena *arena, const char *token_hash,
                         struct sl_item *item, struct sl_err *err);

/* ---- Working ---------------------------------------------------------------------------- */

/* Where work may be waiting: a batch that is ready, or rows of one lane, account and school. */
struct sl_source {
    const char *lane;
    const char *account;
    int64_t school_id, provider_id; /* provider: of a batch only */
    int64_t batch_id;               /* 0: not of a batch */
};

struct sl_work_filter {
    int64_t school_id; /* 0: all */
    int64_t batch_id;  /* 0: all; else this batch alone */
    int64_t item_id;   /* 0: all; else this row alone */
};

/* All of them, urgent before bulk. Returns how many, in the arena, or -1. */
int sl_queue_sources(struct sl_db *db, struct sl_arena *arena, const struct sl_work_filter *filter,
                     int64_t now_ms, struct sl_source **sources, struct sl_err *err);

/* One pending row of a source, unclaimed. Returns 1, 0 or -1. */
int sl_queue_peek(struct sl_db *db, struct sl_arena *arena, const struct sl_source *source,
                  struct sl_item *item, struct sl_err *err);

/* Claims at most n due rows of a source for the runner. Returns how many, in the arena, or -1.
 * Inside a transaction. */
int sl_queue_claim(struct sl_db *db, struct sl_arena *arena, const struct sl_source *source,
                   const struct sl_work_filter *filter, int64_t runner, int64_t now_ms, size_t n,
                   struct sl_item *items, struct sl_err *err);

/* The mark, before a byte leaves: still this runner's, not cancelled, not expired. Counts the
 * attempt. Returns 1, 0 if nothing may be sent, or -1. Inside a transaction. */
int sl_queue_mark(struct sl_db *db, int64_t id, int64_t runner, int64_t now_ms, struct sl_err *err);

/* Gives a claimed row back, unmarked, not to be tried before a time. */
int sl_queue_release(struct sl_db *db, int64_t id, int64_t runner, int64_t next_attempt_at,
                     struct sl_err *err);

/* How an attempt ended. Only the runner that has the row can write it. */
struct sl_settlement {
    const char *status;      /* "pending", "processing", "completed", "failed" */
    const char *waits_for;   /* with "processing" */
    bool accepted;           /* likewise */
    int64_t next_attempt_at; /* with "pending" and waits: when something is due; 0: never */
    const char *error;       /* added to error_log with its attempt and time; NULL: nothing */
    const char *memory;      /* sealed; NULL: as before */
    const char *result;      /* JSON; NULL: as before */
    int64_t step;
    int64_t uncounted;    /* attempts that do not count */
    int64_t max_attempts; /* 0: as before */
};

/* Returns 1, 0 if the row is not this runner's any more, or -1. Inside a transaction. */
int sl_queue_settle(struct sl_db *db, const struct sl_item *item, int64_t runner,
                    const struct sl_settlement *settlement, int64_t now_ms, struct sl_err *err);

/* Rows in flight whose runner is dead: up to n, adopted by `runner`, in the arena. Returns how
 * many, or -1. Inside a transaction. */
int sl_queue_orphans(struct sl_db *db, struct sl_arena *arena, int64_t runner,
                     const struct sl_boot_now *now, size_t n, struct sl_item *items,
                     struct sl_err *err);

/* Rows that wait for a callback or query and whose time has come, of one school or (0) of all: up
 * to n. */
int sl_queue_waiting(struct sl_db *db, struct sl_arena *arena, int64_t school_id, int64_t now_ms,
                     size_t n, struct sl_item *items, struct sl_err *err);

/* Writes how a waiting row goes on: nobody has it. `asks` is counted up. Returns 1, 0 or -1. */
int sl_queue_wait_on(struct sl_db *db, int64_t id, const char *waits_for, int64_t next_attempt_at,
                     int64_t asked, struct sl_err *err);

/* A row that waited is to be sent again, at once: nobody knows whether it left, and that does no
 * harm. Returns 1, 0 if it was not waiting, or -1. */
int sl_queue_resend(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err);

/* Ends a row that waited ("completed", "failed"), whoever has it. Returns 1, 0 if it was not
 * waiting, or -1. */
int sl_queue_end(struct sl_db *db, int64_t id, const char *status, const char *error,
                 const char *result, int64_t now_ms, struct sl_err *err);

/* Rows that were accepted or last tried later than it is now: the wall clock was set back since. All
 * their times go back with it, so that what they wait for begins now, and lasts no longer. Returns how
 * many, or -1. */
int sl_queue_rebase(struct sl_db *db, int64_t now_ms, struct sl_err *err);

/* When the next row is due that a runner could claim or ask about; 0 if there is none. */
int sl_queue_next_due(struct sl_db *db, const struct sl_work_filter *filter, int64_t *at_ms,
                      struct sl_err *err);

/* ---- By people --------------------------------------------------------------------------- */

/* Failed: pending again, with its attempts forgotten; waiting for a person: likewise. Returns
 * 1, 0 if it is neither, or -1. */
int sl_queue_retry(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err);

/* Not in flight, or waiting for a person → cancelled. Returns 1, 0 if it is in flight or over,
 * or -1. */
int sl_queue_cancel(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err);

#endif
