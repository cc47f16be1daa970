/* The verbs of sl-config that are about a school's settings at its providers. */
#ifndef SL_CMD_COMMON_CONFIG_VERBS_H
#define SL_CMD_COMMON_CONFIG_VERBS_H

#include "lib/cli/cli.h"

struct sl_set_options {
    const char *environment, *from;
    bool primary;
};
extern const struct sl_opt sl_set_options[];

int sl_fields_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_set_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_unset_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_configs_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_configs_show_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_enable_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_disable_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_primary_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_rank_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

/* SL_ERR_DATA with a "did you mean" if it is none. */
int sl_check_category(const char *category, struct sl_err *err);

#endif
