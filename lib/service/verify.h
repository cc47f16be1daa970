/* Whether the audit trail is as it was written: every row's hash, digest and predecessor, every
 * anchor's signature. */
#ifndef SL_SERVICE_VERIFY_H
#define SL_SERVICE_VERIFY_H

#include "lib/service/service.h"

enum sl_break_kind {
    SL_BREAK_EDITED,   /* a column or its phones differ from what the hashes stand for */
    SL_BREAK_MOVED,    /* the row is whole but was written under another id */
    SL_BREAK_INSERTED, /* the row is no link of the chain around it */
    SL_BREAK_REMOVED,  /* rows are missing in front or between */
    SL_BREAK_CUT,      /* rows are missing at the end */
    SL_BREAK_ERASED,   /* bodies are gone, and neither `sl-logs forget` nor `prune` says why */
    SL_BREAK_ANCHOR,   /* an anchor is not the one that we signed */
};

const char *sl_break_name(enum sl_break_kind kind); /* "edited", … */

struct sl_break {
    enum sl_break_kind kind;
    int64_t id, last_id; /* the rows that it is about; of an anchor its last_id */
    const char *text;    /* for a person; in the service's arena */
};

enum { SL_MOST_BREAKS = 1000 };

/* What somebody noted of an earlier run, to see that nothing was cut off the end or rewritten
 * since. */
struct sl_expected {
    int64_t id; /* 0: nothing */
    char hash[SL_LOG_HASH_SIZE];
};

struct sl_verified {
    int64_t rows, first_id;
    struct sl_log_link head;  /* the last row's id and hash: to be noted */
    int64_t anchors, removed; /* removed: rows that anchors stand for */
    int64_t erased;           /* rows whose bodies were erased for a person */
    bool expected_pruned;     /* the expected row is gone, and no anchor ends with it */
    struct sl_break breaks[SL_MOST_BREAKS];
    size_t n_breaks; /* of all; only the first SL_MOST_BREAKS are kept */
};

/* Reads every row, in one state of the database. Needs the index key. Returns 0, however broken
 * the trail is, or -1 if it could not be read. */
int sl_verify(struct sl_service *service, const struct sl_expected *expected,
              struct sl_verified *verified, struct sl_err *err);

#endif
