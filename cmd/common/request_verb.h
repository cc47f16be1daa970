/* `sl-pay request`. */
#ifndef SL_CMD_COMMON_REQUEST_VERB_H
#define SL_CMD_COMMON_REQUEST_VERB_H

#include "lib/cli/cli.h"

struct sl_request_options {
    const char *phone, *amount, *reference, *description, *email, *name, *key;
    struct sl_maybe wait;
    struct sl_list meta;
};
extern const struct sl_opt sl_request_options[];

int sl_request_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
