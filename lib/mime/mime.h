/* A mail as it goes over the wire: RFC 5322 and MIME (RFC 2045 to 2047, 2231), by GMime, which is
 * loaded when the first mail is made: most programs never make one. */
#ifndef SL_MIME_MIME_H
#define SL_MIME_MIME_H

#include "lib/adapter/adapter.h"
#include "lib/adapter/mail.h"
#include "lib/base/err.h"

/* The whole message as pieces: 7 bits clean, lines of at most 998 characters, all ends CRLF. Files
 * are read when it is sent, not now. In the arena. SL_ERR_CONFIG if libgmime-3.0 is not installed. */
int sl_mime_pieces(struct sl_arena *arena, const struct sl_mail *mail,
                   const struct sl_piece **pieces, size_t *n_pieces, struct sl_err *err);

#endif
