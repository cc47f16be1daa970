/* The verbs of a message program about people who want no more of its messages. */
#ifndef SL_CMD_COMMON_OPTOUT_VERBS_H
#define SL_CMD_COMMON_OPTOUT_VERBS_H

#include "lib/cli/cli.h"

int sl_optout_add_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_optout_remove_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_optout_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
