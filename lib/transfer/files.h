/* Steps on files (struct sl_file_step), done a slice at a time so that the loop which drives them
 * can look after its lease and its other exchanges in between. */
#ifndef SL_TRANSFER_FILES_H
#define SL_TRANSFER_FILES_H

#include "lib/adapter/adapter.h"

struct sl_files;

/* Everything is in the arena or borrowed until the end. Never fails: what goes wrong is told by
 * sl_files_go_on(). `sink`: of a GET. */
struct sl_files *sl_files_start(struct sl_arena *arena, const struct sl_file_step *step,
                                const char *sink);

/* The next few megabytes. True when it is over: the exchange's body, n_body, n_sunk and error are
 * set then. */
bool sl_files_go_on(struct sl_files *files, struct sl_exchange *exchange);

/* Closes what is open. One that is not over leaves nothing behind. */
void sl_files_end(struct sl_files **files); /* for SL_AUTO() */

#endif
