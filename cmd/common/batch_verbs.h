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

/* The rows of these in a program's table of verbs; `thing` is what it sends: "message". */
/* clang-format off */
#define SL_BATCH_VERBS(thing)                                                                      \
    { .name = "resume",                                                                            \
      .operands = "BATCH",                                                                         \
      .summary = "Finish a list that was interrupted",                                             \
      .options = sl_resume_options,                                                                \
      .options_size = sizeof(struct sl_resume_options),                                            \
      .min_operands = 1,                                                                           \
      .max_operands = 1,                                                                           \
      .run = sl_resume_run },                                                                      \
    { .name = "cancel",                                                                            \
      .operands = "BATCH",                                                                         \
      .summary = "Keep what has not left from leaving",                                            \
      .min_operands = 1,                                                                           \
      .max_operands = 1,                                                                           \
      .run = sl_cancel_run },                                                                      \
    { .name = "batches",                                                                           \
      .summary = "List the batches, newest first",                                                 \
      .run = sl_batches_run,                                                                       \
      .common = SL_USES_SCHOOL },                                                                  \
    { .name = "status",                                                                            \
      .operands = "ID|BATCH",                                                                      \
      .summary = "Show a " thing ", or all of a batch",                                            \
      .options = sl_status_options,                                                                \
      .options_size = sizeof(struct sl_status_options),                                            \
      .min_operands = 1,                                                                           \
      .max_operands = 1,                                                                           \
      .run = sl_status_run }
/* clang-format on */

#endif
