/* Marking what can start, sending it, and reading what comes back. */
#include <stdio.h>
#include <string.h>

#include "lib/service/engine_private.h"
#include "lib/store/days.h"
#include "lib/store/optouts.h"

enum { CONNECT_MS = 30000, MOST_ANSWER = 8 << 20, FULL_DAY_MS = 60000 };

/* ---- Marking -------------------------------------------------------------------------------- */

static int64_t units_of(const struct sl_job *job)
{
    int64_t n = 0;

    switch (job->account->adapter->limits.unit) {
    case SL_PER_REQUEST: return 1;
    case SL_PER_ITEM: return (int64_t)job->n_items;
    case SL_PER_SEGMENT:
        if (job->op->input == SL_INPUT_MESSAGES) /* it only asks */
            return 1;
        for (size_t i = 0; i < job->n_items && job->messages; i++)
            n += job->messages[i].segments > 0 ? job->messages[i].segments : 1;
        return n > 0 ? n : 1;
    }
    return 1;
}

/* Who opted out after the list was read is sent nothing: the job is made again without them. */
static int drop_optouts(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    const char *channel = job->messages ? job->domain->channel : NULL;
    int any = channel ? sl_optouts_any(engine->service->db, job->item.school_id, channel, err) : 0;

    if (any <= 0)
        return any;
    return sl_messages_skip_optouts(engine->service->db, job->item.id, job->item.school_id, channel,
                                    sl_now_ms(), err);
}

/* Whether what it was made from has changed: its row is claimed again. Returns 1, 0 or -1. */
static int is_outdated(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    struct slot *slot = engine_slot_of(engine, job);

    if (engine_check_slot(engine, slot, err) < 0)
        return -1;
    return slot->stale ? 1 : drop_optouts(engine, job, err);
}

/* What an answer has said of the account since the row was claimed holds for the row too: 1, 0 or
 * -1. */
static int account_lets(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    if (engine_in_spite(engine))
        return 1;
    return sl_accounts_lets(engine->service->db, job->account->account, &engine->now, err);
}

/* Takes what it needs out of the account's bucket and, of messages, out of its day. Returns 1; 0, and
 * when the row may be looked at again; or -1. */
static int take(struct engine *engine, const struct sl_job *job, int64_t *again_ms,
                struct sl_err *err)
{
    const struct sl_limits *set = &job->account->limits;
    const struct sl_account_limits limits = { set->rate_per_second, set->burst };
    const char *account = job->account->account;
    struct sl_db *db = engine->service->db;
    int let = sl_accounts_take(db, account, units_of(job), &limits, &engine->now, err);

    if (let <= 0 || set->daily_limit <= 0 || !job->messages)
        return let;
    let = sl_days_take(db, account, (int64_t)job->n_items, set->daily_limit, sl_now_ms(), err);
    if (let == 0)
        *again_ms += FULL_DAY_MS;
    return let;
}

/* 1 it may leave, and has taken what it needs; 0, and when the row may be looked at again; or -1. */
static int take_leave(struct engine *engine, const struct sl_job *job, int64_t *again_ms,
                      struct sl_err *err)
{
    int outdated = is_outdated(engine, job, err), let;

    if (outdated != 0)
        return outdated < 0 ? -1 : 0;
    let = account_lets(engine, job, err);
    return let <= 0 ? let : take(engine, job, again_ms, err);
}

/* One job: 1 it may leave, 0 it may not (and is gone), or -1. */
static int mark(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    int64_t now_ms = sl_now_ms(), again_ms = now_ms;
    int let = take_leave(engine, job, &again_ms, err);

    if (let < 0)
        return -1;
    if (let == 0)
        return sl_queue_release(engine->service->db, job->item.id, engine->runner, again_ms, err) <
                       0
                   ? -1
                   : 0;
    job->marked_ms = now_ms;
    return sl_queue_mark(engine->service->db, job->item.id, engine->runner, now_ms, err);
}

bool engine_account_has_room(const struct engine *engine, const struct sl_job *job)
{
    int most = job->account->limits.max_in_flight;

    return most <= 0 || engine_slot_of(engine, job)->n_flying < (size_t)most;
}

bool engine_has_room(const struct engine *engine, const struct sl_job *job, size_t n_marked)
{
    return engine->n_flying + n_marked < engine->connections &&
           engine_account_has_room(engine, job);
}

/* Marks what can start now. Inside a transaction. */
int engine_mark_ready(struct engine *engine, struct queue *marked, struct sl_err *err)
{
    for (size_t left = engine->ready.n;
         left > 0 && engine->n_flying + marked->n < engine->connections; left--) {
        struct sl_job *job = queue_take(&engine->ready);
        int let;

        if (!engine_has_room(engine, job, marked->n)) {
            queue_put(&engine->ready, job);
            continue;
        }
        let = mark(engine, job, err);
        if (let < 0)
            return -1;
        if (let == 0) {
            engine_free_job(engine, &job);
            continue;
        }
        engine_slot_of(engine, job)->n_flying++;
        queue_put(marked, job);
    }
    return 0;
}

/* ---- Sending -------------------------------------------------------------------------------- */

static int64_t answer_ms(const struct sl_job *job)
{
    int64_t seconds = job->step->answer_s > 0 ? job->step->answer_s : 60;

    return seconds * 1000 + job->step->answer_item_ms * (int64_t)job->n_items;
}

static void read_answer(struct engine *engine, struct sl_job *job)
{
    sl_json_free(&job->result.memory); /* of an answer that a new connection was to cure */
    job->result = (struct sl_result){
        .items = SL_NEW(job->arena, struct sl_outcome, job->n_items),
        .n_items = job->n_items,
        .payment.amount_minor = -1,
    };
    job->step->parse(&job->call, &job->sent.exchange, &job->result);
    engine_trace_answered(engine, job, job->call.token);
    if (engine->over.n == 0)
        engine->oldest_over_ms = sl_boot_ms();
    queue_put(&engine->over, job);
}

void engine_answered(struct engine *engine, struct sl_job *job)
{
    engine->n_flying--;
    engine_slot_of(engine, job)->n_flying--;
    read_answer(engine, job);
}

int engine_send(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    struct sl_send send = { .request = &job->request,
                            .arena = job->arena,
                            .ca_file = job->account->ca_file,
                            .connect_ms = CONNECT_MS,
                            .answer_ms = answer_ms(job),
                            .most_answer = MOST_ANSWER,
                            .answer_headers = job->step->answer_headers,
                            .fresh_connection = job->fresh_connection,
                            .owner = job };

    engine->n_flying++;
    if (!job->request.method && !job->request.program) { /* parse() makes the result alone */
        job->sent.exchange = (struct sl_exchange){
            .reach = SL_ANSWERED, .retry_after_ms = -1, .content_type = "", .body = ""
        };
        engine_answered(engine, job);
        return 0;
    }
    engine_trace_sending(engine, job);
    if (job->request.program)
        return programs_start(engine, job, send.answer_ms, err);
    return sl_transfer_start(engine->transfer, &send, err);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Until something was sent nobody knows whether there is anybody to wait for. */
static void note_reach(struct engine *engine, const struct sl_exchange *exchange)
{
    char *why = engine->counts->unreached;

    engine->reached = engine->reached || exchange->reach != SL_NOT_SENT;
    (void)snprintf(why, sizeof engine->counts->unreached, "%s",
                   engine->reached       ? ""
                   : exchange->transport ? exchange->transport
                                         : "no connection");
}

int engine_collect(struct engine *engine, struct sl_err *err)
{
    struct sl_sent sent;

    while (sl_transfer_next(engine->transfer, &sent)) {
        struct sl_job *job = sent.owner;

        job->sent = sent;
        note_reach(engine, &sent.exchange);
        if (job->item.id != 0) {
            engine_answered(engine, job);
            continue;
        }
        engine->n_flying--;
        engine_slot_of(engine, job)->n_flying--;
        if (grant_over(engine, job, err) < 0)
            return -1;
    }
    return 0;
}
