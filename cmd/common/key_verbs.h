/* The verbs of sl-config that are about the key ring. */
#ifndef SL_CMD_COMMON_KEY_VERBS_H
#define SL_CMD_COMMON_KEY_VERBS_H

#include "lib/cli/cli.h"

int sl_key_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_key_rotate_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_key_retire_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
