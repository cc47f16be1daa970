/* The daemon that providers call: requests in groups, each group one commit; between them what
 * came is applied, and schools' programs are asked whether a payment may come. */
#ifndef SL_CMD_COMMON_SERVE_H
#define SL_CMD_COMMON_SERVE_H

#include "lib/cli/cli.h"
#include "lib/httpd/httpd.h"
#include "lib/service/service.h"

/* Serves until SIGTERM or SIGINT. `where` says on which address and with what certificate; whom it
 * calls is filled in here. */
int sl_serve(const struct sl_cli *cli, struct sl_service *service,
             const struct sl_httpd_options *where, struct sl_err *err);

#endif
