/* sl-logs show: one row, and whom it is about. */
#ifndef SL_CMD_COMMON_LOG_SHOW_H
#define SL_CMD_COMMON_LOG_SHOW_H

#include "lib/cli/cli.h"

struct sl_show_options {
    bool reveal;
};

int sl_show_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
