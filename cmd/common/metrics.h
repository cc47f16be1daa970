/* What Prometheus reads, in its text format (version 0.0.4). */
#ifndef SL_CMD_COMMON_METRICS_H
#define SL_CMD_COMMON_METRICS_H

#include "cmd/common/queue_state.h"
#include "lib/base/arena.h"

void sl_metrics_write(struct sl_buf *out, const struct sl_queue_state *state);

#endif
