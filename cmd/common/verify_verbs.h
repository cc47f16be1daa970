/* sl-pay verify and reconcile: whether money came, asked of the provider; or decided by a person. */
#ifndef SL_CMD_COMMON_VERIFY_VERBS_H
#define SL_CMD_COMMON_VERIFY_VERBS_H

#include "lib/cli/cli.h"

struct sl_pay_verify_options {
    const char *accept, *amount;
};
extern const struct sl_opt sl_pay_verify_options[];
int sl_pay_verify_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

struct sl_pay_reconcile_options {
    const char *older_than;
};
extern const struct sl_opt sl_pay_reconcile_options[];
int sl_pay_reconcile_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
