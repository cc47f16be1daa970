/* The verbs that all message programs share, for one channel each: what became of a batch,
 * finishing it, keeping it from leaving; and the end that a list has. */
#ifndef SL_CMD_COMMON_BATCH_H
#define SL_CMD_COMMON_BATCH_H

#include <stdio.h>

#include "lib/cli/cli.h"
#include "lib/service/engine.h"
#include "lib/service/service.h"
#include "lib/store/messages.h"
#include "lib/store/schools.h"

/* A report is written beside its name and renamed when it is whole. */
struct sl_report {
    const char *path; /* NULL: none; "-": stdout */
    char *beside;
    FILE *file;
};
int sl_report_open(const struct sl_cli *cli, const char *path, struct sl_report *report,
                   struct sl_err *err);
int sl_report_close(struct sl_report *report, struct sl_err *err);
void sl_report_drop(struct sl_report *report); /* for SL_AUTO(): one that was not closed */

/* One record for each message of a batch, or for its line. */
int sl_batch_print(const struct sl_cli *cli, struct sl_service *service, int64_t batch_id,
                   int64_t line, const char *zone, struct sl_err *err);

/* What the batch came to, as the exit status; `run` may be NULL. */
int sl_batch_status(const struct sl_batch_counts *counts, const struct sl_engine_counts *run);

/* What is left, why, and what to do about it: on stderr. */
void sl_batch_tell_rest(const struct sl_cli *cli, const struct sl_batch *batch,
                        const struct sl_batch_counts *counts, const struct sl_engine_counts *run);

/* The end that bulk and resume have in common: sends what is due of a batch, with a progress bar,
 * waiting for rows of a process that died until its lease is over; then summary, report, what to do
 * next. Returns the exit status, or -1 with an error that names the batch. */
struct sl_finish {
    int64_t total;       /* rows, for the bar */
    int64_t connections; /* requests at once */
    int64_t started_ms;  /* boot clock */
    bool detach;         /* the timer sends */
};
int sl_batch_finish(const struct sl_cli *cli, struct sl_service *service,
                    const struct sl_school *school, const struct sl_batch *batch,
                    const struct sl_finish *finish, struct sl_report *report, struct sl_err *err);

/* The verbs, with their options. */
extern const struct sl_opt sl_resume_options[], sl_status_options[];
struct sl_resume_options {
    const char *report;
    bool resend_unknown;
    int64_t connections;
};
struct sl_status_options {
    const char *report;
};
int sl_resume_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_cancel_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_status_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_batches_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
