/* A provider of texts that fails: every other request meets the fault at its next point, those between are
 * answered well. What is told by TEXT is met by the first request alone, "late" by the first four. What a request met is a line of standard output:
 *   NUMBER<TAB>good|faulty<TAB>whole|part      part: not all of it was read, and NUMBER is "?"
 * usage: badserver FAULT [TEXT]. It says "listening on ADDRESS:PORT" on standard error, and serves until SIGTERM. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536, HELD = 4 };

struct request {
    char bytes[MOST + 1];
    size_t n; /* bytes read */
};

struct server {
    const struct fault *fault;
    const char *text;
    int listening, client;    /* client: -1 if none is connected */
    size_t n_requests, usual; /* bytes of a request */
    int held[HELD];           /* whose answers come late */
    char late[HELD][MOST];
    size_t n_held;
};

struct fault {
    const char *name;
    /* Meets one request with the fault at that point, counted from 0. False: it is past the last point,
     * and nothing was done. */
    bool (*meet)(struct server *server, size_t point);
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- The connection --------------------------------------------------------------------- */

static void hang_up(struct server *server)
{
    (void)close(server->client);
    server->client = -1;
}

/* What follows is a RST: nothing that was on its way arrives. */
static void reset(struct server *server)
{
    const struct linger none = { .l_onoff = 1 };

    (void)setsockopt(server->client, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    hang_up(server);
}

/* False if the other side is gone. */
static bool put(int client, const char *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t sent = send(client, bytes + done, n - done, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        done += (size_t)sent;
    }
    return true;
}

/* Until a request begins; over a new connection if the last one has ended. */
static void await_request(struct server *server)
{
    char first;

    while (server->client < 0 || recv(server->client, &first, 1, MSG_PEEK) <= 0) {
        if (server->client >= 0)
            hang_up(server);
        server->client = accept(server->listening, NULL, NULL);
        if (server->client < 0)
            fail("accept");
    }
}

/* ---- A request and its answer ----------------------------------------------------------- */

static size_t length_of(const struct request *request)
{
    const char *header = strcasestr(request->bytes, "\r\nContent-Length:");

    return header ? strtoul(header + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* Up to `most` bytes, and no more than one request has. */
static void hear(const struct server *server, size_t most, struct request *request)
{
    const char *head = NULL;
    size_t whole = most;

    for (request->n = 0; request->n < whole && request->n < MOST; request->n++) {
        if (recv(server->client, request->bytes + request->n, 1, 0) <= 0)
            break;
        request->bytes[request->n + 1] = '\0';
        if (head || !strstr(request->bytes + (request->n > 3 ? request->n - 3 : 0), "\r\n\r\n"))
            continue;
        head = request->bytes + request->n + 1;
        if (request->n + 1 + length_of(request) < whole)
            whole = request->n + 1 + length_of(request);
    }
    request->bytes[request->n] = '\0';
}

/* The digits of its one recipient, whose '+' is written %2B. */
static void number_of(const struct request *request, char number[16])
{
    const char *to = strstr(request->bytes, "to=%2B");

    (void)snprintf(number, 16, "%.*s", to ? (int)strspn(to + 6, "0123456789") : 1,
                   to ? to + 6 : "?");
}

static void tell(const char *number, bool good, bool whole)
{
    (void)printf("%s\t%s\t%s\n", number, good ? "good" : "faulty", whole ? "whole" : "part");
    (void)fflush(stdout);
}

enum framing { BY_LENGTH, BY_CHUNKS, BY_END };

static size_t write_answer(const char *number, enum framing framing, char *answer)
{
    char body[512], line[64] = "";
    int n = snprintf(
        body, sizeof body,
        "{\"SMSMessageData\":{\"Message\":\"Sent to 1/1 Total Cost: KES 0.8000\",\"Recipients\":"
        "[{\"statusCode\":101,\"number\":\"+%s\",\"status\":\"Success\",\"cost\":\"KES 0.8000\","
        "\"messageId\":\"ATX%s\"}]}}",
        number, number);

    if (framing == BY_LENGTH)
        (void)snprintf(line, sizeof line, "Content-Length: %d\r\n", n);
    if (framing == BY_CHUNKS)
        (void)snprintf(line, sizeof line, "Transfer-Encoding: chunked\r\n");
    n = snprintf(answer, MOST, "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n%s\r\n",
                 line);
    if (framing == BY_CHUNKS)
        return (size_t)(n + snprintf(answer + n, MOST - (size_t)n,
                                     "%zx\r\n%.40s\r\n%zx\r\n%s\r\n0\r\n\r\n", (size_t)40, body,
                                     strlen(body) - 40, body + 40));
    return (size_t)(n + snprintf(answer + n, MOST - (size_t)n, "%s", body));
}

static void hear_whole(struct server *server, char number[16], bool good)
{
    static struct request request;

    hear(server, MOST, &request);
    server->usual = request.n;
    number_of(&request, number);
    tell(number, good, true);
}

static void serve_well(struct server *server)
{
    char number[16], answer[MOST];

    hear_whole(server, number, true);
    (void)put(server->client, answer, write_answer(number, BY_LENGTH, answer));
}

/* ---- Faults of one request at a time ---------------------------------------------------- */

/* The point is the number of bytes that are read. */
static bool cut_request(struct server *server, size_t point, void (*end)(struct server *server))
{
    static struct request request;
    char number[16] = "?";

    if (point > server->usual)
        return false;
    hear(server, point, &request);
    if (request.n == server->usual)
        number_of(&request, number);
    tell(number, false, request.n == server->usual);
    end(server);
    return true;
}

static bool meet_request_reset(struct server *server, size_t point)
{
    return cut_request(server, point, reset);
}

static bool meet_request_closed(struct server *server, size_t point)
{
    return cut_request(server, point, hang_up);
}

/* The point is the number of bytes that are sent. */
static bool cut_answer(struct server *server, size_t point, enum framing framing,
                       void (*end)(struct server *server))
{
    char number[16], answer[MOST];

    if (point >= write_answer("254700000000", framing, answer)) /* they are all as long */
        return false;
    hear_whole(server, number, false);
    (void)write_answer(number, framing, answer);
    (void)put(server->client, answer, point);
    end(server);
    return true;
}

static bool meet_answer_reset(struct server *server, size_t point)
{
    return cut_answer(server, point, BY_LENGTH, reset);
}

static bool meet_answer_closed(struct server *server, size_t point)
{
    return cut_answer(server, point, BY_LENGTH, hang_up);
}

/* But for the last byte, before which the last chunk is known to be the last. */
static bool meet_chunks_closed(struct server *server, size_t point)
{
    char answer[MOST];

    return point + 1 < write_answer("254700000000", BY_CHUNKS, answer) &&
           cut_answer(server, point, BY_CHUNKS, hang_up);
}

static bool meet_unframed_closed(struct server *server, size_t point)
{
    return cut_answer(server, point, BY_END, hang_up);
}

/* A good answer, and the connection ends without a word, before the next request or while it comes. */
static bool meet_idle(struct server *server, size_t point)
{
    serve_well(server);
    if (point % 2)
        reset(server);
    else
        hang_up(server);
    return true;
}

/* ---- Faults that have no end ------------------------------------------------------------- */

static bool repeat(struct server *server, const char *begin, const char *again, int pause_ms)
{
    char number[16];
    bool heard;

    hear_whole(server, number, false);
    for (heard = put(server->client, begin, strlen(begin)); heard;
         heard = put(server->client, again, strlen(again))) {
        struct pollfd gone = { .fd = server->client, .events = POLLRDHUP };

        if (pause_ms > 0 && poll(&gone, 1, pause_ms) > 0)
            break;
    }
    hang_up(server);
    return true;
}

static const char begin_body[] =
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n{\"a\":\"";
static const char long_line[] =
    "X-Line: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n";

static bool meet_endless_body(struct server *server, size_t point)
{
    return point < 3 && repeat(server, begin_body, long_line, 0);
}

static bool meet_endless_headers(struct server *server, size_t point)
{
    return point < 3 && repeat(server, "HTTP/1.1 201 Created\r\n", long_line, 0);
}

static bool meet_drip(struct server *server, size_t point)
{
    return point < 1 && repeat(server, begin_body, "a", 500);
}

static bool meet_interim(struct server *server, size_t point)
{
    return point < 1 && repeat(server, "", "HTTP/1.1 100 Continue\r\n\r\n", 500);
}

static bool meet_silence(struct server *server, size_t point)
{
    return point < 1 && repeat(server, "", "", 600000);
}

/* ---- Answers that are another's, or none -------------------------------------------------- */

/* The first four are not answered until the fifth request is there, and then before it is. */
static bool meet_late(struct server *server, size_t point)
{
    char number[16];

    if (server->n_held == HELD) {
        for (size_t i = 0; i < HELD; i++)
            (void)put(server->held[i], server->late[i], strlen(server->late[i]));
        return false;
    }
    (void)point;
    hear_whole(server, number, false);
    (void)write_answer(number, BY_LENGTH, server->late[server->n_held]);
    server->held[server->n_held++] = server->client;
    server->client = -1;
    return true;
}

/* TEXT is the head of the first answer, and its body is empty. */
static bool meet_head(struct server *server, size_t point)
{
    char number[16];

    if (point > 0)
        return false;
    hear_whole(server, number, false);
    (void)put(server->client, server->text, strlen(server->text));
    (void)put(server->client, "\r\nContent-Length: 0\r\n\r\n", 23);
    return true;
}

/* TEXT is a file, the whole of the first answer. */
static bool meet_file(struct server *server, size_t point)
{
    char number[16], bytes[MOST];
    FILE *file;
    size_t n;

    if (point > 0)
        return false;
    file = fopen(server->text, "r");
    if (!file)
        fail(server->text);
    hear_whole(server, number, false);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0 && put(server->client, bytes, n))
        continue;
    (void)fclose(file);
    hang_up(server);
    return true;
}

static const struct fault faults[] = {
    { "request-reset", meet_request_reset },
    { "request-closed", meet_request_closed },
    { "answer-reset", meet_answer_reset },
    { "answer-closed", meet_answer_closed },
    { "chunks-closed", meet_chunks_closed },
    { "unframed-closed", meet_unframed_closed },
    { "idle", meet_idle },
    { "endless-body", meet_endless_body },
    { "endless-headers", meet_endless_headers },
    { "drip", meet_drip },
    { "interim", meet_interim },
    { "silence", meet_silence },
    { "late", meet_late },
    { "head", meet_head },
    { "file", meet_file },
};

/* ---- Serving ------------------------------------------------------------------------------ */

static void serve(struct server *server)
{
    bool every = server->fault->meet == meet_late || server->text;
    size_t n = server->n_requests, point = every ? n : n / 2;

    await_request(server);
    if (!(every || n % 2) || !server->fault->meet(server, point))
        serve_well(server);
    server->n_requests++;
}

static void listen_somewhere(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof address;

    server->listening = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server->listening, (struct sockaddr *)&address, n) != 0 ||
        listen(server->listening, 64) != 0 ||
        getsockname(server->listening, (struct sockaddr *)&address, &n) != 0)
        fail("listen");
    (void)fprintf(stderr, "listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
}

/* Nobody is accepted: what waits fills the queue, and the next packet is not answered. */
static void be_deaf(const struct server *server)
{
    struct sockaddr_in address;
    socklen_t n = sizeof address;

    if (listen(server->listening, 0) != 0 ||
        getsockname(server->listening, (struct sockaddr *)&address, &n) != 0)
        fail("listen");
    for (int i = 0; i < 2; i++) {
        int waiting = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        if (connect(waiting, (struct sockaddr *)&address, n) != 0 && errno != EINPROGRESS)
            fail("connect");
    }
    (void)pause();
}

int main(int argc, char **argv)
{
    struct server server = { .client = -1, .text = argc > 2 ? argv[2] : NULL };

    for (size_t i = 0; argc > 1 && i < sizeof faults / sizeof *faults; i++)
        if (strcmp(faults[i].name, argv[1]) == 0)
            server.fault = &faults[i];
    if (argc > 1 && strcmp(argv[1], "deaf") == 0) {
        listen_somewhere(&server);
        be_deaf(&server);
    }
    if (!server.fault) {
        (void)fprintf(stderr, "usage: badserver FAULT [TEXT]\n");
        return 64;
    }
    listen_somewhere(&server);
    for (;;)
        serve(&server);
}
