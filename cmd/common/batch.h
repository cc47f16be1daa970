/* What a batch came to, printed and told; and the end that a list has. */
#ifndef SL_CMD_COMMON_BATCH_H
#define SL_CMD_COMMON_BATCH_H

#include "cmd/common/report.h"
#include "lib/cli/output.h"
#include "lib/service/engine.h"
#include "lib/service/sender.h"
#include "lib/service/service.h"
#include "lib/store/messages.h"
#include "lib/store/schools.h"

/* The channel of the program: "sl-sms" → texts. */
const struct sl_channel *sl_batch_channel(const struct sl_cli *cli);

/* One record for each message of a batch, or for its line. */
int sl_batch_print(const struct sl_cli *cli, struct sl_service *service, int64_t batch_id,
                   int64_t line, const char *zone, struct sl_err *err);

enum { SL_SUMMARY_COLUMNS = 13 };

/* The fields of the summary: its columns in all formats, its line on stderr, and, for programs, the
 * object where sl_report_summary() puts it (nothing if the format is a table: people have read the
 * line); `report` may be NULL: there is none. */
extern const struct sl_column sl_summary_columns[SL_SUMMARY_COLUMNS];
int sl_summary_row(const struct sl_cli *cli, struct sl_output *output, const struct sl_batch *batch,
                   const struct sl_batch_counts *counts, const char *seconds, struct sl_err *err);
int sl_summary_print(const struct sl_cli *cli, const struct sl_batch *batch,
                     const struct sl_batch_counts *counts, const char *seconds, const char *zone,
                     const struct sl_report *report, struct sl_err *err);

/* What the batch came to, as the exit status; `run` may be NULL. */
int sl_batch_status(const struct sl_batch_counts *counts, const struct sl_engine_counts *run);

/* What is left, why, and what to do about it: on stderr. */
void sl_batch_tell_rest(const struct sl_cli *cli, const struct sl_batch *batch,
                        const struct sl_batch_counts *counts, const struct sl_engine_counts *run);

/* The end that bulk and resume have in common: sends what is due of a batch, with a progress bar,
 * waiting for rows of a process that died until its lease is over; then summary, report, what to do
 * next. Returns the exit status, or -1 with an error that names the batch. */
struct sl_finish {
    struct sl_service *service;
    const struct sl_school *school;
    const struct sl_batch *batch;
    struct sl_report *report; /* opened, or none: its path is NULL */
    int64_t total;            /* rows, for the bar */
    int64_t connections;      /* requests at once */
    int64_t started_ms;       /* boot clock */
    bool detach;              /* the timer sends */
};
int sl_batch_finish(const struct sl_cli *cli, const struct sl_finish *finish, struct sl_err *err);

/* Asks the provider how far a message came and what it cost, and waits for the answer. SL_ERR_USAGE
 * for a whole batch, SL_ERR_DATA for a message whose reference nobody knows, SL_ERR_CONFIG for a
 * provider that cannot be asked. */
int sl_batch_ask(const struct sl_cli *cli, struct sl_service *service, const struct sl_batch *batch,
                 const struct sl_school *school, int64_t line, struct sl_err *err);

#endif
