/* The verbs of `sl-pay c2b`. */
#ifndef SL_CMD_COMMON_C2B_VERBS_H
#define SL_CMD_COMMON_C2B_VERBS_H

#include "lib/cli/cli.h"

struct sl_simulate_options {
    const char *phone, *amount, *reference;
};
extern const struct sl_opt sl_simulate_options[];

struct sl_accounts_options {
    const char *file;
};
extern const struct sl_opt sl_accounts_options[];

int sl_c2b_register_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_c2b_simulate_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_c2b_import_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_c2b_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_c2b_clear_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
