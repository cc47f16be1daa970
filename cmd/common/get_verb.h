/* sl-storage get: into a temporary file first, which gets its name when it is whole. */
#ifndef SL_CMD_COMMON_GET_VERB_H
#define SL_CMD_COMMON_GET_VERB_H

#include "lib/cli/cli.h"

int sl_get_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
