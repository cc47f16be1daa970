/* One request, from its first line to its answer. */
#include "lib/httpd/visit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

enum { CROWDED = MOST_CONNECTIONS - 200 };

/* ---- Connections --------------------------------------------------------------------- */

static void unlink_line(struct sl_httpd *httpd, struct line *line)
{
    *(line->previous ? &line->previous->next : &httpd->first) = line->next;
    *(line->next ? &line->next->previous : &httpd->last) = line->previous;
}

/* The last of them has the most time. */
static void append_line(struct sl_httpd *httpd, struct line *line)
{
    line->since_ms = sl_boot_ms();
    line->held = false;
    line->next = NULL;
    line->previous = httpd->last;
    *(httpd->last ? &httpd->last->next : &httpd->first) = line;
    httpd->last = line;
}

void visit_end_line(struct sl_httpd *httpd, struct line *line)
{
    (void)shutdown(line->fd, SHUT_RDWR);
    if (line->ended)
        return;
    line->ended = true;
    httpd->n_lines--;
    unlink_line(httpd, line); /* it is looked for no more */
    append_line(httpd, line);
}

/* Of many that come to nothing the one that had most time goes: who has something to say says it at once, and
 * is not kept out by those who have not. */
static void end_oldest(struct sl_httpd *httpd)
{
    struct line *line = httpd->first;

    while (line && (line->held || line->ended))
        line = line->next;
    if (line)
        visit_end_line(httpd, line);
}

void visit_connection(void *opaque, struct MHD_Connection *connection, void **context,
                      enum MHD_ConnectionNotificationCode code)
{
    struct sl_httpd *httpd = ((struct door *)opaque)->httpd;
    struct line *line = *context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        httpd->n_lines -= !line->ended;
        unlink_line(httpd, line);
        free(line);
        return;
    }
    line = calloc(1, sizeof *line);
    if (!line)
        sl_out_of_memory();
    line->connection = connection;
    line->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    line->peer = sl_listener_peer(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    append_line(httpd, line);
    *context = line;
    httpd->n_let_in++;
    if (++httpd->n_lines > CROWDED)
        end_oldest(httpd);
}

/* ---- Visits -------------------------------------------------------------------------- */

enum { KEPT_BYTES = 64 * 1024, FIRST_BYTES = 2048 };

static struct visit *take_visit(struct sl_httpd *httpd)
{
    struct visit *visit = httpd->pool;

    if (visit) {
        httpd->pool = visit->next;
        visit->next = NULL;
    } else {
        visit = calloc(1, sizeof *visit);
        if (!visit)
            sl_out_of_memory();
        visit->request.arena = sl_arena_new();
    }
    visit->httpd = httpd;
    httpd->n_visits++;
    return visit;
}

/* Bytes and arena are kept for the next one, unless they have become large. */
static void give_back(struct visit *visit)
{
    struct sl_httpd *httpd = visit->httpd;
    struct visit empty = { .bytes = visit->bytes, .room = visit->room, .next = httpd->pool };

    if (visit->n_bytes > 0)
        explicit_bzero(visit->bytes, visit->n_bytes);
    sl_arena_reset(visit->request.arena);
    empty.request.arena = visit->request.arena;
    if (visit->room > KEPT_BYTES) {
        free(visit->bytes);
        empty.bytes = NULL;
        empty.room = 0;
    }
    *visit = empty;
    httpd->pool = visit;
    httpd->n_visits--;
}

void visit_free_pool(struct sl_httpd *httpd)
{
    while (httpd->pool) {
        struct visit *visit = httpd->pool;

        httpd->pool = visit->next;
        sl_arena_free(&visit->request.arena);
        free(visit->bytes);
        free(visit);
    }
}

/* ---- Who is asking ------------------------------------------------------------------- */

struct forwarded {
    struct sl_arena *arena;
    const char *text; /* all such headers as one list; NULL: none */
};

static enum MHD_Result add_forwarded(void *opaque, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct forwarded *forwarded = opaque;

    (void)kind;
    if (value && strcasecmp(name, "X-Forwarded-For") == 0)
        forwarded->text = forwarded->text
                              ? sl_arena_printf(forwarded->arena, "%s,%s", forwarded->text, value)
                              : value;
    return MHD_YES;
}

/* The last word of a list, which is cut off it; NULL if there is none. */
static const char *cut_last(char **list)
{
    char *comma = *list ? strrchr(*list, ',') : NULL, *word = comma ? comma + 1 : *list;

    if (!word)
        return NULL;
    if (comma)
        *comma = '\0';
    else
        *list = NULL;
    word += strspn(word, " \t");
    word[strcspn(word, " \t")] = '\0';
    return word;
}

/* Each proxy writes behind what it was told by whom it was told: the first from the end that no
 * proxy of ours has written is believed, and nothing before it. */
static struct sl_ip find_client(struct visit *visit)
{
    const char *trusted = visit->httpd->options.trust_proxy, *word;
    struct forwarded forwarded = { .arena = visit->request.arena };
    struct sl_ip ip = visit->line->peer, before;
    char *list;

    if (!trusted || !sl_cidrs_have(trusted, &ip))
        return ip;
    (void)MHD_get_connection_values(visit->connection, MHD_HEADER_KIND, add_forwarded, &forwarded);
    list = sl_arena_strdup(forwarded.arena, forwarded.text);
    while (sl_cidrs_have(trusted, &ip) && (word = cut_last(&list)) != NULL &&
           sl_ip_parse(&before, word))
        ip = before;
    return ip;
}

/* ---- What comes ---------------------------------------------------------------------- */

static const char *header_of(const struct visit *visit, const char *name)
{
    const char *value = MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, name);

    return value ? value : "";
}

/* The request is the first member of its visit. */
const char *sl_http_header(const struct sl_http_request *request, const char *name)
{
    const struct visit *visit = (const void *)request;

    return MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, name);
}

/* What says where the body ends. */
struct framing {
    size_t n_lengths, n_encodings;
    bool chunked; /* the one encoding is that */
};

static enum MHD_Result add_framing(void *opaque, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct framing *framing = opaque;

    (void)kind;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
        framing->n_lengths++;
    if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
        framing->n_encodings++;
        framing->chunked = value && strcasecmp(value, "chunked") == 0;
    }
    return MHD_YES;
}

/* Told twice, it may be read otherwise by a proxy, and the rest of a body as a request of its own (RFC
 * 9112, section 6.3). */
static bool is_doubtful(const struct visit *visit)
{
    struct framing framing = { 0 };

    (void)MHD_get_connection_values(visit->connection, MHD_HEADER_KIND, add_framing, &framing);
    return framing.n_lengths + framing.n_encodings > 1 ||
           (framing.n_encodings > 0 && !framing.chunked);
}

/* The path is taken as it was sent: none of ours has an escape in it, so one that has is none of ours. */
static void begin(struct visit *visit, const char *method)
{
    struct sl_http_request *request = &visit->request;
    const char *query = strchr(visit->target, '?');
    struct sl_ip client = find_client(visit);
    char *address = sl_arena_alloc(request->arena, SL_IP_SIZE, 1);
    int64_t announced;

    sl_ip_print(&client, address);
    visit->begun = true;
    visit->doubtful = is_doubtful(visit);
    request->method = method;
    request->path = sl_arena_memdup(request->arena, visit->target, strcspn(visit->target, "?"));
    request->query = query ? query + 1 : "";
    request->content_type = header_of(visit, MHD_HTTP_HEADER_CONTENT_TYPE);
    request->address = address;
    request->body = "";
    request->too_large =
        *header_of(visit, MHD_HTTP_HEADER_CONTENT_LENGTH) &&
        !sl_parse_int(header_of(visit, MHD_HTTP_HEADER_CONTENT_LENGTH), 0, MOST_BODY, &announced);
}

static void receive(struct visit *visit, const char *bytes, size_t n)
{
    if (visit->request.too_large || n > MOST_BODY - visit->n_bytes) {
        visit->request.too_large = true;
        return;
    }
    if (visit->room - visit->n_bytes <= n) {
        size_t room = (visit->n_bytes + n + 1) * 2;

        room = room > FIRST_BYTES ? room : (size_t)FIRST_BYTES;
        visit->bytes = realloc(visit->bytes, room);
        if (!visit->bytes)
            sl_out_of_memory();
        visit->room = room;
    }
    memcpy(visit->bytes + visit->n_bytes, bytes, n);
    visit->n_bytes += n;
}

/* Complete: it waits for the others of its group. */
static void collect(struct visit *visit)
{
    struct sl_httpd *httpd = visit->httpd;
    struct sl_http_request *request = &visit->request;

    if (visit->n_bytes > 0 && !request->too_large) {
        visit->bytes[visit->n_bytes] = '\0';
        request->body = visit->bytes;
        request->n_body = visit->n_bytes;
    }
    if (httpd->n_waiting == httpd->room_waiting) {
        httpd->room_waiting = 2 * httpd->room_waiting + 64;
        httpd->waiting = reallocarray(httpd->waiting, httpd->room_waiting, sizeof(void *));
        if (!httpd->waiting)
            sl_out_of_memory();
    }
    httpd->waiting[httpd->n_waiting++] = request;
    visit->collected = true;
    visit->line->held = true;
    MHD_suspend_connection(visit->connection);
}

/* ---- What goes ----------------------------------------------------------------------- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value)
        (void)MHD_add_response_header(response, name, value);
}

static enum MHD_Result deliver(struct visit *visit)
{
    const struct sl_http_request *request = &visit->request;
    const char *text = request->text ? request->text : "";
    const char *retry = request->retry_after_s > 0
                            ? sl_arena_printf(request->arena, "%d", request->retry_after_s)
                            : NULL;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                        MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    if (!response)
        sl_out_of_memory();
    add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, request->type);
    add_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, retry);
    add_header(response, MHD_HTTP_HEADER_CONNECTION,
               visit->httpd->stopping || visit->doubtful ? "close" : NULL);
    result = MHD_queue_response(visit->connection, (unsigned)request->status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- What libmicrohttpd calls -------------------------------------------------------- */

void *visit_target(void *opaque, const char *target, struct MHD_Connection *connection)
{
    const struct door *door = opaque;
    struct visit *visit = take_visit(door->httpd);

    visit->request.second = door->second;
    visit->connection = connection;
    visit->line =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    visit->target = sl_arena_strdup(visit->request.arena, target);
    return visit;
}

enum MHD_Result visit_request(void *opaque, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *n_data, void **context)
{
    struct sl_httpd *httpd = ((struct door *)opaque)->httpd;
    struct visit *visit = *context;

    (void)connection;
    (void)path;
    (void)version;
    if (httpd->closing)
        return MHD_NO; /* the connection ends */
    if (visit->collected) {
        visit->line->held = false;
        return deliver(visit);
    }
    if (!visit->begun) {
        begin(visit, method);
        if (visit->doubtful) {
            visit->request.status = 400;
            return deliver(visit);
        }
        if (visit->request.too_large) /* what it announced is not waited for */
            collect(visit);
        return MHD_YES;
    }
    if (*n_data > 0) {
        receive(visit, data, *n_data);
        *n_data = 0;
        return MHD_YES;
    }
    collect(visit);
    return MHD_YES;
}

void visit_end(void *opaque, struct MHD_Connection *connection, void **context,
               enum MHD_RequestTerminationCode code)
{
    struct sl_httpd *httpd = ((struct door *)opaque)->httpd;
    struct visit *visit = *context;

    (void)connection;
    (void)code;
    if (!visit)
        return;
    unlink_line(httpd, visit->line);
    append_line(httpd, visit->line);
    give_back(visit);
    *context = NULL;
}
