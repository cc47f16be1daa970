/* sl-config test. */
#ifndef SL_CMD_COMMON_TEST_VERB_H
#define SL_CMD_COMMON_TEST_VERB_H

#include "lib/cli/cli.h"

struct sl_test_options {
    bool deep;
};
extern const struct sl_opt sl_test_options[];

/* All providers that the school has set, or the one of --provider: 1 if any fails, 77 if
 * credentials are refused. */
int sl_test_verb_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
