/* The programs, as far as a history has them: each does what its main() does, with the same calls. */
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

enum { MOST_AT_ONCE = 4, WARM_ROUNDS = 4 };

/* A stopped process may hold the lock for longer than anybody waits; nothing else may fail. */
static void allow(int status, const struct sl_err *err)
{
    if (status >= 0)
        return;
    sim_say("fails: %s", err->text);
    if (err->code != SL_ERR_UNAVAILABLE)
        history_fail("%s fails: %s", sim.current->name, err->text);
}

/* ---- sl-sms send, sl-pay request ------------------------------------------------------------------------ */

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
void program_client(struct process *me)
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
    history.n_open = -1; /* a runner has to look again */
}

/* ---- sl-queue-run ---------------------------------------------------------------------------------------- */

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
    history.n_open = sl_row_int(&rows, 0);
    history.next_due_ms = sl_row_int(&rows, 1);
    return 0;
}

void program_queue(struct process *me)
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

/* ---- sl-webhook serve ------------------------------------------------------------------------------------ */

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
        history.n_open = -1;
    }
    return n > 0;
}

void program_daemon(struct process *me)
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

/* ---- Before the first history ---------------------------------------------------------------------------- */

/* Does what processes do, in good days and in bad ones, and leaves the database open. */
void program_warm(struct process *me)
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

void program_warm_daemon(struct process *me)
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
