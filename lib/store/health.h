/* Whether the database is sound: what `sl-config doctor` asks it. */
#ifndef SL_STORE_HEALTH_H
#define SL_STORE_HEALTH_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

/* The first thing that is wrong with its pages and rows, in the arena; NULL: nothing. */
int sl_health_pages(struct sl_db *db, struct sl_arena *arena, const char **trouble,
                    struct sl_err *err);

/* How many rows refer to what is not there; at most a hundred are counted. */
int sl_health_references(struct sl_db *db, int64_t *count, struct sl_err *err);

/* Whether readers and writers work beside each other (SQLite's write-ahead log). Returns 1, 0 or
 * -1. */
int sl_health_concurrent(struct sl_db *db, struct sl_err *err);

/* When the newest row of the log was written; 0: there is none. */
int sl_health_newest(struct sl_db *db, int64_t *ms, struct sl_err *err);

/* A provider, in the arena, whose last answer told another time than we have (lib/store/facts.h): of
 * several the one that is furthest from ours, with how many seconds ours is ahead of it. NULL: there is
 * none. */
int sl_health_clock(struct sl_db *db, struct sl_arena *arena, const char **provider,
                    int64_t *ahead_s, struct sl_err *err);

/* The cure of a damaged database. */
extern const char sl_health_restore[];

#endif
