/* The end that the `send` verb has in every message program. */
#ifndef SL_CMD_COMMON_SEND_H
#define SL_CMD_COMMON_SEND_H

#include "lib/cli/cli.h"
#include "lib/service/send.h"

/* Records and sends it, unless an earlier line with its key did, and tells what became of it; with
 * --dry-run tells what would be sent. Returns the exit status, or -1. */
int sl_send_run(const struct sl_cli *cli, struct sl_service *service,
                const struct sl_school *school, const struct sl_sending *sending,
                struct sl_err *err);

#endif
