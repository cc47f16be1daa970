/* AWS Signature Version 4, as S3 wants it: paths encoded once and not normalised. Source: AWS,
 * "Authenticating Requests (AWS Signature Version 4)", header-based and by query parameters. */
#ifndef SL_ADAPTER_SIGV4_H
#define SL_ADAPTER_SIGV4_H

#include "lib/adapter/adapter.h"

struct sl_sigv4 {
    const char *access_key_id, *secret;
    const char *session_token; /* of temporary keys, or NULL */
    const char *region, *service;
    int64_t now_ms;
};

/* The SHA-256 of no bytes, for requests without a body. */
extern const char sl_sigv4_empty[];

/* Signs a request whose method, base, path (with the query, in the canonical form that
 * sl_sigv4_query_add() makes) and headers are set, all of which are signed: adds x-amz-date,
 * x-amz-content-sha256, x-amz-security-token and Authorization. `digest` is the body's SHA-256 in
 * hex. */
void sl_sigv4_sign(struct sl_arena *arena, struct sl_request *request, const struct sl_sigv4 *keys,
                   const char *digest);

/* An address that opens for `expires_s` seconds (1 … 604,800) without a header: base and path are
 * those of a GET. In the arena. It is a credential. */
const char *sl_sigv4_url(struct sl_arena *arena, const char *base, const char *path,
                         const struct sl_sigv4 *keys, int64_t expires_s);

/* Appends name=value, percent-encoded, to a query; they must come in the order of the names'
 * bytes. "" is a value too. */
void sl_sigv4_query_add(struct sl_buf *query, const char *name, const char *value);

#endif
