/* Batches of messages, and the messages: one row for each line of a list and for each number of
 * a `send`. A message's id for people is its batch's with its line behind: "01K…-17". */
#ifndef SL_STORE_MESSAGES_H
#define SL_STORE_MESSAGES_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_batch {
    int64_t id;
    const char *public_id;
    int64_t school_id, provider_id;
    const char *kind;  /* "sms.send", "sms.bulk" */
    const char *state; /* "loading", "ready", "sending", "done", "cancelled" */
    const char *key;   /* idempotency key or NULL */
    const char *content_hash, *text_hash;
    const char *stopped; /* why the rest is not sent; NULL */
    int64_t total;
    int64_t created_at, finished_at;
};

/* Inserts; state is "loading". Returns 0 with batch->id set, or -1. */
int sl_batches_add(struct sl_db *db, struct sl_batch *batch, int64_t now_ms, struct sl_err *err);

/* Each returns 1, 0 if there is none, or -1. What was found is in the arena. */
int sl_batches_find(struct sl_db *db, struct sl_arena *arena, const char *public_id,
                    struct sl_batch *batch, struct sl_err *err);
int sl_batches_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_batch *batch,
                   struct sl_err *err);
int sl_batches_by_key(struct sl_db *db, struct sl_arena *arena, int64_t school_id, const char *kind,
                      const char *key, struct sl_batch *batch, struct sl_err *err);

/* Read to its end: from here on it may be sent. Returns 1, 0 if it was not loading, or -1. */
int sl_batches_ready(struct sl_db *db, int64_t id, const char *content_hash, int64_t now_ms,
                     struct sl_err *err);

/* A batch that was done has rows to send again. */
int sl_batches_resume(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err);

/* The provider said what holds for all of it: what has not left fails with the same reason. */
int sl_batches_fail_rest(struct sl_db *db, int64_t id, const char *why, int64_t now_ms,
                         struct sl_err *err);

/* Done, if no row of it is open any more. Returns 1 if it is done now, else 0, or -1. */
int sl_batches_finish(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err);

/* The same for every batch. Returns how many, or -1. */
int sl_batches_finish_all(struct sl_db *db, int64_t now_ms, struct sl_err *err);

/* Cancels what has not left: its queue rows and messages. Returns how many messages, or -1. */
int64_t sl_batches_cancel(struct sl_db *db, int64_t id, int64_t now_ms, struct sl_err *err);

/* Forgets one that was not read to its end. */
int sl_batches_discard(struct sl_db *db, int64_t id, struct sl_err *err);

/* How many of its rows a runner has. */
int sl_batches_held(struct sl_db *db, int64_t id, int64_t *n, struct sl_err *err);

/* Newest first; `channel` is the beginning of the kind ("sms"); school_id 0: of all. */
int sl_batches_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id, const char *channel,
                    struct sl_err *err);
int sl_batches_next(struct sl_rows *rows, struct sl_batch *batch, struct sl_err *err);

struct sl_batch_counts {
    int64_t total, queued, sent, failed, unknown, skipped, cancelled;
    int64_t segments;
    int64_t cost_micro;   /* of `currency` alone */
    const char *currency; /* the first one met; NULL: no cost is known */
};
int sl_batches_count(struct sl_db *db, struct sl_arena *arena, int64_t id,
                     struct sl_batch_counts *counts, struct sl_err *err);

/* The last cost of a segment at a school's provider, in 10^-6. Returns 1, 0 or -1. */
int sl_batches_price(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                     int64_t provider_id, int64_t *micro, const char **currency,
                     struct sl_err *err);

/* What is left of it goes by another provider of the school. Returns 1, 0 if it is over, or -1. */
int sl_batches_move(struct sl_db *db, int64_t id, int64_t provider_id, int64_t now_ms,
                    struct sl_err *err);

/* ---- Messages -------------------------------------------------------------------------- */

struct sl_message {
    int64_t id, batch_id, line;
    const char *address_given;
    const char *address; /* as sent; NULL: there is none to send to */
    int64_t queue_id, place;
    int64_t dedupe;     /* hash of address and text; 0: none */
    const char *status; /* "sending" is told by its queue row being in flight */
    const char *external_reference;
    int64_t segments; /* 0: not known */
    bool has_cost;
    int64_t cost_micro;
    const char *cost_text, *currency, *error;
    int64_t created_at, updated_at;
    const char *batch; /* public id of its batch: only read */
    int64_t school_id; /* likewise */
};

/* Inserts. Returns 1; 0 if the batch has that line already, or a message with that dedupe (then
 * *duplicate is set: it is to be added again as skipped, without one); or -1. */
int sl_messages_add(struct sl_db *db, const struct sl_message *message, int64_t now_ms,
                    bool *duplicate, struct sl_err *err);

/* Whether the batch has a message with that dedupe. Returns 1, 0 or -1. */
int sl_messages_has(struct sl_db *db, int64_t batch_id, int64_t dedupe, struct sl_err *err);

/* The last line that was loaded, and how many; 0 if none. */
int sl_messages_loaded(struct sl_db *db, int64_t batch_id, int64_t *line, int64_t *n,
                       struct sl_err *err);

/* What of a queue row has a status ("queued": it is still to be sent), in its order, in the arena.
 * Returns how many, or -1. */
int sl_messages_of_row(struct sl_db *db, struct sl_arena *arena, int64_t queue_id,
                       const char *status, struct sl_message **messages, struct sl_err *err);

/* One that is still to be sent gets another queue row, and a place in it. Returns 0 or -1. */
int sl_messages_move(struct sl_db *db, int64_t id, int64_t queue_id, int64_t place,
                     struct sl_err *err);

/* Whether one that is still to be sent has opted out; and what is done about it. */
int sl_messages_skip_optouts(struct sl_db *db, int64_t queue_id, int64_t school_id,
                             const char *channel, int64_t now_ms, struct sl_err *err);

/* What an attempt, a report or a query told of a message. The status counts only where none is
 * known yet: the message is still to be sent, or unknown. */
struct sl_message_news {
    const char *status; /* "sent", "delivered", "undelivered", "failed", "unknown", or "queued":
                         * tried again */
    const char *external_reference;
    int64_t segments; /* 0: as before */
    const char *cost_text, *currency;
    bool has_cost;
    int64_t cost_micro;
    const char *error;
};
int sl_messages_settle(struct sl_db *db, int64_t id, const struct sl_message_news *news,
                       int64_t now_ms, struct sl_err *err);

/* All of a queue row that are still to be sent (or, `from` "unknown", those) get a status. */
int sl_messages_all(struct sl_db *db, int64_t queue_id, const char *from, const char *status,
                    const char *error, int64_t now_ms, struct sl_err *err);

/* How many of a queue row have a status. Returns 0 or -1. */
int sl_messages_with(struct sl_db *db, int64_t queue_id, const char *status, int64_t *n,
                     struct sl_err *err);

/* Unknown ones of a batch are to be sent again: they and their rows are pending. Returns how many
 * messages, or -1. */
int64_t sl_messages_resend_unknown(struct sl_db *db, int64_t batch_id, int64_t now_ms,
                                   struct sl_err *err);

/* Whether two spellings of a number have the same digits, or two mail addresses the same letters. */
bool sl_messages_same_address(const char *a, const char *b);

/* A delivery report, by the provider's reference, if school and provider are the message's. A
 * status only moves up: sent, undelivered or failed, delivered. Returns 1 if it is known (whether or not it
 * changed), 0 if it is not, or -1. *changed gets the message's id if it did, else 0; `address` not
 * NULL must be the message's, digits compared, or nothing changes. */
int sl_messages_report(struct sl_db *db, int64_t school_id, int64_t provider_id,
                       const char *external_reference, const char *address, const char *status,
                       const char *error, int64_t now_ms, int64_t *changed, struct sl_err *err);

/* The ids of those of a queue row, or of a whole batch, that failed at this very time. Then _next_id()
 * until 0 or -1. */
struct sl_message_set {
    int64_t queue_id;
    int64_t batch_id; /* not 0: the batch */
};
int sl_messages_failed(struct sl_rows *rows, struct sl_db *db, const struct sl_message_set *set,
                       int64_t now_ms, struct sl_err *err);
int sl_messages_next_id(struct sl_rows *rows, int64_t *id, struct sl_err *err);
/* ---- Messages whose answer was lost (messages_lost.c) ------------------------------------- */

/* The one of that batch and line, if it is the school's and the provider's and nothing is known of
 * it: "unknown", or "queued" because our own answer is still on its way. Returns 1, 0 or -1. */
int sl_messages_find_lost(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                          int64_t provider_id, const char *batch, int64_t line,
                          struct sl_message *message, struct sl_err *err);

/* The queue row of the message of that batch and line, of that school and provider, in *queue_id.
 * Returns 1, 0 or -1. */
int sl_messages_row_of(struct sl_db *db, int64_t school_id, int64_t provider_id, const char *batch,
                       int64_t line, int64_t *queue_id, struct sl_err *err);

/* One whose reference the provider has told, and whose person was not forgotten. Returns 1, 0 or
 * -1. */
int sl_messages_find_told(struct sl_db *db, struct sl_arena *arena, int64_t id,
                          struct sl_message *message, struct sl_err *err);

/* Whether some message at that provider, of whatever school, has the reference. Returns 1, 0 or
 * -1. */
int sl_messages_has_external(struct sl_db *db, int64_t provider_id, const char *external_reference,
                             struct sl_err *err);

/* Those of one account that cannot be told from this one by number and text: unknown and sent
 * within the time, or in flight; itself is one. In the order in which they were sent `place` (from
 * 0) is its own. Returns 0 or -1. */
struct sl_messages_alike {
    const char *account;
    int64_t sent_ms, since_ms, until_ms;
    int64_t n, place; /* found */
};
int sl_messages_count_alike(struct sl_db *db, const struct sl_message *message,
                            struct sl_messages_alike *alike, struct sl_err *err);

/* ---- For people ---------------------------------------------------------------------------- */

/* Every line of a batch, in order; or one line. Borrowed until the next. */
int sl_messages_list(struct sl_rows *rows, struct sl_db *db, int64_t batch_id, int64_t line,
                     struct sl_err *err);
/* One of any batch. */
int sl_messages_one(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_err *err);
int sl_messages_next(struct sl_rows *rows, struct sl_message *message, struct sl_err *err);

#endif
