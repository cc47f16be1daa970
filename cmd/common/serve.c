#include "cmd/common/serve.h"

#include <string.h>

#include "cmd/common/metrics.h"
#include "lib/base/clock.h"
#include "lib/service/inbound.h"
#include "lib/service/watch.h"
#include "lib/service/spawn.h"

enum {
    LINGER_MS = 5,       /* those who were answered soon have the next request */
    APPLY_EVERY_MS = 20, /* while requests come without a pause */
    AGAIN_MS = 5000,     /* after a failure */
    MAINTAIN_EVERY_MS = 60000,
    VALIDATOR_MS = 6000, /* M-Pesa waits for eight seconds */
    MOST_VALIDATORS = 32,
    METRICS_MS = 2000, /* so old may they be: who asks often must not keep others waiting */
};

/* A school's program that is asked whether a payment may come. */
struct validator {
    struct daemon *daemon; /* NULL: free */
    struct sl_http_request *request;
    struct sl_spawn spawn;
    struct sl_httpd_watch watch;
    int64_t until_ms;
};

struct daemon {
    const struct sl_cli *cli;
    struct sl_service *service;
    struct sl_inbox *inbox;
    struct sl_httpd *httpd;
    struct validator validators[MOST_VALIDATORS];
    bool fresh; /* there may be events that are not applied */
    int64_t applied_ms, next_apply_ms, next_maintain_ms, next_say_ms; /* boot clock */
    struct sl_buf metrics;                                            /* as they were made last */
    int64_t metrics_ms; /* when that was, boot clock */
};

/* At most one a second: trouble comes with every request. */
static void complain(struct daemon *daemon, const struct sl_err *err)
{
    int64_t now_ms = sl_boot_ms();

    if (now_ms < daemon->next_say_ms)
        return;
    daemon->next_say_ms = now_ms + 1000;
    sl_say(daemon->cli, "%s: %s%s%s", daemon->cli->program, err->text, *err->hint ? "; " : "",
           err->hint);
}

/* ---- Requests and answers ---------------------------------------------------------------- */

static void fill_answer(struct sl_http_request *request, const struct sl_received *received)
{
    request->type = received->reply.content_type;
    request->text = received->reply.body;
    request->allow = received->allow;
    request->retry_after_s = received->retry_after_s;
    request->status = received->reply.status;
}

static void receive(struct daemon *daemon, struct sl_received *const *received, size_t n)
{
    struct sl_err err;

    if (n > 0 && sl_inbound_receive_all(daemon->inbox, received, n, &err) < 0)
        complain(daemon, &err);
    daemon->fresh = true;
}

static void end_validator(struct validator *validator, enum sl_may_come may_come)
{
    struct daemon *daemon = validator->daemon;
    struct sl_received *received = validator->request->own;

    received->may_come = may_come;
    receive(daemon, &received, 1);
    fill_answer(validator->request, received);
    sl_httpd_answer(daemon->httpd, validator->request);
    validator->daemon = NULL;
}

/* Status 0 is yes, another of its own no; what the shell or a signal says is no answer. */
static void hear_validator(void *opaque)
{
    struct validator *validator = opaque;
    const struct sl_httpd_watch watch = validator->watch;
    enum sl_may_come may_come = SL_MAY_UNKNOWN;
    int status;

    sl_httpd_forget(validator->daemon->httpd, &watch);
    if (!sl_spawn_ended(&validator->spawn, &status))
        sl_spawn_stop(&validator->spawn);
    else if (status < 126)
        may_come = status == 0 ? SL_MAY_YES : SL_MAY_NO;
    end_validator(validator, may_come);
}

static void stop_validator(struct validator *validator)
{
    sl_httpd_forget(validator->daemon->httpd, &validator->watch);
    sl_spawn_stop(&validator->spawn);
    end_validator(validator, SL_MAY_UNKNOWN);
}

static struct validator *free_validator(struct daemon *daemon)
{
    for (size_t i = 0; i < SL_COUNT(daemon->validators); i++)
        if (!daemon->validators[i].daemon)
            return &daemon->validators[i];
    return NULL;
}

/* False if nobody can be asked now. */
static bool start_validator(struct daemon *daemon, struct sl_http_request *request,
                            const struct sl_received *received)
{
    struct validator *validator = free_validator(daemon);
    struct sl_err err;

    if (!validator)
        return false;
    *validator = (struct validator){ .request = request, .until_ms = sl_boot_ms() + VALIDATOR_MS };
    if (sl_spawn_start(&validator->spawn, received->ask, received->question,
                       strlen(received->question), &err) < 0) {
        complain(daemon, &err);
        return false;
    }
    validator->watch = (struct sl_httpd_watch){ validator->spawn.fd, hear_validator, validator };
    if (sl_httpd_watch(daemon->httpd, &validator->watch, &err) < 0) {
        complain(daemon, &err);
        sl_spawn_stop(&validator->spawn);
        return false;
    }
    validator->daemon = daemon;
    return true;
}

static const char *header_of(const void *opaque, const char *name)
{
    return sl_http_header(opaque, name);
}

static struct sl_received *read_request(struct sl_http_request *request)
{
    struct sl_received *received = SL_NEW(request->arena, struct sl_received, 1);

    *received = (struct sl_received){
        .arena = request->arena,
        .method = request->method,
        .path = request->path,
        .query = request->query,
        .content_type = request->content_type,
        .body = request->body,
        .n_body = request->n_body,
        .too_large = request->too_large,
        .ip_address = request->address,
        .header = header_of,
        .opaque = request,
    };
    request->own = received;
    return received;
}

static bool reads(const struct sl_http_request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

static bool answer_health(struct sl_http_request *request)
{
    if (strcmp(request->path, "/healthz") != 0 || !reads(request))
        return false;
    request->type = "text/plain";
    request->text = "ok\n";
    request->status = 200;
    return true;
}

/* ---- Metrics ----------------------------------------------------------------------------------- */

static const char *read_metrics(struct daemon *daemon)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int64_t now_ms = sl_boot_ms();
    struct sl_queue_state state;
    struct sl_err err;

    if (daemon->metrics.len > 0 && now_ms < daemon->metrics_ms + METRICS_MS)
        return daemon->metrics.data;
    if (sl_queue_state_read(daemon->service, arena, 0, &state, &err) < 0) {
        complain(daemon, &err);
        return NULL;
    }
    daemon->metrics.len = 0;
    sl_metrics_write(&daemon->metrics, &state);
    daemon->metrics_ms = now_ms;
    return daemon->metrics.data;
}

static void answer_metrics(struct daemon *daemon, struct sl_http_request *request)
{
    request->status = 404;
    if (strcmp(request->path, "/metrics") != 0)
        return;
    request->status = 405;
    request->allow = "GET, HEAD";
    if (!reads(request))
        return;
    request->allow = NULL;
    request->type = "text/plain; version=0.0.4";
    request->text = sl_arena_strdup(request->arena, read_metrics(daemon));
    request->status = request->text ? 200 : 503;
}

/* ---- All that came ------------------------------------------------------------------------------ */

static void serve(void *opaque, struct sl_http_request *const *requests, size_t n)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_received **group = SL_NEW(arena, struct sl_received *, n);
    struct daemon *daemon = opaque;
    size_t n_group = 0;

    for (size_t i = 0; i < n; i++)
        if (requests[i]->second)
            answer_metrics(daemon, requests[i]);
        else if (!answer_health(requests[i]))
            group[n_group++] = read_request(requests[i]);
    receive(daemon, group, n_group);
    for (size_t i = 0; i < n; i++) {
        struct sl_received *received = requests[i]->own;

        if (!received || (received->ask && start_validator(daemon, requests[i], received)))
            continue;
        if (received->ask) {
            received->may_come = SL_MAY_UNKNOWN;
            receive(daemon, &received, 1);
        }
        fill_answer(requests[i], received);
    }
}

/* ---- Between requests ------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t look_at_validators(struct daemon *daemon, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;

    for (size_t i = 0; i < SL_COUNT(daemon->validators); i++) {
        struct validator *validator = &daemon->validators[i];

        if (validator->daemon && validator->until_ms <= now_ms)
            stop_validator(validator);
        if (validator->daemon)
            next_ms = least(next_ms, validator->until_ms);
    }
    return next_ms;
}

/* What came is applied when nobody is waiting for an answer, and now and then if somebody always
 * is. */
static void apply(struct daemon *daemon, int64_t now_ms)
{
    int (*step)(struct sl_service *, struct sl_err *) = sl_inbound_apply;
    struct sl_err err;
    int applied;

    if (now_ms >= daemon->next_maintain_ms) {
        daemon->next_maintain_ms = now_ms + MAINTAIN_EVERY_MS;
        step = sl_inbound_maintain;
    }
    applied = step(daemon->service, &err);
    daemon->applied_ms = sl_boot_ms();
    daemon->next_apply_ms = daemon->applied_ms;
    daemon->fresh = applied != 0;
    if (applied >= 0)
        return;
    complain(daemon, &err);
    daemon->next_apply_ms += AGAIN_MS;
}

static int64_t idle(void *opaque, bool busy)
{
    struct daemon *daemon = opaque;
    int64_t now_ms = sl_boot_ms(), next_ms = look_at_validators(daemon, now_ms);
    bool due =
        (daemon->fresh && now_ms >= daemon->next_apply_ms) || now_ms >= daemon->next_maintain_ms;

    if (due && (!busy || now_ms >= daemon->applied_ms + APPLY_EVERY_MS))
        apply(daemon, now_ms);
    now_ms = sl_boot_ms();
    next_ms = least(next_ms, daemon->next_maintain_ms);
    if (daemon->fresh)
        next_ms = least(next_ms, busy ? now_ms + LINGER_MS : daemon->next_apply_ms);
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

/* ---- Its life ---------------------------------------------------------------------------------- */

/* Whoever still waits gets no answer, and comes again. */
static void end_daemon(struct daemon *daemon)
{
    for (size_t i = 0; i < SL_COUNT(daemon->validators); i++)
        if (daemon->validators[i].daemon)
            stop_validator(&daemon->validators[i]);
    sl_httpd_close(&daemon->httpd);
    sl_inbox_free(&daemon->inbox);
}

/* The daemon has no key that opens settings, so it leaves the watching to the runner. That nothing could
 * be noted is no reason to hear nobody. */
static void note_certificate(struct daemon *daemon)
{
    struct sl_err err;

    if (sl_watch_certificate(daemon->service, sl_httpd_certificate(daemon->httpd), &err) < 0)
        complain(daemon, &err);
}

int sl_serve(const struct sl_cli *cli, struct sl_service *service,
             const struct sl_httpd_options *where, struct sl_err *err)
{
    SL_AUTO(end_daemon) struct daemon daemon = { .cli = cli, .service = service, .fresh = true };
    struct sl_httpd_options options = *where;

    options.serve = serve;
    options.idle = idle;
    options.opaque = &daemon;
    daemon.inbox = sl_inbox_new(service);
    daemon.metrics = sl_buf_new(service->arena);
    if (sl_httpd_open(&daemon.httpd, &options, err) < 0)
        return -1;
    note_certificate(&daemon);
    if (where->second)
        sl_say(cli, "metrics on %s", sl_httpd_second_address(daemon.httpd));
    sl_say(cli, "listening on %s", sl_httpd_address(daemon.httpd));
    return sl_httpd_run(daemon.httpd, err);
}
