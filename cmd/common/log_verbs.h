/* The verbs of sl-logs that keep the trail: verify, prune, forget. */
#ifndef SL_CMD_COMMON_LOG_VERBS_H
#define SL_CMD_COMMON_LOG_VERBS_H

#include "lib/cli/cli.h"

struct sl_verify_options {
    const char *expect;
};

struct sl_prune_options {
    const char *older_than;
};

struct sl_forget_options {
    const char *phone;
    bool yes;
};

int sl_verify_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_prune_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_forget_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

/* A number as somebody types it, in E.164; `country` NULL: only with a '+'. NULL after an error. */
const char *sl_log_phone(const struct sl_cli *cli, const char *text, const char *country,
                         struct sl_err *err);

#endif
