/* What arrived, kept compactly in order: 100,000 SMS take some 20 MB. */
#ifndef SL_SANDBOX_SEEN_H
#define SL_SANDBOX_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"

struct sl_visit;
struct sl_seen;
struct sl_seen_cursor;

enum { SL_SEEN_FIELDS = 8, SL_SEEN_MOST = 2000000 };

/* A kind of record: one constant for each operation. A record begins with at, provider,
 * operation, method and path; these members follow. */
struct sl_seen_kind {
    const char *operation;
    const char *names[SL_SEEN_FIELDS + 1]; /* up to the first NULL */
    unsigned numbers;                      /* bit i: value i is printed without quotes */
    unsigned live; /* bit i: the text at value i is printed as it is then, and must last
                    * until the reset */
};

struct sl_seen *sl_seen_new(void);
void sl_seen_free(struct sl_seen **seen); /* for SL_AUTO() */
void sl_seen_reset(struct sl_seen *seen);

/* One record of this visit. `values` go with kind->names, are copied unless live, and one
 * that is NULL leaves its member out. Beyond SL_SEEN_MOST records it is only counted. */
void sl_seen_add(struct sl_visit *visit, const struct sl_seen_kind *kind,
                 const char *const *values);

/* A copy that lasts until the reset, for live values: one text of a thousand records. */
const char *sl_seen_keep(struct sl_seen *seen, const char *text);

/* Reads what was there when it began, of one provider or (NULL) of all; `code` must last.
 * The cursor is in the arena. */
struct sl_seen_cursor *sl_seen_begin(const struct sl_seen *seen, struct sl_arena *arena,
                                     const char *code);
/* Writes up to `room` bytes of NDJSON; returns how many, 0 at the end. A reset ends it. */
size_t sl_seen_read(struct sl_seen_cursor *cursor, char *out, size_t room);

#endif
