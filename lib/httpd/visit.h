/* What the files of the daemon share: httpd.c (the loop), visit.c (one request, from its first
 * line to its answer). Nobody else includes this. */
#ifndef SL_HTTPD_VISIT_H
#define SL_HTTPD_VISIT_H

#include <microhttpd.h>
#include <signal.h>

#include "lib/base/cidr.h"
#include "lib/httpd/httpd.h"
#include "lib/httpd/listen.h"

enum { MOST_BODY = 4 * 1024 * 1024, MOST_CONNECTIONS = 2000 };

/* A connection, in the order in which they must come to something. */
struct line {
    struct line *previous, *next;
    struct MHD_Connection *connection;
    int fd;
    struct sl_ip peer;
    int64_t since_ms; /* boot clock: when it was made, or its last request answered */
    bool held;        /* its request is complete, and suspended until it is answered */
    bool ended;       /* by us: libmicrohttpd has not noticed yet */
};

/* A request. */
struct visit {
    struct sl_http_request request; /* first: one is found by the other */
    struct sl_httpd *httpd;
    struct visit *next; /* in the pool */
    struct line *line;
    struct MHD_Connection *connection;
    const char *target; /* of the first line, as it came */
    bool begun, collected;
    bool doubtful; /* where its body ends can be read in two ways */
    char *bytes;   /* `room` of them; kept from visit to visit */
    size_t n_bytes, room;
};

/* What is listened on. */
struct door {
    struct sl_httpd *httpd;
    struct sl_listener listener;
    struct MHD_Daemon *daemon;
    bool second;
};

enum { MOST_DOORS = 2 };

struct sl_httpd {
    struct sl_arena *arena;
    struct sl_httpd_options options;
    const char *cert;              /* PEM; NULL: plain HTTP */
    struct door doors[MOST_DOORS]; /* n_doors of them */
    size_t n_doors;
    int epoll, signals;
    sigset_t before; /* the mask to be put back */
    bool blocked;    /* and it was changed */
    bool stopping;   /* nobody new */
    bool closing;    /* no answers either */
    bool resumed;    /* since the daemon was run: the descriptor of its epoll does not say so */

    struct line *first, *last;
    size_t n_lines;    /* that are not ended */
    uint64_t n_let_in; /* connections, ever */
    struct visit *pool;
    size_t n_visits; /* begun and not over */
    struct sl_http_request **waiting;
    size_t n_waiting, room_waiting; /* complete, and not yet given out */
};

/* What libmicrohttpd calls; `opaque` is the door. */
void visit_connection(void *opaque, struct MHD_Connection *connection, void **context,
                      enum MHD_ConnectionNotificationCode code);
void *visit_target(void *opaque, const char *target, struct MHD_Connection *connection);
enum MHD_Result visit_request(void *opaque, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *n_data, void **context);
void visit_end(void *opaque, struct MHD_Connection *connection, void **context,
               enum MHD_RequestTerminationCode code);

/* Ends a connection without an answer. */
void visit_end_line(struct sl_httpd *httpd, struct line *line);

void visit_free_pool(struct sl_httpd *httpd);

#endif
