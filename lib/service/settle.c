/* From an answer to rows: outcome, record, log and queue in one transaction of the engine's. */
#include "lib/service/engine_private.h"

static void count(struct engine *engine, const struct sl_job *job, enum sl_course course)
{
    switch (course) {
    case SL_COURSE_DONE:
    case SL_COURSE_ACCEPTED: engine->counts->completed++; break;
    case SL_COURSE_FAILED: engine->counts->failed++; break;
    case SL_COURSE_AGAIN:
    case SL_COURSE_AUTH: engine->counts->retried++; return;
    case SL_COURSE_UNKNOWN: engine->counts->unknown++; break;
    case SL_COURSE_NEXT: return;
    }
    engine->counts->settled += (int64_t)job->n_items;
}

/* Once: what is refused over a new connection too is refused. */
static bool wants_connection(const struct sl_job *job)
{
    for (size_t i = 0; i < job->result.n_items; i++)
        if (job->result.items[i].cure != SL_FRESH_CONNECTION)
            return false;
    return !job->fresh_connection;
}

/* What was refused for its length goes on in two parts; else its domain keeps what came of it. */
static int record(struct engine *engine, struct sl_job *job, enum sl_course *course, int64_t now_ms,
                  struct sl_err *err)
{
    int halved = split_halves(engine, job, err);

    if (halved < 0)
        return -1;
    if (halved > 0) {
        *course = SL_COURSE_NEXT;
        return 0;
    }
    return job->domain->settle ? job->domain->settle(engine->service, job, course, now_ms, err) : 0;
}

int settle_job(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    enum sl_course course = sl_job_course(job);
    struct sl_settlement settlement = { .error = settle_problem(job) };
    int64_t now_ms = sl_now_ms();
    int ours;

    if (wants_connection(job)) {
        job->fresh_connection = true;
        return settle_log(engine, job, SL_COURSE_AGAIN, now_ms, err) < 0 ? -1 : 1;
    }
    settlement.result = settle_result(job);
    if (record(engine, job, &course, now_ms, err) < 0)
        return -1;
    if (settle_balance(engine, job, now_ms, err) < 0 ||
        settle_plan(engine, job, &course, &settlement, err) < 0 ||
        settle_facts(engine, job, now_ms, err) < 0 ||
        settle_memory(engine, job, &settlement.memory, err) < 0)
        return -1;
    ours =
        sl_queue_settle(engine->service->db, &job->item, engine->runner, &settlement, now_ms, err);
    if (ours <= 0) /* cannot be: the lease is looked at in the same transaction */
        return ours < 0 ? -1 : sl_err_set(err, SL_ERR_INTERNAL, "another runner has this row");
    if (settle_log(engine, job, course, now_ms, err) < 0 || settle_hold(engine, job, err) < 0 ||
        settle_clock(engine, job, err) < 0)
        return -1;
    settle_judge(engine, job);
    count(engine, job, course);
    engine_trace_settled(engine, job, &settlement);
    if (engine->options->settled)
        engine->options->settled(engine->options->opaque, job, course);
    return 0;
}

/* A claimed row that will never be sent: refused by the adapter, too old, unreadable. */
int settle_unsent(struct engine *engine, const struct sl_item *item, const char *why,
                  struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    const struct sl_domain *domain = sl_domain_find(item->operation);
    const struct sl_settlement settlement = { .status = "failed",
                                              .error = why,
                                              .step = item->step };

    if (sl_tx_begin(&tx, engine->service->db, err) < 0)
        return -1;
    if (domain->end && domain->end(engine->service, item, false, why, sl_now_ms(), err) < 0)
        return -1;
    if (sl_queue_settle(engine->service->db, item, engine->runner, &settlement, sl_now_ms(), err) <
        0)
        return -1;
    engine->counts->failed++;
    engine_trace_unsent(engine, item, why);
    return sl_tx_commit(&tx, err);
}
