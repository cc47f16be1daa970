/* The verbs of a message program about people who want no more of its messages. */
#ifndef SL_CMD_COMMON_OPTOUT_VERBS_H
#define SL_CMD_COMMON_OPTOUT_VERBS_H

#include "lib/cli/cli.h"

int sl_optout_add_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_optout_remove_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_optout_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

/* The rows of these in a program's table of verbs; whom they are about: "NUMBER", "numbers". */
/* clang-format off */
#define SL_OPTOUT_VERBS(operand, those)                                                            \
    { .name = "optout add",                                                                        \
      .operands = operand "...",                                                                   \
      .summary = "Send these " those " nothing more",                                              \
      .min_operands = 1,                                                                           \
      .max_operands = SIZE_MAX,                                                                    \
      .run = sl_optout_add_run,                                                                    \
      .common = SL_NEEDS_SCHOOL },                                                                 \
    { .name = "optout remove",                                                                     \
      .operands = operand "...",                                                                   \
      .summary = "Let these " those " be written to again",                                        \
      .min_operands = 1,                                                                           \
      .max_operands = SIZE_MAX,                                                                    \
      .run = sl_optout_remove_run,                                                                 \
      .common = SL_NEEDS_SCHOOL },                                                                 \
    { .name = "optout list",                                                                       \
      .summary = "Show the " those " that want nothing more",                                      \
      .run = sl_optout_list_run,                                                                   \
      .common = SL_NEEDS_SCHOOL }
/* clang-format on */

#endif
