/* sl-config authorize: the first consent, where a provider wants a person's. */
#ifndef SL_CMD_COMMON_AUTHORIZE_VERB_H
#define SL_CMD_COMMON_AUTHORIZE_VERB_H

#include "lib/cli/cli.h"

struct sl_authorize_options {
    bool device;
};
extern const struct sl_opt sl_authorize_options[];

int sl_authorize_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
