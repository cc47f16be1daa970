/* An HTTP daemon: libmicrohttpd by epoll, in one thread, driven by the one loop that is here.
 *
 * Requests that are complete are collected and given out together, so that one commit can
 * stand for all of them; each is answered only when its answer is filled in. What it refuses by
 * itself: requests that say twice how long they are (400), heads of more than 32 KiB (431), clients
 * that are silent for 10 seconds or do not get a request across within 30, and of more than 1,800
 * connections the one that had most time for its request. Of a body of more than 4 MiB nothing is
 * kept. It speaks plain HTTP to this machine only. */
#ifndef SL_HTTPD_HTTPD_H
#define SL_HTTPD_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

struct sl_http_request {
    struct sl_arena *arena; /* lives until it is answered */
    const char *method;
    const char *path;         /* as it came, without query */
    const char *query;        /* as it came, without '?'; or "" */
    const char *content_type; /* or "" */
    const char *address;      /* of the client, behind the proxies that are trusted */
    const char *body;         /* n_body bytes and a NUL */
    size_t n_body;
    bool too_large; /* the body was; it is empty then */
    bool second;    /* it came by the second address */
    void *own;      /* whatever the caller likes */

    /* The answer. What it points to must live as long as the arena. */
    int status;        /* 0: none yet */
    const char *type;  /* Content-Type, or NULL */
    const char *text;  /* or NULL: empty */
    const char *allow; /* the methods, with a 405; or NULL */
    int retry_after_s; /* 0: not told */
};

/* A header of the request, as it came; NULL if it has none of that name. Only for requests that
 * serve() was given, until they are answered. */
const char *sl_http_header(const struct sl_http_request *request, const char *name);

struct sl_httpd_options {
    const char *listen;             /* see lib/httpd/listen.h */
    const char *tls_cert, *tls_key; /* paths of PEM files; both or neither */
    const char *trust_proxy;        /* CIDRs whose X-Forwarded-For is believed; NULL: nobody's */
    const char *second; /* another address, which speaks plain HTTP to this machine; NULL: none */

    /* Answers n requests, or leaves some without a status: they are answered later, by
     * sl_httpd_answer(). */
    void (*serve)(void *opaque, struct sl_http_request *const *requests, size_t n);

    /* Called in every round of the loop, behind the answers; `busy` says that there were some.
     * Returns in how many milliseconds it wants to be called again at the latest; -1: whenever.
     * May be NULL. */
    int64_t (*idle)(void *opaque, bool busy);
    void *opaque;
};

struct sl_httpd;

/* Everything that *options points to must outlive it. SL_ERR_CONFIG for plain HTTP on an address that others can
 * reach and for a certificate that does not load, SL_ERR_DATA for an address that is none,
 * SL_ERR_UNAVAILABLE if it cannot be listened on (it is taken), SL_ERR_CREATE if a socket's file cannot
 * be made. SIGTERM and SIGINT are blocked from here on. */
int sl_httpd_open(struct sl_httpd **httpd, const struct sl_httpd_options *options,
                  struct sl_err *err);
void sl_httpd_close(struct sl_httpd **httpd); /* for SL_AUTO() */

/* "127.0.0.1:8480", with the port that was found if it was 0; "unix:PATH". */
const char *sl_httpd_address(const struct sl_httpd *httpd);

/* That of the second; NULL: there is none. */
const char *sl_httpd_second_address(const struct sl_httpd *httpd);

/* What it shows to its callers, PEM, borrowed; NULL: it speaks plain HTTP. */
const char *sl_httpd_certificate(const struct sl_httpd *httpd);

/* Tells systemd that it is ready, and serves until SIGTERM or SIGINT. Then nobody new is let in,
 * what has begun is answered (for at most eight seconds), and 0 is returned. */
int sl_httpd_run(struct sl_httpd *httpd, struct sl_err *err);

/* For a request that serve() left open: its answer is filled in now. */
void sl_httpd_answer(struct sl_httpd *httpd, struct sl_http_request *request);

/* Calls ready() whenever the descriptor can be read, from the loop, until it is forgotten. */
struct sl_httpd_watch {
    int fd;
    void (*ready)(void *opaque);
    void *opaque;
};
int sl_httpd_watch(struct sl_httpd *httpd, struct sl_httpd_watch *watch, struct sl_err *err);
void sl_httpd_forget(struct sl_httpd *httpd, const struct sl_httpd_watch *watch);

#endif
