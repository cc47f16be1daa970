/* The socket that a daemon listens on: made here, or handed in by systemd. */
#ifndef SL_HTTPD_LISTEN_H
#define SL_HTTPD_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "lib/base/arena.h"
#include "lib/base/cidr.h"
#include "lib/base/err.h"

struct sl_listener {
    int fd;           /* -1: none */
    const char *text; /* "127.0.0.1:8480", "[::1]:8480", "unix:/run/sl-webhook.sock" */
    const char *path; /* of a socket file of ours, removed at the end; NULL: none */
    bool is_public;   /* others than this machine can reach it */
};

/* `where` is ADDRESS:PORT (an IPv6 address in brackets; port 0: any that is free) or unix:PATH.
 * `may_be_public` false refuses with SL_ERR_CONFIG what others can reach, before it is opened. Texts
 * are in the arena. */
int sl_listener_open(struct sl_listener *listener, struct sl_arena *arena, const char *where,
                     bool may_be_public, struct sl_err *err);

/* The socket that systemd hands in, likewise. Returns 1, 0 if it hands in none, or -1. */
int sl_listener_take(struct sl_listener *listener, struct sl_arena *arena, bool may_be_public,
                     struct sl_err *err);
void sl_listener_close(struct sl_listener *listener); /* for SL_AUTO(); fd -1 is none */

/* Who is at the other end. Whoever comes by a socket file is on this machine: loopback. */
struct sl_ip sl_listener_peer(const struct sockaddr *address);

#endif
