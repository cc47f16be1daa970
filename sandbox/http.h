/* Requests in, answers out: libmicrohttpd, driven by our own loop. */
#ifndef SL_SANDBOX_HTTP_H
#define SL_SANDBOX_HTTP_H

#include <stdint.h>

#include "lib/base/err.h"

struct sl_sandbox;
struct sl_http;

enum { SL_HTTP_CONNECTIONS = 4096, SL_HTTP_BODY = 1024 * 1024 };

/* Takes the listening socket over, also when it fails (then NULL). */
struct sl_http *sl_http_new(struct sl_sandbox *box, int listener, struct sl_err *err);

/* Ends every connection, answered or not. Nothing may hold a visit any more. For SL_AUTO(). */
void sl_http_free(struct sl_http **http);

int sl_http_socket(const struct sl_http *http); /* readable: run */
void sl_http_run(struct sl_http *http);
int64_t sl_http_wait_ms(const struct sl_http *http); /* -1: until the socket is readable */

#endif
