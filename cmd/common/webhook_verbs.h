/* The verbs of sl-config that are about the addresses that providers call. */
#ifndef SL_CMD_COMMON_WEBHOOK_VERBS_H
#define SL_CMD_COMMON_WEBHOOK_VERBS_H

#include "lib/cli/cli.h"

struct sl_webhook_options {
    const char *name;
};
extern const struct sl_opt sl_webhook_options[];

int sl_webhook_add_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_webhook_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_webhook_rotate_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_webhook_disable_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
