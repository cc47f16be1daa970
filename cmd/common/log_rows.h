/* Log rows, as sl-logs prints them: the specification's columns under their names, and ours. */
#ifndef SL_CMD_COMMON_LOG_ROWS_H
#define SL_CMD_COMMON_LOG_ROWS_H

#include "lib/cli/output.h"
#include "lib/store/logs.h"

enum sl_log_detail {
    SL_LOG_SHORT,    /* without what makes the chain */
    SL_LOG_WHOLE,    /* all columns */
    SL_LOG_REVEALED, /* all, and the people that it is about, as a JSON array */
};

struct sl_output *sl_log_output(const struct sl_cli *cli, enum sl_shape shape,
                                enum sl_log_detail detail, const char *zone);

/* `people` is looked at only with SL_LOG_REVEALED. */
int sl_log_print(struct sl_output *output, const struct sl_log_row *row, const char *people,
                 struct sl_err *err);

#endif
