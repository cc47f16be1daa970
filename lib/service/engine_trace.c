/* What a person who watches is told: the steps of every row and, masked as in the log, what leaves
 * and what comes back. */
#include <string.h>

#include "lib/service/audit.h"
#include "lib/service/engine_private.h"

static bool is_told(const struct engine *engine, enum sl_trace_level level)
{
    return engine->service->trace.level >= (int)level;
}

static void tell(const struct engine *engine, enum sl_trace_level level, const struct sl_job *job,
                 const char *text)
{
    const struct sl_trace *trace = &engine->service->trace;

    trace->tell(trace->opaque, level,
                sl_arena_printf(job->arena, "%s: %s %s", job->account->adapter->name,
                                job->item.operation, text));
}

void engine_trace_claimed(const struct engine *engine, const struct sl_job *job)
{
    if (is_told(engine, SL_TRACE_STEPS))
        tell(engine, SL_TRACE_STEPS, job,
             sl_arena_printf(job->arena, "claimed: %s", job->item.public_id));
}

/* Scheme and host alone: a path may hold what only the masked request may show. */
static const char *receiver(const struct sl_job *job)
{
    const char *base = job->request.base ? job->request.base : "", *host = strstr(base, "://");
    size_t n = host ? (size_t)(host - base) + 3 : 0;

    if (job->request.program)
        return job->request.program;
    if (job->request.files || !host)
        return "this machine";
    n += strcspn(base + n, "/?#");
    return sl_arena_printf(job->arena, "%.*s", (int)n, base);
}

void engine_trace_sending(const struct engine *engine, const struct sl_job *job)
{
    if (!is_told(engine, SL_TRACE_STEPS))
        return;
    tell(engine, SL_TRACE_STEPS, job, sl_arena_printf(job->arena, "sending to %s", receiver(job)));
    if (is_told(engine, SL_TRACE_WIRE))
        tell(engine, SL_TRACE_WIRE, job,
             sl_arena_printf(job->arena, "→ %s",
                             sl_audit_request(job->arena, job->account, job->call.token,
                                              &job->request)));
}

void engine_trace_answered(const struct engine *engine, const struct sl_job *job, const char *token)
{
    const struct sl_exchange *exchange = &job->sent.exchange;

    if (!is_told(engine, SL_TRACE_STEPS) || (!job->request.method && !job->request.program))
        return; /* what is only made here is answered by nobody */
    tell(engine, SL_TRACE_STEPS, job,
         exchange->transport ? sl_arena_printf(job->arena, "not answered: %s", exchange->transport)
                             : sl_arena_printf(job->arena, "answered: %d in %lld ms",
                                               exchange->status, (long long)job->sent.duration_ms));
    if (is_told(engine, SL_TRACE_WIRE))
        tell(engine, SL_TRACE_WIRE, job,
             sl_arena_printf(job->arena, "← %d %s", exchange->status,
                             sl_audit_answer(job->arena, job->account, token, exchange)));
}

void engine_trace_settled(const struct engine *engine, const struct sl_job *job,
                          const struct sl_settlement *settlement)
{
    if (is_told(engine, SL_TRACE_STEPS))
        tell(engine, SL_TRACE_STEPS, job,
             sl_arena_printf(job->arena, "settled as %s%s%s", settlement->status,
                             settlement->error ? ": " : "",
                             settlement->error ? settlement->error : ""));
}

void engine_trace_unsent(const struct engine *engine, const struct sl_item *item, const char *why)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = NULL;
    const struct sl_trace *trace = &engine->service->trace;

    if (!is_told(engine, SL_TRACE_STEPS))
        return;
    arena = sl_arena_new();
    trace->tell(trace->opaque, SL_TRACE_STEPS,
                sl_arena_printf(arena, "%s failed without being sent: %s: %s", item->operation,
                                item->public_id, why));
}
