/* Lists: a CSV and what a channel makes of its rows become messages and queue rows. The same for
 * all channels; what is accepted here is in the database, and sl_engine_run() with the batch as its
 * filter sends it. */
#ifndef SL_SERVICE_BULK_H
#define SL_SERVICE_BULK_H

#include <stdio.h>

#include "lib/service/sender.h"
#include "lib/text/csv.h"

/* What a channel makes of a row. All of it in the arena that draft() is given. */
struct sl_draft {
    const char *address;         /* as it is sent to */
    const char *payload;         /* JSON: what the channel's operation loads */
    int64_t segments;            /* 0 where a channel has none */
    const struct sl_file *files; /* n_files in the spool that the payload names */
    size_t n_files;
    const char *refused; /* why it cannot be sent; NULL: it can */
};

/* A channel's part of a list: its templates and options, with these functions over them. */
struct sl_bulk_maker {
    const struct sl_channel *channel;
    const char *address_column, *address_noun; /* "phone", "phone numbers" */

    /* Is told the columns before the first row, and who sends (NULL for an estimate, as may be the
     * service then); SL_ERR_DATA for what is wrong with every row. */
    int (*begin)(void *self, struct sl_service *service, struct sl_arena *arena,
                 const struct sl_school *school, const struct sl_sender *sender,
                 const struct sl_columns *columns, struct sl_err *err);
    /* Makes one row, a good one; `address` is its field of the address column. Not inside a
     * transaction. */
    struct sl_draft (*draft)(void *self, struct sl_arena *arena, const char *address,
                             const char *const *fields);
    /* Of templates and options: the same key with others is refused by it. */
    void (*text_hash)(void *self, char hex[65]);
    void *self;
};

enum sl_bulk_mode {
    SL_BULK_RECORD,   /* every row becomes a message */
    SL_BULK_DRY,      /* nothing is recorded; what would stop the list does so here too */
    SL_BULK_ESTIMATE, /* nor is a provider needed; without a school nobody has opted out */
};

struct sl_bulk_options {
    struct sl_bulk_maker maker;
    const char *provider; /* code, or NULL: the school's primary */
    const char *key;      /* idempotency key, or NULL */
    FILE *in;             /* borrowed */
    bool strict;          /* the first bad row refuses the list */
    enum sl_bulk_mode mode;
    FILE *dry_report; /* of a dry run: every row, "ready" where it would be sent; may be NULL */
};

enum { SL_BULK_REASONS = 3 };

struct sl_bulk_totals {
    int64_t total, good, failed, skipped, segments;
    bool known; /* the key's earlier batch: nothing was read anew */
    struct {
        int64_t line;
        const char *error;
    } bad[SL_BULK_REASONS]; /* the first of the bad rows; line 0 ends them */
};

/* Reads the list to its end and records every row, bad and skipped ones too, with its line; then
 * the batch is still "loading", and nothing of it is sent before sl_batches_ready() with the
 * `content_hash` that is given here. A list of the same key that was read in part is read on;
 * one that was read whole must be the same to the byte (SL_ERR_DATA). No row at all, an unknown
 * column, a header that is none: SL_ERR_DATA, and nothing is left behind. If every row is bad
 * (failed == total) the caller reports them, discards the batch, and sl_bulk_refuse()s the list.
 *
 * Estimates without a school (id 0, the country given) need no service: it may be NULL. */
int sl_bulk_load(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                 const struct sl_bulk_options *options, struct sl_batch *batch,
                 struct sl_bulk_totals *totals, char content_hash[65], struct sl_err *err);

/* "no row of the list can be sent", and why: SL_ERR_DATA. Returns -1. */
int sl_bulk_refuse(const struct sl_bulk_totals *totals, struct sl_err *err);

/* What a message of this school last cost: in 10^-6 for a segment. Returns 1, 0 if none is known,
 * or -1. */
int sl_bulk_price(struct sl_service *service, struct sl_arena *arena,
                  const struct sl_school *school, enum sl_category category,
                  int64_t *micro_per_segment, const char **currency, struct sl_err *err);

/* The report: CSV, one row for each of the list, in its order. A list that is refused has rows
 * and no ids: what was recorded of it is discarded. */
enum sl_bulk_ids { SL_WITH_IDS, SL_WITHOUT_IDS };
enum { SL_REPORT_COLUMNS = 10 };
int sl_bulk_report(struct sl_service *service, const struct sl_channel *channel, int64_t batch_id,
                   enum sl_bulk_ids ids, FILE *out, const char *name, struct sl_err *err);
int sl_bulk_report_header(FILE *out, const struct sl_channel *channel); /* -1, and errno */

#endif
