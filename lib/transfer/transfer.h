/* The one loop through which everything is sent: curl_multi over epoll, thousands of exchanges
 * in one thread. Requests of different pools never share a connection; over TLS many go at once
 * over one, where the server speaks HTTP/2.
 *
 * An exchange is started, and later taken out with all that is known of how it went. It never
 * fails as a call: a refused connection is an exchange that was not sent. A request is sent at
 * most once: libcurl by itself repeats one whose kept-alive connection was closed before an
 * answer came, which would text a parent twice, so a second sending is stopped before its
 * first byte and told as sent and unanswered.
 *
 * Redirects are not followed, answers not decompressed. HTTPS, and HTTP to loopback addresses alone;
 * mail (SMTP); steps on files. Requests to loopback addresses pass no proxy.
 *
 * The address that is connected to is looked at when it is connected to, whatever name it was found by: it
 * must be public, or within sl_transfer_reach(), or of this machine where the request's own base says so
 * ("localhost", 127.0.0.1, [::1]). A proxy's address is looked at likewise. */
#ifndef SL_TRANSFER_TRANSFER_H
#define SL_TRANSFER_TRANSFER_H

#include "lib/adapter/adapter.h"
#include "lib/base/err.h"

struct sl_transfer;

/* On success the caller owns *transfer. */
int sl_transfer_open(struct sl_transfer **transfer, struct sl_err *err);

/* Drops what is under way. */
void sl_transfer_close(struct sl_transfer **transfer); /* for SL_AUTO() */

/* Networks ("10.0.0.0/8, 192.168.1.7") that are not public and may be reached all the same; NULL: none. Copied. */
void sl_transfer_reach(struct sl_transfer *transfer, const char *networks);

struct sl_send {
    const struct sl_request *request;  /* borrowed until the exchange is taken out */
    struct sl_arena *arena;            /* the answer goes into it; borrowed likewise */
    const char *ca_file;               /* PEM of a private server's CA, or NULL */
    int64_t connect_ms, answer_ms;     /* to connect; in all. At least 1 */
    size_t most_answer;                /* bytes; a longer one is cut and marked */
    const char *const *answer_headers; /* wanted of the answer; ends with NULL. NULL: none */
    bool fresh_connection;             /* over one that nothing was sent over yet */
    void *owner;                       /* given back with the answer */
};

/* Starts it. Fails only for our own reasons (SL_ERR_CONFIG for an address that is none). */
int sl_transfer_start(struct sl_transfer *transfer, const struct sl_send *send, struct sl_err *err);

/* How many are under way, those not taken out included. */
size_t sl_transfer_active(const struct sl_transfer *transfer);

/* Works until an exchange is over, at most this long; 0 only does what is ready now. Returns
 * early on a signal. */
void sl_transfer_wait(struct sl_transfer *transfer, int64_t most_ms);

/* sl_transfer_wait() returns too as soon as the descriptor can be read, until it is closed. */
int sl_transfer_watch(struct sl_transfer *transfer, int fd, struct sl_err *err);

/* An exchange that is over: in send->arena. */
struct sl_sent {
    void *owner;
    struct sl_exchange exchange;
    int64_t duration_ms;
    int64_t ahead_ms; /* how far our wall clock is ahead of the answer's Date, less what that can
                       * have aged on its way; negative: behind; 0 also where it has none */
    bool dated;       /* it has one */
};

/* Takes one out. False if none is over. */
bool sl_transfer_next(struct sl_transfer *transfer, struct sl_sent *sent);

/* Drops everything under way at once; nothing of it is told. For a runner that lost its
 * lease. */
void sl_transfer_drop(struct sl_transfer *transfer);

#endif
