#include "sandbox/smtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/mail.h"
#include "sandbox/registry.h"

enum { MOST_MAIL = 40 << 20, MOST_LINE = 4096, MOST_TO = 100 };

/* One connection. */
struct talk {
    struct talk *next;
    struct sl_arena *arena; /* of one mail */
    int fd;
    int number;  /* from 1 */
    char *bytes; /* n of room: what came and was not looked at yet */
    size_t n, room;
    bool authorized, asked, reading; /* asked: for the credentials; reading: the message */
    const char *from, *to[MOST_TO];
    size_t n_to;
};

struct sl_smtp_server {
    struct sl_sandbox *box;
    int listener, loop, port, n_talks;
    struct talk *talks;
};

/* It has no path: what it takes is recorded under its code. */
static bool owns_nothing(const char *path)
{
    (void)path;
    return false;
}

static void *open_nothing(void)
{
    return NULL;
}

static void forget_nothing(void *state)
{
    (void)state;
}

static void answer_nothing(struct sl_visit *visit)
{
    sl_visit_answer(visit, 404, "text/plain", "this one speaks SMTP, at its own port\n");
}

const struct sl_simulator sl_sim_smtp = {
    .code = "smtp",
    .owns = owns_nothing,
    .answer = answer_nothing,
    .open = open_nothing,
    .close = forget_nothing,
    .reset = forget_nothing,
};

/* ---- Sockets --------------------------------------------------------------------------- */

static int watch(int loop, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static bool bind_to(int fd, int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    return bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

static int listen_at(struct sl_smtp_server *server, int port, struct sl_err *err)
{
    struct sockaddr_in address = { 0 };
    socklen_t n = sizeof address;
    int one = 1;

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0 ||
        setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        !(bind_to(server->listener, port) || bind_to(server->listener, 0)) ||
        listen(server->listener, 128) < 0 || watch(server->loop, server->listener) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &n) < 0)
        return sl_err_set(err, SL_ERR_UNAVAILABLE, "cannot listen for mail: %s", strerror(errno));
    server->port = ntohs(address.sin_port);
    return 0;
}

int sl_smtp_open(struct sl_smtp_server **out, struct sl_sandbox *box, int port, int loop,
                 struct sl_err *err)
{
    struct sl_smtp_server *server = calloc(1, sizeof *server);

    if (!server)
        sl_out_of_memory();
    server->box = box;
    server->loop = loop;
    *out = server;
    return listen_at(server, port, err);
}

static void end_talk(struct talk **at)
{
    struct talk *talk = *at;

    *at = talk->next;
    (void)close(talk->fd);
    sl_arena_free(&talk->arena);
    free(talk->bytes);
    free(talk);
}

void sl_smtp_close(struct sl_smtp_server **server)
{
    if (!*server)
        return;
    while ((*server)->talks)
        end_talk(&(*server)->talks);
    if ((*server)->listener >= 0)
        (void)close((*server)->listener);
    free(*server);
    *server = NULL;
}

int sl_smtp_port(const struct sl_smtp_server *server)
{
    return server->port;
}

/* Replies are short: a socket's buffer takes them whole. */
static void say(const struct talk *talk, const char *line)
{
    (void)send(talk->fd, line, strlen(line), MSG_NOSIGNAL);
}

static void begin_talk(struct sl_smtp_server *server)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct talk *talk;

    if (fd < 0)
        return;
    talk = calloc(1, sizeof *talk);
    if (!talk)
        sl_out_of_memory();
    talk->fd = fd;
    talk->number = ++server->n_talks;
    talk->arena = sl_arena_new();
    talk->next = server->talks;
    server->talks = talk;
    if (watch(server->loop, fd) < 0)
        end_talk(&server->talks);
    else
        say(talk, "220 mail.sandbox ESMTP\r\n");
}

/* ---- The envelope ---------------------------------------------------------------------- */

static void forget_mail(struct talk *talk)
{
    sl_arena_reset(talk->arena);
    talk->from = NULL;
    talk->n_to = 0;
    talk->reading = false;
}

/* What stands in <…>. */
static const char *path_of(struct talk *talk, const char *line)
{
    const char *open = strchr(line, '<'), *close = open ? strchr(open, '>') : NULL;

    return close ? sl_arena_memdup(talk->arena, open + 1, (size_t)(close - open - 1)) : NULL;
}

static void hear_from(struct talk *talk, const char *line)
{
    forget_mail(talk);
    talk->from = path_of(talk, line);
    if (!talk->authorized)
        say(talk, "530 5.7.0 Authentication required\r\n");
    else
        say(talk, talk->from ? "250 2.1.0 OK\r\n" : "501 5.5.4 Bad address\r\n");
}

/* A recipient says by its name what becomes of it, as Exim's do in tests/real. */
static void hear_to(struct talk *talk, const char *line)
{
    const char *to = talk->from ? path_of(talk, line) : NULL;

    if (!talk->from)
        say(talk, "503 5.5.1 MAIL first\r\n");
    else if (!to || !sl_mail_is_address(to))
        say(talk, "550 5.1.3 Bad address\r\n");
    else if (strncmp(to, "nouser", 6) == 0)
        say(talk, "550 5.1.1 No such user\r\n");
    else if (strncmp(to, "grey", 4) == 0)
        say(talk, "450 4.2.0 Greylisted, try again later\r\n");
    else if (talk->n_to == MOST_TO)
        say(talk, "452 4.5.3 Too many recipients\r\n");
    else {
        talk->to[talk->n_to++] = to;
        say(talk, "250 2.1.5 OK\r\n");
    }
}

/* \0user\0password, in base64. */
static void hear_credentials(struct talk *talk, const char *line)
{
    static const char right[] = "\0" SL_SANDBOX_MAILBOX "\0" SL_SANDBOX_PASSWORD;
    size_t n;
    const unsigned char *bytes = sl_unbase64(talk->arena, line, &n);

    talk->asked = false;
    talk->authorized = bytes && n == sizeof right - 1 && memcmp(bytes, right, n) == 0;
    say(talk, talk->authorized ? "235 2.7.0 OK\r\n" : "535 5.7.8 Authentication failed\r\n");
}

/* ---- The message ------------------------------------------------------------------------ */

/* A header's value, of its first line; "" if it is not there. */
static const char *header(struct talk *talk, const char *message, const char *name)
{
    const char *at = strcasestr(message, sl_arena_printf(talk->arena, "\n%s: ", name)), *end;

    if (!at)
        return "";
    at += strlen(name) + 3;
    end = strchr(at, '\r');
    return end ? sl_arena_memdup(talk->arena, at, (size_t)(end - at)) : at;
}

static void take(struct sl_smtp_server *server, struct talk *talk, const char *message)
{
    struct sl_visit visit = { .box = server->box,
                              .simulator = &sl_sim_smtp,
                              .method = "MAIL",
                              .path = "/",
                              .arena = talk->arena };
    const char *subject = header(talk, message, "Subject");
    const char *id = header(talk, message, "Message-ID");
    const char *connection = sl_arena_printf(talk->arena, "%d", talk->number);

    for (size_t i = 0; i < talk->n_to; i++) /* a mail that comes again has the same id */
        sl_mail_take(&visit,
                     &(struct sl_mail_seen){ talk->to[i], subject, id, id, NULL, connection });
}

/* False if the connection ends instead of an answer. */
static bool end_message(struct sl_smtp_server *server, struct talk *talk, const char *message)
{
    static const char *const refusals[SL_N_SCENARIOS] = {
        [SL_PLAY_RATE_LIMITED] = "452 4.3.1 Too many mails, try again later\r\n",
        [SL_PLAY_BUSY] = "451 4.3.0 Try again later\r\n",
        [SL_PLAY_SERVER_ERROR] = "451 4.3.0 Local error\r\n",
    };
    const char *refusal = refusals[server->box->scenario];

    server->box->counts.requests++;
    if (refusal) {
        server->box->counts.refused++;
        say(talk, refusal);
    } else {
        take(server, talk, message);
        if (server->box->scenario == SL_PLAY_LOST_ANSWER) {
            server->box->counts.lost++;
            return false;
        }
        say(talk, sl_arena_printf(talk->arena, "250 2.0.0 OK id=%016llx\r\n",
                                  (unsigned long long)sl_box_id(server->box)));
    }
    forget_mail(talk);
    return true;
}

/* ---- Commands --------------------------------------------------------------------------- */

static bool begins(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0;
}

/* False if the connection is to end. */
static bool hear_line(struct talk *talk, const char *line)
{
    if (talk->asked)
        hear_credentials(talk, line);
    else if (begins(line, "EHLO "))
        say(talk, "250-mail.sandbox\r\n250-SIZE 41943040\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n");
    else if (begins(line, "AUTH PLAIN")) {
        talk->asked = true;
        say(talk, "334 \r\n");
    } else if (begins(line, "MAIL FROM:"))
        hear_from(talk, line);
    else if (begins(line, "RCPT TO:"))
        hear_to(talk, line);
    else if (begins(line, "DATA")) {
        talk->reading = talk->n_to > 0;
        say(talk, talk->reading ? "354 Go on\r\n" : "503 5.5.1 No recipients\r\n");
    } else if (begins(line, "QUIT")) {
        say(talk, "221 Bye\r\n");
        return false;
    } else if (begins(line, "RSET") || begins(line, "NOOP"))
        say(talk, "250 2.0.0 OK\r\n");
    else
        say(talk, "502 5.5.2 Not understood\r\n");
    return true;
}

/* The next line, or the whole message. 1 done, 0 more is needed, -1 the connection ends. */
static int work(struct sl_smtp_server *server, struct talk *talk)
{
    const char *mark = talk->reading ? "\r\n.\r\n" : "\r\n";
    char *end = talk->n > 0 ? memmem(talk->bytes, talk->n, mark, strlen(mark)) : NULL;
    size_t used;
    bool goes_on;

    if (!end)
        return talk->n > (size_t)(talk->reading ? MOST_MAIL : MOST_LINE) ? -1 : 0;
    end[talk->reading ? 2 : 0] = '\0';
    used = (size_t)(end - talk->bytes) + strlen(mark);
    goes_on = talk->reading ? end_message(server, talk, talk->bytes) : hear_line(talk, talk->bytes);
    talk->n -= used;
    memmove(talk->bytes, talk->bytes + used, talk->n);
    return goes_on ? 1 : -1;
}

/* False at the end of the connection. */
static bool fill(struct talk *talk)
{
    ssize_t got;

    if (talk->room - talk->n < 65536) {
        char *larger = realloc(talk->bytes, talk->room * 2 + 131072);

        if (!larger)
            sl_out_of_memory();
        talk->bytes = larger;
        talk->room = talk->room * 2 + 131072;
    }
    got = recv(talk->fd, talk->bytes + talk->n, talk->room - talk->n, 0);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    talk->n += (size_t)got;
    return true;
}

bool sl_smtp_ready(struct sl_smtp_server *server, int socket)
{
    struct talk **at = &server->talks;
    int done;

    if (socket == server->listener) {
        begin_talk(server);
        return true;
    }
    while (*at && (*at)->fd != socket)
        at = &(*at)->next;
    if (!*at)
        return false;
    done = fill(*at) ? 1 : -1;
    while (done > 0)
        done = work(server, *at);
    if (done < 0)
        end_talk(at);
    return true;
}
