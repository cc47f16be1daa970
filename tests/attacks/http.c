#include "tests/attacks/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST_ANSWER = 16384, PATIENCE_S = 5 };

static void give_up(const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", why, strerror(errno));
    exit(69);
}

void http_to(struct connection *connection, const char *address)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    char host[64] = "";
    const char *colon = strrchr(address, ':');

    if (!colon || colon - address >= (long)sizeof host)
        give_up(address);
    memcpy(host, address, (size_t)(colon - address));
    four.sin_port = htons((unsigned short)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &four.sin_addr) != 1)
        give_up(address);
    memcpy(&connection->to, &four, sizeof four);
    connection->fd = -1;
}

void http_open(struct connection *connection)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    int one = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&connection->to, sizeof(struct sockaddr_in)) < 0)
        give_up("nobody listens");
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void http_close(struct connection *connection)
{
    if (connection->fd >= 0)
        (void)close(connection->fd);
    connection->fd = -1;
}

/* How long the answer in it is; 0: it is not whole. */
static size_t whole(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n"), *length;
    size_t n;

    if (!end)
        return 0;
    length = strcasestr(answer, "\r\nContent-Length:");
    n = (size_t)(end + 4 - answer) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
    return strlen(answer) >= n ? n : 0;
}

int http_answer(struct connection *connection)
{
    char answer[MOST_ANSWER + 1] = "";
    size_t n = 0;

    while (n < MOST_ANSWER &&
           whole(answer) == 0) { /* a byte at a time: the next answer is not ours */
        if (recv(connection->fd, answer + n, 1, 0) <= 0) {
            http_close(connection);
            return 0;
        }
        answer[++n] = '\0';
    }
    if (strcasestr(answer, "\r\nConnection: close"))
        http_close(connection);
    return strncmp(answer, "HTTP/1.", 7) == 0 ? atoi(answer + 9) : 0;
}

int http_ask(struct connection *connection, const char *bytes, size_t n)
{
    if (connection->fd < 0)
        http_open(connection);
    for (size_t sent = 0; sent < n;) {
        ssize_t more = send(connection->fd, bytes + sent, n - sent, MSG_NOSIGNAL);

        if (more <= 0)
            break; /* an answer may be there all the same */
        sent += (size_t)more;
    }
    return http_answer(connection);
}
