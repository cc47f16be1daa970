/* The verbs that all message programs share, for one channel each: what became of a batch,
 * finishing it, keeping it from leaving. */
#ifndef SL_CMD_COMMON_BATCH_VERBS_H
#define SL_CMD_COMMON_BATCH_VERBS_H

#include "lib/cli/cli.h"

extern const struct sl_opt sl_resume_options[], sl_status_options[];
struct sl_resume_options {
    const char *report;
    bool resend_unknown;
    int64_t connections;
};
struct sl_status_options {
    const char *report;
    bool ask;
};
int sl_resume_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_cancel_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_status_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_batches_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
