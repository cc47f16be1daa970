/* What the verbs of sl-storage have in common: an operation at a school's storage provider, and
 * the records that it tells. */
#ifndef SL_CMD_COMMON_STORAGE_H
#define SL_CMD_COMMON_STORAGE_H

#include "cmd/common/asking.h"
#include "lib/cli/terminal.h"

struct sl_storing {
    struct sl_asking asking;
    const struct sl_file *spooled; /* of a put: the file that its row uses; or NULL */
    bool drawing;                  /* the bar is begun */
    struct sl_progress bar;
};

/* Opens service, school and account. `storing` is zeroed, and stays where it is. */
int sl_storing_begin(struct sl_storing *storing, const struct sl_cli *cli, struct sl_err *err);
void sl_storing_end(struct sl_storing *storing); /* for SL_AUTO() */

#endif
