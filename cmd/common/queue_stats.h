/* `sl-queue stats`: the queue in numbers, for a person, for Nagios and for Prometheus. */
#ifndef SL_CMD_COMMON_QUEUE_STATS_H
#define SL_CMD_COMMON_QUEUE_STATS_H

#include "lib/cli/cli.h"

struct sl_stats_options {
    bool check;
    const char *warning_age, *critical_age, *metrics;
};
extern const struct sl_opt sl_stats_options[];
int sl_stats_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

#endif
