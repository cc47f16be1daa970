/* The verbs of sl-config about who is told of what happened: hooks and alerts. */
#ifndef SL_CMD_COMMON_HOOK_VERBS_H
#define SL_CMD_COMMON_HOOK_VERBS_H

#include "lib/cli/cli.h"

struct sl_hook_options {
    const char *event, *url, *program;
};
extern const struct sl_opt sl_hook_options[];

int sl_hook_add_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_hook_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_hook_remove_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

struct sl_alert_options {
    const char *to, *event;
};
extern const struct sl_opt sl_alert_options[];

int sl_alert_add_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_alert_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_alert_remove_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
