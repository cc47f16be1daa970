/* The verbs of sl-config that are about schools. */
#ifndef SL_CMD_COMMON_SCHOOL_VERBS_H
#define SL_CMD_COMMON_SCHOOL_VERBS_H

#include "lib/cli/cli.h"

struct sl_school_options {
    const char *name, *country, *timezone, *currency, *status, *receipt_template;
    struct sl_list keep;
};
extern const struct sl_opt sl_school_add_options[], sl_school_edit_options[];

int sl_school_add_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_school_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_school_show_run(const struct sl_cli *cli, const void *options, struct sl_err *err);
int sl_school_edit_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
