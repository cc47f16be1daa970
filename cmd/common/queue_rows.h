/* Rows of the queue, as sl-queue prints them. */
#ifndef SL_CMD_COMMON_QUEUE_ROWS_H
#define SL_CMD_COMMON_QUEUE_ROWS_H

#include "lib/cli/output.h"
#include "lib/store/queue_view.h"

struct sl_output *sl_queue_output(const struct sl_cli *cli, enum sl_shape shape, const char *zone);

/* Phones in its error are masked, in the arena. */
int sl_queue_print(struct sl_output *output, struct sl_arena *arena, const struct sl_queue_row *row,
                   struct sl_err *err);

/* Everything that is known of one row: its payload, masked, and the reason of every attempt. */
int sl_queue_show_run(const struct sl_cli *cli, const void *options, struct sl_err *err);

/* The operand as an id, and the school that it must be of (0: any). */
int sl_queue_read_id(const struct sl_cli *cli, struct sl_db *db, int64_t *id, int64_t *school_id,
                     struct sl_err *err);

#endif
