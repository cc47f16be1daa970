/* What sl-whatsapp asks of the account, and tells it. */
#ifndef SL_CMD_COMMON_WHATSAPP_ASK_H
#define SL_CMD_COMMON_WHATSAPP_ASK_H

#include "lib/cli/cli.h"

struct sl_templates_options {
    const char *name;
};
extern const struct sl_opt sl_templates_options[];
int sl_templates_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

int sl_read_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
