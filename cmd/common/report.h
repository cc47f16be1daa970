/* The report of a list: a file that stands under its name when it is whole, and not before. */
#ifndef SL_CMD_COMMON_REPORT_H
#define SL_CMD_COMMON_REPORT_H

#include <stdio.h>

#include "lib/cli/output.h"

/* A report is written beside its name and renamed when it is whole. */
struct sl_report {
    const char *path; /* NULL: none; "-": stdout */
    char *beside;
    FILE *file;
};

/* `list` is what is being read for it, or NULL: a report in its place is SL_ERR_DATA. What cannot
 * be made is SL_ERR_CREATE. */
int sl_report_open(const struct sl_cli *cli, const char *path, FILE *list, struct sl_report *report,
                   struct sl_err *err);
int sl_report_close(struct sl_report *report, struct sl_err *err);

/* Where a summary goes in the format of the line: stdout, or stderr if the report is there. */
struct sl_output *sl_report_summary(const struct sl_cli *cli, const struct sl_report *report,
                                    const struct sl_column *columns, size_t n_columns,
                                    const char *zone);
void sl_report_drop(struct sl_report *report); /* for SL_AUTO(): one that was not closed */

#endif
