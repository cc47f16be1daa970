/* A mail server, simulated: what a school's own would be told (docs/providers/smtp.md). Without TLS,
 * since it listens on this machine alone. */
#ifndef SL_SANDBOX_SMTP_H
#define SL_SANDBOX_SMTP_H

#include <stdbool.h>

#include "lib/base/err.h"

struct sl_sandbox;
struct sl_smtp_server;

#define SL_SANDBOX_MAILBOX "sandbox"
#define SL_SANDBOX_PASSWORD "sandbox-password"

/* The caller owns *server, after a failure too. Listens on 127.0.0.1 at that port, or at a free one if it is taken or 0. Its sockets are added to
 * `loop`, an epoll instance. */
int sl_smtp_open(struct sl_smtp_server **server, struct sl_sandbox *box, int port, int loop,
                 struct sl_err *err);
void sl_smtp_close(struct sl_smtp_server **server); /* for SL_AUTO() */
int sl_smtp_port(const struct sl_smtp_server *server);

/* False if the socket is none of its own. */
bool sl_smtp_ready(struct sl_smtp_server *server, int socket);

#endif
