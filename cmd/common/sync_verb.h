/* sl-lms sync: a roster is read, what is there is compared, and what differs is shown and applied. */
#ifndef SL_CMD_COMMON_SYNC_VERB_H
#define SL_CMD_COMMON_SYNC_VERB_H

#include "lib/cli/cli.h"

struct sl_sync_options {
    const char *file;
    bool yes, suspend_missing;
};
extern const struct sl_opt sl_sync_options[];
int sl_sync_verb_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
