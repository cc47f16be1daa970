/* Numbers and addresses whose owners want nothing more from a school, by channel. */
#ifndef SL_STORE_OPTOUTS_H
#define SL_STORE_OPTOUTS_H

#include "lib/store/db.h"

struct sl_optout {
    const char *address; /* E.164 for phones; borrowed until the next one */
    const char *source;  /* "admin", or the provider's code */
    int64_t since;
};

/* One that is there keeps its date. Returns 1 if it is new, 0, or -1. */
int sl_optouts_add(struct sl_db *db, int64_t school_id, const char *channel, const char *address,
                   const char *source, int64_t now_ms, struct sl_err *err);

/* Returns 1 if it was there, 0, or -1. */
int sl_optouts_remove(struct sl_db *db, int64_t school_id, const char *channel, const char *address,
                      struct sl_err *err);

/* Returns 1 if it is there, 0, or -1. */
int sl_optouts_has(struct sl_db *db, int64_t school_id, const char *channel, const char *address,
                   struct sl_err *err);

/* Whether the school has any at all. Returns 1, 0 or -1. */
int sl_optouts_any(struct sl_db *db, int64_t school_id, const char *channel, struct sl_err *err);

/* By date. Then sl_optouts_next() until 0 or -1. */
int sl_optouts_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id, const char *channel,
                    struct sl_err *err);
int sl_optouts_next(struct sl_rows *rows, struct sl_optout *optout, struct sl_err *err);

#endif
