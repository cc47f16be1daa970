/* Facts: what was learned of an account beyond one operation, until it is forgotten. */
#ifndef SL_STORE_FACTS_H
#define SL_STORE_FACTS_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

/* A fact of ours: by how many seconds our wall clock was ahead of the provider's ("-3600": behind), if
 * its last answer told another time than we have. */
#define SL_FACT_CLOCK "clock"

/* Of the daemon, whose account is SL_FACT_DAEMON: when the certificate that it shows ends, UTC ms. */
#define SL_FACT_DAEMON "sl-webhook"
#define SL_FACT_CERTIFICATE "certificate"

/* The value, in the arena, if it has not ended by now (UTC ms). Returns 1, 0 if nothing is known,
 * or -1. */
int sl_facts_get(struct sl_db *db, struct sl_arena *arena, const char *account, const char *kind,
                 const char *key, int64_t now_ms, const char **value, struct sl_err *err);

/* Replaces what was known; until 0: for good. Returns 0 or -1. */
int sl_facts_put(struct sl_db *db, const char *account, const char *kind, const char *key,
                 const char *value, int64_t until, struct sl_err *err);

/* The same, but what is known and has not ended by now stays. */
int sl_facts_put_first(struct sl_db *db, const char *account, const char *kind, const char *key,
                       const char *value, int64_t until, int64_t now_ms, struct sl_err *err);

/* Returns 0, also if nothing was known, or -1. */
int sl_facts_forget(struct sl_db *db, const char *account, const char *kind, const char *key,
                    struct sl_err *err);

#endif
