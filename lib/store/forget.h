/* Erasing a person from what a school has recorded. */
#ifndef SL_STORE_FORGET_H
#define SL_STORE_FORGET_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_person {
    int64_t school_id;
    const unsigned char *phone_hash; /* SL_LOG_PHONE_SIZE bytes */
    const char *international;       /* "254712345678" */
    const char *trunk;               /* "0712345678" */
    const char *national;            /* "712345678": what all ways to write it end with */
};

/* Erases the bodies of at most `most` log rows of that phone behind after_id, and the phone's hash
 * beside them; their ids, sorted, to `ids`. Returns how many; 0 when there are no more; or -1.
 * Inside a transaction. */
int sl_forget_logs(struct sl_db *db, const struct sl_person *person, int64_t after_id, int64_t *ids,
                   size_t most, struct sl_err *err);

/* What still needs the number and therefore keeps it: messages and payments that are not over,
 * queue rows, callbacks that wait to be worked. */
int sl_forget_open(struct sl_db *db, const struct sl_person *person, int64_t *n,
                   struct sl_err *err);

/* What else there is, by kind. */
enum sl_forget_kind {
    SL_FORGET_MESSAGES,
    SL_FORGET_PAYMENTS,
    SL_FORGET_QUEUE,
    SL_FORGET_CALLBACKS,
    SL_FORGET_EVENTS,
    SL_FORGET_FACTS,
    SL_FORGET_KINDS
};
const char *sl_forget_kind_name(enum sl_forget_kind kind); /* "messages" … */

/* Erases it, but for what sl_forget_open() counts; each statement is a transaction. Rows that
 * changed are added to counts[SL_FORGET_KINDS]. Opt-outs stay: they keep others from writing. */
int sl_forget_records(struct sl_db *db, const struct sl_person *person, int64_t *counts,
                      struct sl_err *err);

/* Writes the database anew and empties the write-ahead log, so that nothing that was erased is
 * left in a free page. Outside a transaction. Returns 1; 0 if a reader kept the log from being
 * emptied; or -1. */
int sl_forget_compact(struct sl_db *db, struct sl_err *err);

#endif
