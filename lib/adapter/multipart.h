/* A body of multipart/form-data (RFC 7578), as browsers write it: names in UTF-8, files read while
 * they are sent. */
#ifndef SL_ADAPTER_MULTIPART_H
#define SL_ADAPTER_MULTIPART_H

#include "lib/adapter/adapter.h"

struct sl_multipart {
    struct sl_arena *arena;
    const char *boundary;
    struct sl_buf text; /* since the last file */
    struct sl_piece *pieces;
    size_t n_pieces;
};

/* For at most n_files files; its boundary is made of the call's nonce. */
void sl_multipart_begin(struct sl_multipart *form, const struct sl_call *call, size_t n_files);

/* NULL adds nothing. The value is sent as it is. */
void sl_multipart_add(struct sl_multipart *form, const char *name, const char *value);
void sl_multipart_file(struct sl_multipart *form, const char *name, const struct sl_file *file);

/* Makes it the body of the request, and says so in Content-Type. */
void sl_multipart_end(struct sl_multipart *form, struct sl_request *request);

#endif
