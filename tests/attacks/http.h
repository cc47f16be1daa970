/* A connection to a daemon of this machine, over which any bytes can be sent. */
#ifndef SL_TESTS_ATTACKS_HTTP_H
#define SL_TESTS_ATTACKS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct connection {
    struct sockaddr_storage to;
    int fd; /* -1: not connected */
};

/* "127.0.0.1:8480"; ends the process if it is none. */
void http_to(struct connection *connection, const char *address);

/* Connects anew; ends the process if nobody listens. */
void http_open(struct connection *connection);
void http_close(struct connection *connection);

/* Sends what it is given, whatever it is, and reads one answer. Returns its status; 0 if the connection ends
 * without one, or none comes within five seconds. It is connected again after that. */
int http_ask(struct connection *connection, const char *bytes, size_t n);

/* Reads the next answer on the same connection; likewise. */
int http_answer(struct connection *connection);

#endif
