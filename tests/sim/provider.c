/* The frame of the simulated providers: requests in, answers and callbacks out, nothing on a wire. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/adapter/adapter.h"
#include "lib/adapter/form.h"
#include "lib/base/text.h"
#include "sandbox/registry.h"
#include "tests/sim/sim.h"

/* ---- Requests ------------------------------------------------------------------------------------- */

struct sim_request {
    struct sl_arena *arena;
    struct sl_visit visit;
    const char *query;
    struct sl_pair *headers;
    size_t n_headers;
    void (*answered)(void *thing, const struct sim_answer *answer);
    void *thing;
};

struct sim_request *sim_request_copy(const struct sl_request *from)
{
    struct sl_arena *arena = sl_arena_new();
    struct sim_request *request = SL_NEW(arena, struct sim_request, 1);
    char *path = sl_arena_strdup(arena, from->path), *query = strchr(path, '?');

    *request = (struct sim_request){ .arena = arena, .n_headers = from->n_headers };
    request->headers = SL_NEW(arena, struct sl_pair, from->n_headers + 1);
    for (size_t i = 0; i < from->n_headers; i++)
        request->headers[i] = (struct sl_pair){ sl_arena_strdup(arena, from->headers[i].name),
                                                sl_arena_strdup(arena, from->headers[i].value) };
    request->visit =
        (struct sl_visit){ .box = &sim.box,
                           .method = sl_arena_strdup(arena, from->method),
                           .target = sl_arena_strdup(arena, from->path),
                           .body =
                               sl_arena_memdup(arena, from->n_body ? from->body : "", from->n_body),
                           .n_body = from->n_body,
                           .arena = arena,
                           .answer = sl_buf_new(arena) };
    request->visit.path = path;
    request->query = query ? query + 1 : "";
    if (query)
        *query = '\0';
    return request;
}

/* The visit is the request's own. */
static const struct sim_request *request_of(const struct sl_visit *visit)
{
    return (const struct sim_request *)(const void *)visit->connection;
}

const char *sl_visit_header(const struct sl_visit *visit, const char *name)
{
    const struct sim_request *request = request_of(visit);

    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

const char *sl_visit_query(const struct sl_visit *visit, const char *name)
{
    const char *query = request_of(visit)->query;

    return sl_form_value(visit->arena, query, strlen(query), name);
}

/* ---- Answers ---------------------------------------------------------------------------------------- */

static void answer(struct sim_request *request)
{
    const struct sl_visit *visit = &request->visit;
    struct sl_pair headers[SL_COUNT(visit->headers)];
    struct sim_answer told = { .status = visit->status,
                               .cut = visit->ending == SL_ENDING_CUT,
                               .type = visit->type,
                               .body = visit->answer.data,
                               .n_body = visit->answer.len,
                               .headers = headers };

    for (; told.n_headers < SL_COUNT(headers) && visit->headers[told.n_headers].name;
         told.n_headers++)
        headers[told.n_headers] = (struct sl_pair){ visit->headers[told.n_headers].name,
                                                    visit->headers[told.n_headers].value };
    if (visit->ending == SL_ENDING_NONE)
        told.status = 0;
    sim_say("  the provider answers %d to %s", told.status, visit->path);
    request->answered(request->thing, &told);
    sl_arena_free(&(struct sl_arena *){ request->arena });
}

static void answer_later(void *thing)
{
    answer(thing);
}

void sl_visit_release(struct sl_visit *visit)
{
    if (--visit->holds > 0 || !visit->suspended)
        return;
    visit->suspended = false;
    sim_after(sim_between(100, 5000), answer_later, (void *)(uintptr_t)request_of(visit));
}

/* What may go wrong at the provider. Left out is what costs more time than it tells. */
static enum sl_scenario draw_scenario(void)
{
    static const enum sl_scenario costly[] = { SL_PLAY_HUGE_ANSWER, SL_PLAY_DEEP_JSON };
    enum sl_scenario scenario = SL_PLAY_OK;

    if (sim_chance(2))
        scenario = (enum sl_scenario)(sim_draw() % SL_N_SCENARIOS);
    for (size_t i = 0; i < SL_COUNT(costly); i++)
        if (scenario == costly[i])
            return SL_PLAY_OK;
    return scenario;
}

void sim_request_arrive(struct sim_request *request,
                        void (*answered)(void *thing, const struct sim_answer *answer), void *thing)
{
    struct sl_visit *visit = &request->visit;
    int i = sl_simulator_of(&visit->path);

    request->answered = answered;
    request->thing = thing;
    visit->connection = (struct MHD_Connection *)(void *)request;
    visit->simulator = i < 0 ? NULL : sl_simulators[i];
    visit->state = i < 0 ? NULL : sim.box.states[i];
    sim.box.scenario = draw_scenario();
    sim_say("  %s arrives: %s", visit->path, sl_sandbox_scenario(sim.box.scenario, NULL));
    sl_visit_run(visit);
    visit->answered = true;
    visit->suspended = visit->holds > 0;
    if (!visit->suspended)
        sim_after(sim_between(1000, 200000), answer_later, request);
}

/* ---- Callbacks ---------------------------------------------------------------------------------------- */

struct sl_callback_job {
    struct sl_arena *arena;
    struct sl_callback callback;
    struct sl_callback_job *then;
};

struct sl_callbacks {
    struct sim_call *first, **last; /* what the daemon has not taken yet */
};

struct sl_callbacks *sl_callbacks_new(struct sl_sandbox *box, int loop)
{
    struct sl_callbacks *callbacks = calloc(1, sizeof *callbacks);

    (void)box, (void)loop;
    if (!callbacks)
        sl_out_of_memory();
    callbacks->last = &callbacks->first;
    return callbacks;
}

void sl_callbacks_free(struct sl_callbacks **callbacks)
{
    free(*callbacks);
    *callbacks = NULL;
}

void sl_callbacks_cancel(struct sl_callbacks *callbacks)
{
    callbacks->first = NULL;
    callbacks->last = &callbacks->first;
}

static void schedule(struct sl_callback_job *job);

static void end_job(struct sl_callback_job *job, int status)
{
    struct sl_callback_job *then = job->then;

    if (job->callback.ended)
        job->callback.ended(&sim.box, job->callback.thing, status, "");
    if (job->callback.holds)
        sl_visit_release(job->callback.holds);
    if (status >= 200 && status < 300)
        sim.box.counts.callbacks_answered++;
    else
        sim.box.counts.callbacks_failed++;
    sl_arena_free(&(struct sl_arena *){ job->arena });
    if (then)
        schedule(then);
}

/* Nobody waits for the answer of a copy. */
static void call(const struct sl_callback_job *job, struct sl_callback_job *waits)
{
    struct sl_callbacks *callbacks = sim.box.callbacks;
    struct sim_call *made = calloc(1, sizeof *made);
    const char *path = strstr(job->callback.url, "/hooks/");

    if (!made)
        sl_out_of_memory();
    made->path = strdup(path ? path : "/");
    made->type = strdup(job->callback.type);
    made->body = strdup(job->callback.body ? job->callback.body : "");
    if (!made->path || !made->type || !made->body)
        sl_out_of_memory();
    made->job = waits;
    *callbacks->last = made;
    callbacks->last = &made->next;
    for (size_t i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].life && strcmp(sim.processes[i].name, "daemon") == 0)
            sim_wake(&sim.processes[i]);
}

static void call_again(void *thing)
{
    struct sl_callback_job *copy = thing;

    call(copy, NULL);
    sl_arena_free(&(struct sl_arena *){ copy->arena });
}

static struct sl_callback_job *copy_job(const struct sl_callback *from)
{
    struct sl_arena *arena = sl_arena_new();
    struct sl_callback_job *job = SL_NEW(arena, struct sl_callback_job, 1);

    *job = (struct sl_callback_job){ .arena = arena, .callback = *from };
    job->callback.url = sl_arena_strdup(arena, from->url);
    job->callback.type = sl_arena_strdup(arena, from->type);
    job->callback.body = sl_arena_strdup(arena, from->body);
    return job;
}

/* On its way it may be lost, or come once more at another time, before or after this one. */
static void deliver(void *thing)
{
    struct sl_callback_job *job = thing;

    if (sim_chance(8)) {
        sim_say("  a callback is lost: %s", job->callback.body);
        end_job(job, 0);
        return;
    }
    sim_say("  a callback comes: %s", job->callback.body);
    if (sim_chance(8))
        sim_after(sim_between(0, 90) * 1000000, call_again, copy_job(&job->callback));
    if (!sim_runs("daemon")) {
        end_job(job, 0);
        return;
    }
    call(job, job);
}

static void schedule(struct sl_callback_job *job)
{
    int64_t late_us = sim_chance(8) ? sim_between(0, 120) * 1000000 : 0;

    sim_after(job->callback.delay_ms * 1000 + sim_between(100, 20000) + late_us, deliver, job);
}

void sl_callbacks_post(struct sl_callbacks *callbacks, const struct sl_callback *parts, size_t n)
{
    struct sl_callback_job *first = NULL, **next = &first;

    (void)callbacks;
    for (size_t i = 0; i < n; i++) {
        *next = copy_job(&parts[i]);
        if (parts[i].holds)
            sl_visit_hold(parts[i].holds);
        next = &(*next)->then;
    }
    if (first)
        schedule(first);
}

struct sim_call *sim_calls_take(void)
{
    struct sl_callbacks *callbacks = sim.box.callbacks;
    struct sim_call *call = callbacks->first;

    if (!call)
        return NULL;
    callbacks->first = call->next;
    if (!callbacks->first)
        callbacks->last = &callbacks->first;
    return call;
}

void sim_call_answer(struct sim_call *call, int status)
{
    if (call->job)
        end_job(call->job, status);
    free((void *)(uintptr_t)call->path);
    free((void *)(uintptr_t)call->type);
    free((void *)(uintptr_t)call->body);
    free(call);
}
