/* A body made of pieces, read a bit at a time: however long its files are, a few kilobytes of it
 * are in memory. */
#ifndef SL_TRANSFER_PIECES_H
#define SL_TRANSFER_PIECES_H

#include <sys/types.h>

#include "lib/adapter/adapter.h"
#include "lib/base/err.h"

/* How long the body will be, in bytes. */
int64_t sl_pieces_size(const struct sl_piece *pieces, size_t n);

struct sl_pieces;

/* Opens every file, so that what is missing is told before anything leaves. Pieces and arena must
 * outlive it; on success the caller owns *reader. SL_ERR_IO if a file cannot be read or is shorter
 * than its piece. */
int sl_pieces_open(struct sl_pieces **reader, struct sl_arena *arena, const struct sl_piece *pieces,
                   size_t n, struct sl_err *err);
void sl_pieces_close(struct sl_pieces **reader); /* for SL_AUTO() */

/* The next bytes, at most `size`. Returns how many, 0 at the end, or -1 if a file could not be read
 * any more or has become shorter. */
ssize_t sl_pieces_read(struct sl_pieces *reader, char *bytes, size_t size);

/* The SHA-256 of n bytes of a file, as 64 lower-case hex digits in the arena. NULL with SL_ERR_DATA
 * if it cannot be read or is shorter: what was accepted is not there any more. */
const char *sl_pieces_digest(struct sl_arena *arena, const struct sl_file *file, int64_t offset,
                             int64_t n, struct sl_err *err);

#endif
