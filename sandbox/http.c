#include "sandbox/http.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/box.h"
#include "sandbox/control.h"
#include "sandbox/registry.h"

struct sl_http {
    struct sl_sandbox *box;
    struct MHD_Daemon *daemon;
    struct sl_visit *pool;
    bool closing;
};

/* ---- Visits ------------------------------------------------------------------------- */

enum { KEPT_BYTES = 65536, FIRST_BYTES = 2048 };

static struct sl_visit *take_visit(struct sl_http *http)
{
    struct sl_visit *visit = http->pool;

    if (visit) {
        http->pool = visit->next;
    } else {
        visit = calloc(1, sizeof *visit);
        if (!visit)
            sl_out_of_memory();
        visit->arena = sl_arena_new();
    }
    visit->box = http->box;
    visit->answer = (struct sl_buf){ .arena = visit->arena,
                                     .data = sl_arena_alloc(visit->arena, FIRST_BYTES, 1),
                                     .capacity = FIRST_BYTES };
    return visit;
}

/* Body and arena are kept for the next one, unless this one was unusually large. */
static void give_back(struct sl_http *http, struct sl_visit *visit)
{
    struct sl_visit empty = { .arena = visit->arena, .body = visit->body, .room = visit->room };

    if (visit->room > KEPT_BYTES || visit->answer.capacity > KEPT_BYTES) {
        free(visit->body);
        sl_arena_free(&visit->arena);
        empty = (struct sl_visit){ .arena = sl_arena_new() };
    } else {
        sl_arena_reset(visit->arena);
    }
    empty.next = http->pool;
    *visit = empty;
    http->pool = visit;
}

const char *sl_visit_header(const struct sl_visit *visit, const char *name)
{
    return MHD_lookup_connection_value(visit->connection, MHD_HEADER_KIND, name);
}

const char *sl_visit_query(const struct sl_visit *visit, const char *name)
{
    return MHD_lookup_connection_value(visit->connection, MHD_GET_ARGUMENT_KIND, name);
}

void sl_visit_release(struct sl_visit *visit)
{
    if (--visit->holds > 0 || !visit->suspended)
        return;
    visit->suspended = false;
    visit->box->resumed = true;
    MHD_resume_connection(visit->connection);
}

static void receive(struct sl_visit *visit, const char *bytes, size_t n)
{
    size_t most = visit->simulator && visit->simulator->most_body ? visit->simulator->most_body
                                                                  : (size_t)SL_HTTP_BODY;

    visit->too_large = visit->too_large || n > most - visit->n_body;
    if (visit->too_large)
        return;
    if (visit->room - visit->n_body <= n) {
        visit->room = (visit->n_body + n + 1) * 2;
        visit->body = realloc(visit->body, visit->room);
        if (!visit->body)
            sl_out_of_memory();
    }
    memcpy(visit->body + visit->n_body, bytes, n);
    visit->n_body += n;
}

static void end_body(struct sl_visit *visit)
{
    if (visit->room == 0) {
        visit->room = FIRST_BYTES;
        visit->body = malloc(visit->room);
        if (!visit->body)
            sl_out_of_memory();
    }
    visit->body[visit->n_body] = '\0';
}

/* ---- Answers ------------------------------------------------------------------------ */

static void find_answer(struct sl_visit *visit)
{
    end_body(visit);
    visit->answered = true;
    if (sl_control_owns(visit->path))
        sl_control_answer(visit);
    else
        sl_visit_run(visit);
}

/* Half of it, then the error that makes libmicrohttpd end the connection. */
static ssize_t read_half(void *closure, uint64_t at, char *out, size_t room)
{
    const struct sl_visit *visit = closure;
    size_t left = visit->answer.len / 2 - (size_t)at;
    size_t n = left < room ? left : room;

    if (left == 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    memcpy(out, visit->answer.data + at, n);
    return (ssize_t)n;
}

static ssize_t read_seen(void *closure, uint64_t at, char *out, size_t room)
{
    struct sl_visit *visit = closure;
    size_t n = sl_seen_read(visit->pour, out, room);

    (void)at;
    return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

static struct MHD_Response *make_response(struct sl_visit *visit)
{
    if (visit->pour)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, KEPT_BYTES, read_seen, visit,
                                                 NULL);
    if (visit->ending == SL_ENDING_CUT)
        return MHD_create_response_from_callback(visit->answer.len, KEPT_BYTES, read_half, visit,
                                                 NULL);
    return MHD_create_response_from_buffer(visit->answer.len, visit->answer.data,
                                           MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result deliver(struct sl_visit *visit)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (visit->ending == SL_ENDING_NONE)
        return MHD_NO;
    response = make_response(visit);
    if (!response)
        sl_out_of_memory();
    if (visit->type)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, visit->type);
    for (size_t i = 0; i < SL_COUNT(visit->headers) && visit->headers[i].name; i++)
        (void)MHD_add_response_header(response, visit->headers[i].name, visit->headers[i].value);
    result = MHD_queue_response(visit->connection, (unsigned)visit->status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- What libmicrohttpd calls ------------------------------------------------------- */

static void *on_target(void *closure, const char *target, struct MHD_Connection *connection)
{
    struct sl_visit *visit = take_visit(closure);

    visit->connection = connection;
    visit->target = sl_arena_strdup(visit->arena, target);
    return visit;
}

static void begin(struct sl_visit *visit, const char *method, const char *path)
{
    int i;

    visit->begun = true;
    visit->method = method;
    visit->path = path;
    if (sl_control_owns(path))
        return;
    i = sl_simulator_of(&visit->path);
    if (i < 0)
        return;
    visit->simulator = sl_simulators[i];
    visit->state = visit->box->states[i];
}

static enum MHD_Result on_request(void *closure, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *data, size_t *n_data, void **context)
{
    struct sl_http *http = closure;
    struct sl_visit *visit = *context;

    (void)version;
    if (http->closing)
        return MHD_NO;
    if (!visit->begun) {
        begin(visit, method, path);
        return MHD_YES;
    }
    if (*n_data > 0) {
        receive(visit, data, *n_data);
        *n_data = 0;
        return MHD_YES;
    }
    if (!visit->answered)
        find_answer(visit);
    if (visit->holds > 0) {
        visit->suspended = true;
        MHD_suspend_connection(connection);
        return MHD_YES;
    }
    return deliver(visit);
}

static void on_end(void *closure, struct MHD_Connection *connection, void **context,
                   enum MHD_RequestTerminationCode how)
{
    (void)connection;
    (void)how;
    if (*context)
        give_back(closure, *context);
    *context = NULL;
}

/* ---- Life --------------------------------------------------------------------------- */

struct sl_http *sl_http_new(struct sl_sandbox *box, int listener, struct sl_err *err)
{
    SL_AUTO(sl_http_free) struct sl_http *http = calloc(1, sizeof *http);
    struct sl_http *made;

    if (!http)
        sl_out_of_memory();
    http->box = box;
    http->daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL,
                         on_request, http, MHD_OPTION_LISTEN_SOCKET, listener,
                         MHD_OPTION_URI_LOG_CALLBACK, on_target, http, MHD_OPTION_NOTIFY_COMPLETED,
                         on_end, http, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SL_HTTP_CONNECTIONS,
                         MHD_OPTION_END);
    if (!http->daemon) {
        (void)close(listener);
        (void)sl_err_set(err, SL_ERR_INTERNAL, "libmicrohttpd does not start");
        return NULL;
    }
    made = http;
    http = NULL;
    return made;
}

static void free_pool(struct sl_visit *visit)
{
    struct sl_visit *next;

    for (; visit; visit = next) {
        next = visit->next;
        free(visit->body);
        sl_arena_free(&visit->arena);
        free(visit);
    }
}

void sl_http_free(struct sl_http **http)
{
    if (!*http)
        return;
    (*http)->closing = true;
    if ((*http)->daemon) {
        (void)MHD_run((*http)->daemon); /* those that waited are resumed and end */
        MHD_stop_daemon((*http)->daemon);
    }
    free_pool((*http)->pool);
    free(*http);
    *http = NULL;
}

int sl_http_socket(const struct sl_http *http)
{
    return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void sl_http_run(struct sl_http *http)
{
    (void)MHD_run(http->daemon);
}

int64_t sl_http_wait_ms(const struct sl_http *http)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    if (MHD_get_timeout(http->daemon, &wait_ms) != MHD_YES)
        return -1;
    return wait_ms < 1000 ? (int64_t)wait_ms : 1000;
}
