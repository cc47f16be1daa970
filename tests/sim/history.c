/* One history: what people want, the programs that do it, and the daemon that is called. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/service/engine.h"
#include "lib/service/inbound.h"
#include "lib/service/payments.h"
#include "lib/service/sms.h"
#include "lib/store/sql.h"
#include "tests/sim/sim.h"

enum {
    FAULTS_S = 45,
    LONGEST_S = 12 * 3600,
    MOST_TRIES = 4,
    MOST_AT_ONCE = 4,
    WARM = 10,
    WARM_DAEMONS = 4,
    WARM_ROUNDS = 6
};

struct history history;

/* What is not over yet, as the last runner saw it; and when that one was. */
static int64_t n_open, next_due_ms, pause_us, ends_us;

void history_fail(const char *format, ...)
{
    va_list list;

    (void)fflush(stdout);
    (void)fprintf(stderr, "seed %llu: ", (unsigned long long)history.seed);
    va_start(list, format);
    (void)vfprintf(stderr, format, list);
    va_end(list);
    (void)fputc('\n', stderr);
    _Exit(1);
}

/* A stopped process may hold the lock for longer than anybody waits; nothing else may fail. */
static void allow(int status, const struct sl_err *err)
{
    if (status >= 0)
        return;
    sim_say("fails: %s", err->text);
    if (err->code != SL_ERR_UNAVAILABLE)
        history_fail("%s fails: %s", sim.current->name, err->text);
}

/* ---- Who wants something ------------------------------------------------------------------------------ */

static int record_texts(struct sl_service *service, struct sl_arena *arena, const struct op *op,
                        struct sl_work_filter *filter, struct sl_err *err)
{
    const struct sl_sms_options options = { .text = op->text, .key = op->key, .max_segments = 2 };
    const char *numbers[SIM_MOST_TO];
    struct sl_sending sending;
    struct sl_batch batch = { 0 };
    bool fresh;

    for (size_t i = 0; i < op->n_to; i++)
        numbers[i] = op->to[i];
    if (sl_sms_prepare(service, arena, &sim.school, &options, numbers, op->n_to, &sending, err) <
            0 ||
        sl_send_record(service, arena, &sim.school, &sending, &batch, &fresh, err) < 0)
        return -1;
    filter->batch_id = fresh ? batch.id : 0;
    return 0;
}

static int record_payment(struct sl_service *service, struct sl_arena *arena, const struct op *op,
                          struct sl_work_filter *filter, struct sl_err *err)
{
    const struct sl_payment_request request = {
        .phone = op->to[0], .amount = "1500", .reference = op->text, .key = op->key
    };
    struct sl_payment payment;

    return sl_payments_request(service, arena, &sim.school, &request, &payment, &filter->item_id,
                               err);
}

/* As `sl-sms send` and `sl-pay request` do. */
static void run_client(struct process *me)
{
    struct op *op = me->thing;
    struct sl_arena *arena = sl_arena_new();
    struct sl_work_filter filter = { 0 };
    const struct sl_engine_options options = { .program = "client", .filter = filter };
    struct sl_engine_options own = options;
    struct sl_engine_counts counts;
    struct sl_service *service;
    struct sl_err err;
    int status;

    service = sim_service(SL_ALL_KEYS, &err);
    allow(service ? 0 : -1, &err);
    status = !service   ? -1
             : op->pays ? record_payment(service, arena, op, &filter, &err)
                        : record_texts(service, arena, op, &filter, &err);
    allow(status, &err);
    sim_step('a', 20);
    if (status == 0) {
        op->acknowledged = true;
        sim_say("%s is recorded", op->key);
    }
    own.filter = filter;
    if (status == 0 && op->works && (filter.batch_id || filter.item_id)) {
        status = sl_engine_run(service, &own, &counts, &err);
        allow(status, &err);
        if (status == 0 && filter.batch_id)
            allow(sl_batches_finish(service->db, filter.batch_id, sl_now_ms(), &err), &err);
    }
    sl_arena_free(&arena);
    sim_service_end();
    n_open = -1; /* a runner has to look again */
}

/* Who got no word asks again, with the same key. */
static void ask(void *thing)
{
    struct op *op = thing;

    if (op->acknowledged || op->tries >= MOST_TRIES)
        return;
    if (sim.now_us >= sim.booted_us && sim_start("client", run_client, op))
        op->tries++;
    sim_after(sim_between(5, 40) * 1000000, ask, op);
}

/* ---- Who works the queue -------------------------------------------------------------------------------- */

/* As sl-queue-run has it. */
static int maintain(struct sl_service *service, struct sl_err *err)
{
    if (sl_inbound_maintain(service, err) < 0)
        return -1;
    return sl_batches_finish_all(service->db, sl_now_ms(), err);
}

static int look(struct sl_service *service, struct sl_err *err)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM webhook_events WHERE state = 'new') + count(*),"
        " coalesce(min(next_attempt_at), 0) FROM integration_queue WHERE status = 'pending'"
        " OR (status = 'processing' AND (waits_for IS NULL OR waits_for <> 'person'))";
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_first(&rows, service->db, sql, SL_NO_PARAMS, err) < 0)
        return -1;
    n_open = sl_row_int(&rows, 0);
    next_due_ms = sl_row_int(&rows, 1);
    return 0;
}

static void run_queue(struct process *me)
{
    const struct sl_engine_options options = {
        .program = "sl-queue-run", .connections = 4, .for_ms = 20000, .maintain = maintain
    };
    struct sl_engine_counts counts;
    struct sl_service *service;
    struct sl_err err;
    int status;

    (void)me;
    service = sim_service(SL_ALL_KEYS, &err);
    status = service ? sl_engine_run(service, &options, &counts, &err) : -1;
    if (status == 0)
        status = maintain(service, &err);
    if (status == 0 && !sim.faults)
        status = look(service, &err);
    allow(status, &err);
    sim_service_end();
}

/* A timer. When all is to come to its end it waits for what is due. */
static void run_timer(void *thing)
{
    const char *name = thing;
    int64_t due_us = (next_due_ms - sl_now_ms()) * 1000;

    if (sim.now_us >= sim.booted_us && !sim_runs(name))
        (void)sim_start(name, run_queue, NULL);
    if (sim.faults) {
        sim_after(sim_between(4, 24) * 1000000, run_timer, thing);
        return;
    }
    pause_us = pause_us < 60000000 ? pause_us * 2 : pause_us;
    sim_after(due_us > pause_us && due_us < 600000000 ? due_us : pause_us, run_timer, thing);
}

/* ---- Who is called --------------------------------------------------------------------------------------- */

static void note_answer(struct sim_call *call, const struct sl_received *received)
{
    if (received->reply.status == 200 && history.n_acks < SIM_MOST_ACKS) {
        history.acks[history.n_acks].body = strdup(call->body);
        (void)snprintf(history.acks[history.n_acks].path, sizeof history.acks[0].path, "%s",
                       call->path);
        history.n_acks++;
    }
    sim_say("answers %d to %s", received->reply.status, call->path);
    sim_call_answer(call, received->reply.status);
}

static size_t take_calls(struct sl_arena *arena, struct sim_call **calls,
                         struct sl_received **received)
{
    size_t n = 0;

    while (n < MOST_AT_ONCE && (calls[n] = sim_calls_take()) != NULL) {
        received[n] = SL_NEW(arena, struct sl_received, 1);
        *received[n] = (struct sl_received){ .arena = arena,
                                             .method = "POST",
                                             .path = calls[n]->path,
                                             .query = "",
                                             .content_type = calls[n]->type,
                                             .body = calls[n]->body,
                                             .n_body = strlen(calls[n]->body),
                                             .ip_address = "127.0.0.1" };
        n++;
    }
    return n;
}

/* Stored, then answered, then applied. Returns whether somebody had called. */
static bool serve(struct sl_service *service, struct sl_inbox *inbox)
{
    struct sim_call *calls[MOST_AT_ONCE];
    struct sl_received *received[MOST_AT_ONCE];
    struct sl_arena *arena = sl_arena_new();
    size_t n = take_calls(arena, calls, received);
    struct sl_err err;

    if (n > 0)
        allow(sl_inbound_receive_all(inbox, received, n, &err), &err);
    for (size_t i = 0; i < n; i++) {
        sim_step('c', 20);
        note_answer(calls[i], received[i]);
    }
    sl_arena_free(&arena);
    if (n > 0) {
        allow(sl_inbound_apply(service, &err), &err);
        n_open = -1;
    }
    return n > 0;
}

static void run_daemon(struct process *me)
{
    struct sl_service *service;
    struct sl_inbox *inbox;
    struct sl_err err;

    (void)me;
    service = sim_service(SL_WEBHOOK_KEYS, &err);
    allow(service ? 0 : -1, &err);
    if (!service)
        return;
    allow(sl_inbound_apply(service, &err), &err);
    inbox = sl_inbox_new(service);
    for (;;)
        if (!serve(service, inbox))
            sim_wait(INT64_MAX / 2);
}

static void watch_daemon(void *thing)
{
    if (sim.now_us >= sim.booted_us && !sim_runs("daemon"))
        (void)sim_start("daemon", run_daemon, NULL);
    if (sim.faults)
        sim_after(sim_between(1000, 6000) * 1000, watch_daemon, thing);
}

/* ---- A history ------------------------------------------------------------------------------------------------ */

static void plan_op(struct op *op, size_t i)
{
    *op = (struct op){ .pays = sim_between(0, 2) == 0, .works = sim_between(0, 1) == 0 };
    (void)snprintf(op->key, sizeof op->key, "op-%zu", i);
    (void)snprintf(op->text, sizeof op->text, op->pays ? "ADM%llu.%zu" : "Text %llu.%zu",
                   (unsigned long long)(history.seed % 100000), i);
    op->n_to = op->pays ? 1 : (size_t)sim_between(1, SIM_MOST_TO);
    for (size_t j = 0; j < op->n_to; j++)
        (void)snprintf(op->to[j], sizeof op->to[j], "+2547110%02zu%03zu", i, j);
    sim_after(sim_between(0, 20000) * 1000, ask, op);
}

static bool faults_are_over(void)
{
    return sim.now_us >= ends_us;
}

static void fail_open(void)
{
    static const char sql[] =
        "SELECT operation || ' ' || public_id || ' is ' || status || ', runner ' ||"
        " coalesce(runner, 'none') || ', waits for ' || coalesce(waits_for, 'nothing') ||"
        " ', asked ' || asks || ' times' FROM integration_queue WHERE status = 'pending'"
        " OR (status = 'processing' AND (waits_for IS NULL OR waits_for <> 'person'))";
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_err err;
    struct sl_service *service = sim_service_look(&err);

    if (service && sl_db_first(&rows, service->db, sql, SL_NO_PARAMS, &err) > 0)
        history_fail("not over after %d hours: %s", LONGEST_S / 3600, sl_row_text(&rows, 0));
    history_fail("callbacks are not applied after %d hours", LONGEST_S / 3600);
}

static bool all_is_over(void)
{
    if (sim.now_us > ends_us + LONGEST_S * INT64_C(1000000))
        fail_open();
    for (size_t i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].life && strcmp(sim.processes[i].name, "daemon") != 0)
            return false;
    return n_open == 0 && sim.n_events <= 2 && sl_timers_wait_ms(sim.box.timers) < 0;
}

/* One timer is enough then; whoever stopped goes on, and is not in the way for long. */
static void calm_down(void)
{
    sim_say("from now on all goes well");
    sim.faults = false;
    n_open = -1;
    pause_us = 1000000;
    watch_daemon(NULL);
}

static void begin(uint64_t seed)
{
    history = (struct history){ .seed = seed };
    sim.chance = seed * UINT64_C(0xd1342543de82ef95) + 1;
    sim.trace = seed;
    sim.box.seed = seed + 2;
    sim.n_steps = 0;
    n_open = -1;
}

void history_run(uint64_t seed)
{
    begin(seed);
    sim.faults = true;
    sim.cold = sim_between(0, 15) == 0;
    if (sim.cold)
        sim_services_close();
    sim.cut_at = sim_between(0, 3) == 0 ? sim_between(1, 2500) : 0;
    ends_us = sim.now_us + FAULTS_S * INT64_C(1000000);
    history.n_ops = (size_t)sim_between(1, 5);
    for (size_t i = 0; i < history.n_ops; i++)
        plan_op(&history.ops[i], i);
    watch_daemon(NULL);
    sim_after(sim_between(0, 5000) * 1000, run_timer, (void *)(uintptr_t) "run-a");
    sim_after(sim_between(0, 9000) * 1000, run_timer, (void *)(uintptr_t) "run-b");
    sim_run(faults_are_over);
    calm_down();
    sim_run(all_is_over);
}

/* ---- Before the first ------------------------------------------------------------------------------------------- */

static bool nobody_works(void)
{
    for (size_t i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].life && sim.processes[i].wake_us < INT64_MAX / 4)
            return false;
    return sim.n_events == 0 && sl_timers_wait_ms(sim.box.timers) < 0;
}

/* Does what processes do, in good days and in bad ones, and leaves the database open. */
static void warm_up(struct process *me)
{
    const struct sl_engine_options options = { .program = "warm", .maintain = maintain };
    struct sl_engine_counts counts;
    struct sl_service *service;
    struct sl_err err;

    service = sim_service(SL_ALL_KEYS, &err);
    allow(service ? 0 : -1, &err);
    for (size_t i = 0; i < 2 * WARM_ROUNDS; i++) {
        SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
        struct op op = { .n_to = 1, .pays = i % 2 > 0, .to = { "+254711099999" } };
        struct sl_work_filter filter;

        (void)snprintf(op.key, sizeof op.key, "warm-%d-%zu", me->owner, i);
        (void)snprintf(op.text, sizeof op.text, "WARM%d.%zu", me->owner, i);
        sim.faults = i >= 2 && i < 2 * (WARM_ROUNDS - 1);
        allow((op.pays ? record_payment : record_texts)(service, arena, &op, &filter, &err), &err);
        allow(sl_engine_run(service, &options, &counts, &err), &err);
        sim_wait(400000000);
        allow(sl_engine_run(service, &options, &counts, &err), &err);
    }
    allow(look(service, &err), &err);
    sim_service_keep(SL_ALL_KEYS);
}

static void warm_daemon(struct process *me)
{
    struct sl_inbox *inbox;
    struct sl_service *service;
    struct sl_err err;

    (void)me;
    service = sim_service(SL_WEBHOOK_KEYS, &err);
    allow(service ? 0 : -1, &err);
    inbox = sl_inbox_new(service);
    sim_wait(10000000);
    while (serve(service, inbox))
        continue;
    sl_inbox_free(&inbox);
    sim_service_keep(SL_WEBHOOK_KEYS);
}

void history_prepare(void)
{
    begin(1);
    sim.immortal = sim.cold = true;
    for (int i = 0; i < WARM; i++) {
        if (i < WARM_DAEMONS)
            (void)sim_start("daemon", warm_daemon, NULL);
        (void)sim_start("warm", warm_up, NULL);
        sim_run(nobody_works);
    }
    sim.immortal = sim.cold = false;
    if (n_open > 0)
        history_fail("%lld rows are open before it begins", (long long)n_open);
}
