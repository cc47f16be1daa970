/* Calls back at an even rate, over four connections, each request with an id of its own.
 * usage: callbacks PORT PATH RATE SECONDS. Prints how many were answered with 200, and how many were not. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLERS = 4 };

struct call {
    int port;
    const char *path;
    long rate, seconds;
};

struct counts {
    long answered, failed;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int connect_to(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("connect");
    return fd;
}

/* Whether it is 200. The answer has no body. */
static int call_once(int fd, const struct call *call, const char *id)
{
    char body[256], bytes[1024];
    int n = snprintf(body, sizeof body,
                     "phoneNumber=%%2B254711000001&retryCount=0&id=%s&status=Success"
                     "&networkCode=63902",
                     id);
    ssize_t got = 0;

    n = snprintf(bytes, sizeof bytes,
                 "POST %s HTTP/1.1\r\nHost: localhost\r\n"
                 "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
                 call->path, n, body);
    if (send(fd, bytes, (size_t)n, MSG_NOSIGNAL) != n)
        fail("send");
    for (n = 0; n == 0 || !strstr(bytes, "\r\n\r\n"); n += (int)got) {
        got = recv(fd, bytes + n, sizeof bytes - 1 - (size_t)n, 0);
        if (got <= 0)
            fail("recv");
        bytes[n + got] = '\0';
    }
    return strncmp(bytes, "HTTP/1.1 200", 12) == 0;
}

static struct counts call_evenly(const struct call *call, int caller)
{
    const long pause_ns = 1000000000L / call->rate * CALLERS;
    struct counts counts = { 0 };
    struct timespec next;
    int fd = connect_to(call->port);
    char id[64];

    (void)clock_gettime(CLOCK_MONOTONIC, &next);
    for (long i = 0; i < call->rate * call->seconds / CALLERS; i++) {
        (void)snprintf(id, sizeof id, "ATXid_%d_%ld", (int)getpid(), i * CALLERS + caller);
        if (call_once(fd, call, id))
            counts.answered++;
        else
            counts.failed++;
        next.tv_sec += (next.tv_nsec + pause_ns) / 1000000000L;
        next.tv_nsec = (next.tv_nsec + pause_ns) % 1000000000L;
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return counts;
}

int main(int argc, char **argv)
{
    struct call call;
    struct counts all = { 0 }, one;
    int ends[2], status, bad = 0;

    if (argc != 5 || pipe(ends) != 0) {
        (void)fprintf(stderr, "usage: callbacks PORT PATH RATE SECONDS\n");
        return 64;
    }
    call = (struct call){ atoi(argv[1]), argv[2], atol(argv[3]), atol(argv[4]) };
    for (int i = 0; i < CALLERS; i++)
        if (fork() == 0) {
            one = call_evenly(&call, i);
            return write(ends[1], &one, sizeof one) == sizeof one ? 0 : 1;
        }
    while (wait(&status) > 0)
        bad += status != 0;
    (void)close(ends[1]);
    while (read(ends[0], &one, sizeof one) == sizeof one) {
        all.answered += one.answered;
        all.failed += one.failed;
    }
    (void)printf("%ld %ld\n", all.answered, all.failed);
    return bad > 0;
}
