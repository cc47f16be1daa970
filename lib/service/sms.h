/* Texts: one to some numbers, or a list with a template. What is accepted here is in the
 * database; sl_engine_run() with the batch as its filter sends it. */
#ifndef SL_SERVICE_SMS_H
#define SL_SERVICE_SMS_H

#include <stdio.h>

#include "lib/service/service.h"
#include "lib/store/messages.h"
#include "lib/store/schools.h"
#include "lib/text/csv.h"

/* What texts of one command have in common. */
struct sl_sms_options {
    const char *provider; /* code, or NULL: the school's primary */
    const char *from;     /* sender id, or NULL: the account's */
    const char *text;     /* of `send`; the template of a list */
    const char *key;      /* idempotency key, or NULL */
    int64_t max_segments; /* a longer text is refused */
    bool plain;           /* curly quotes and the like become GSM characters */
};

/* Records one text to some numbers. One bad number refuses all (SL_ERR_DATA). Numbers that are
 * opted out or repeated are recorded as skipped. A known key gives the earlier batch, if text
 * and numbers are the same (*fresh is false), else SL_ERR_DATA. */
int sl_sms_send_record(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_school *school, const struct sl_sms_options *options,
                       const char *const *numbers, size_t n, struct sl_batch *batch, bool *fresh,
                       struct sl_err *err);

/* A text as it will be sent, looked at: segments, or why it is refused. In the arena. */
struct sl_sms_text {
    const char *text;
    int64_t segments;
    const char *refused; /* NULL: it may be sent */
};
struct sl_sms_text sl_sms_look(struct sl_arena *arena, const char *text,
                               const struct sl_sms_options *options);

/* ---- Lists ------------------------------------------------------------------------------ */

enum sl_bulk_mode {
    SL_BULK_RECORD,   /* every row becomes a message */
    SL_BULK_DRY,      /* nothing is recorded; what would stop the list does so here too */
    SL_BULK_ESTIMATE, /* nor is a provider needed; without a school nobody has opted out */
};

struct sl_bulk_options {
    struct sl_sms_options sms;
    FILE *in;                 /* borrowed */
    const char *phone_column; /* "phone" */
    bool strict;              /* the first bad row refuses the list */
    enum sl_bulk_mode mode;
    FILE *dry_report; /* of a dry run: every row, "ready" where it would be sent; may be NULL */
    void (*progress)(void *opaque, int64_t rows);
    void *opaque;
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

/* Estimates without a school (id 0, the country given) need no service: it may be NULL.
 *
 * Reads the list to its end and records every row, bad and skipped ones too, with its line; then
 * the batch is still "loading", and nothing of it is sent before sl_batches_ready() with the
 * `content_hash` that is given here. A list of the same key that was read in part is read on;
 * one that was read whole must be the same to the byte (SL_ERR_DATA). No row at all, an unknown
 * column, a header that is none: SL_ERR_DATA, and nothing is left behind. If every row is bad
 * (failed == total) the caller reports them, discards the batch, and sl_bulk_refuse()s the list. */
int sl_bulk_load(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                 const struct sl_bulk_options *options, struct sl_batch *batch,
                 struct sl_bulk_totals *totals, char content_hash[65], struct sl_err *err);

/* "no row of the list can be sent", and why: SL_ERR_DATA. Returns -1. */
int sl_bulk_refuse(const struct sl_bulk_totals *totals, struct sl_err *err);

/* What a text of this school last cost: in 10^-6 for a segment. Returns 1, 0 if none is known,
 * or -1. */
int sl_sms_price(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                 int64_t *micro_per_segment, const char **currency, struct sl_err *err);

/* The report: CSV, one row for each of the list, in its order. A list that is refused has rows
 * and no ids: what was recorded of it is discarded. */
enum sl_bulk_ids { SL_WITH_IDS, SL_WITHOUT_IDS };
extern const char *const sl_bulk_report_columns[10];
int sl_bulk_report(struct sl_service *service, int64_t batch_id, enum sl_bulk_ids ids, FILE *out,
                   const char *name, struct sl_err *err);

#endif
