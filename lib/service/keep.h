/* How long personal data is kept, by kind and school: "bodies=90,messages=365". What no kind is named for is
 * kept for ever. */
#ifndef SL_SERVICE_KEEP_H
#define SL_SERVICE_KEEP_H

#include "lib/service/service.h"
#include "lib/store/keep.h"

const char *sl_keep_kind_name(enum sl_keep_kind kind); /* "bodies" … */

struct sl_keep {
    int64_t days[SL_KEEP_KINDS]; /* 0: not said */
};

/* NULL: nothing is said. SL_ERR_DATA for what is no list of KIND=DAYS, or names a kind twice. */
int sl_keep_read(const char *text, struct sl_keep *keep, struct sl_err *err);

/* One "KIND=DAYS" more; "KIND=" takes it back. SL_ERR_DATA. */
int sl_keep_change(struct sl_keep *keep, const char *pair, struct sl_err *err);

/* What sl_keep_read() reads; NULL if nothing is said. */
const char *sl_keep_print(struct sl_arena *arena, const struct sl_keep *keep);

/* Erases what is older than its school keeps it, or where that says nothing than settings.keep_days
 * does: lib/store/keep.h. A thousand rows a transaction; killed between two, the next run does what is
 * left. Rows that went, or with `dry` would, are counted to counts[SL_KEEP_KINDS]. One row of the audit trail
 * tells them for each school that lost any, and others which log rows lost their bodies. Needs the index
 * key. Fails as sl_prune_check_clock() does before it erases anything. */
int sl_keep_apply(struct sl_service *service, bool dry, int64_t now_ms, int64_t *counts,
                  struct sl_err *err);

#endif
