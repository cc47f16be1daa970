/* What bulk.c (the list, its batch) and bulk_rows.c (one row: judged, recorded or reported) share. */
#ifndef SL_SERVICE_BULK_PRIVATE_H
#define SL_SERVICE_BULK_PRIVATE_H

#include "lib/service/bulk.h"

enum { OPEN_PAYLOADS = 64 }; /* queue rows that wait for more recipients of the same */

/* A queue row that has room for more recipients of the same payload. */
struct open_payload {
    int64_t hash, row_id, n;
};

struct loader {
    struct sl_service *service;
    struct sl_arena *arena; /* of the whole run */
    struct sl_arena *page;  /* of the rows of one commit */
    const struct sl_bulk_options *options;
    const struct sl_school *school;
    struct sl_sender sender;
    struct sl_csv *csv;
    size_t address_column;
    struct sl_batch *batch;
    struct sl_bulk_totals *totals;
    struct sl_hash list_hash, message_hash;
    struct open_payload open[OPEN_PAYLOADS];
    size_t oldest;
    bool any_optouts;
    int64_t loaded_line; /* a list that is read on: up to here it is recorded */
    int64_t *seen;       /* dry run: hashes of messages, open addressing */
    size_t n_seen, seen_size;
};

/* What is to become of a row. In the page's arena. */
struct verdict {
    size_t line;
    const char *status; /* "queued", "failed", "skipped" */
    const char *given, *error;
    struct sl_draft draft;
};

/* Outside of a transaction: a channel may copy files. */
struct verdict bulk_judge(struct loader *loader, const struct sl_csv_row *row);

/* Records it, or (in a dry run) reports it. */
int bulk_take(struct loader *loader, struct verdict *verdict, struct sl_err *err);

/* Whether a row is the one that is recorded with its line: 1, 0 or -1. */
int bulk_same(struct loader *loader, const struct verdict *verdict, struct sl_err *err);

bool bulk_records(const struct loader *loader); /* it is no dry run */

#endif
