/* How a row goes on after an answer, or without one. */
#include "lib/base/crypto.h"
#include "lib/service/asks.h"
#include "lib/service/engine_private.h"

enum { FIRST_BACKOFF_MS = 2000, LONGEST_BACKOFF_MS = 900000 };

/* Exponential with full jitter: anything from half a second to the whole of the step. */
static int64_t backoff(int64_t attempts)
{
    int64_t span = FIRST_BACKOFF_MS;
    uint64_t random;

    for (int64_t i = 1; i < attempts && span < LONGEST_BACKOFF_MS; i++)
        span *= 2;
    span = span < LONGEST_BACKOFF_MS ? span : LONGEST_BACKOFF_MS;
    sl_random(&random, sizeof random);
    return 500 + (int64_t)(random % (uint64_t)span);
}

/* When something is due for a row that waits: the next question, or the end of patience. */
static void plan_wait(const struct sl_settle *settle, int64_t asks, int64_t sent_ms,
                      struct sl_settlement *settlement)
{
    settlement->status = "processing";
    if (settle->query) {
        settlement->waits_for = settle->callback ? "callback" : "query";
        settlement->next_attempt_at = sl_asks_time(settle, asks, sent_ms);
    } else if (settle->callback) {
        settlement->waits_for = "callback";
        settlement->next_attempt_at = sent_ms + settle->wait_s * 1000LL;
    } else {
        settlement->waits_for = "person";
    }
}

void settle_plan_unknown(const struct sl_job *job, int64_t n_sent, struct sl_settlement *settlement)
{
    const struct sl_settle *settle = &job->step->ambiguous;

    if (sl_resends_at_once(settle, n_sent)) {
        settlement->status = "pending";
        settlement->waits_for = NULL;
        settlement->next_attempt_at = sl_now_ms() + backoff(n_sent);
        return;
    }
    plan_wait(settle, 0, job->marked_ms, settlement);
}

static int64_t longest_after(const struct sl_job *job)
{
    int64_t after_ms = 0;

    for (size_t i = 0; i < job->result.n_items; i++)
        if (job->result.items[i].verdict != SL_OK && job->result.items[i].after_ms > after_ms)
            after_ms = job->result.items[i].after_ms;
    return after_ms;
}

/* Nobody could be connected to. A hook counts that too: it has a rule of its own, so many attempts
 * in three days (tell.c). */
static bool reached_nobody(const struct sl_job *job)
{
    const struct sl_exchange *exchange = &job->sent.exchange;

    return job->item.provider_id && exchange->reach == SL_NOT_SENT && !exchange->status &&
           !exchange->fault && !exchange->error;
}

/* Again, unless the attempts are used up. What was refused before it was looked at, because
 * too many came at once, was no attempt, and neither is what reached nobody: there the breaker's
 * pause, which grows, sets the pace. What a person can cure waits for its account alone: when that
 * is lifted, the row is due. */
static int plan_again(struct engine *engine, struct sl_job *job, enum sl_course *course,
                      struct sl_settlement *settlement, struct sl_err *err)
{
    bool limited = sl_job_outcome(job, SL_RATE_LIMITED) != NULL;
    const struct sl_outcome *hold = settle_hold_of(job);
    int64_t after_ms = longest_after(job);

    if (limited || reached_nobody(job))
        settlement->uncounted = 1;
    else if (job->item.attempts + 1 >= job->item.max_attempts) {
        *course = SL_COURSE_FAILED;
        settlement->status = "failed";
        return job->domain->end ? job->domain->end(engine->service, &job->item, false,
                                                   settlement->error, sl_now_ms(), err)
                                : 0;
    }
    if (after_ms == 0)
        after_ms = limited ? SETTLE_RATE_LIMITED_MS : backoff(job->item.attempts + 1);
    settlement->status = "pending";
    settlement->next_attempt_at = sl_now_ms() + (hold && settle_is_curable(hold) ? 0 : after_ms);
    return 0;
}

/* Refused: with a grant a new token may help, once; else nobody asks again until a person
 * has changed the settings or tested them. */
static int plan_auth(struct engine *engine, struct sl_job *job, struct sl_settlement *settlement,
                     struct sl_err *err)
{
    struct slot *slot = engine_slot_of(engine, job);
    const char *why = settlement->error;

    settlement->status = "pending";
    settlement->next_attempt_at = sl_now_ms();
    settlement->uncounted = 1;
    if (job->call.token && job->token_version <= slot->refused_version)
        return 0; /* an answer to the old token: the new one is on its way */
    if (job->call.token && !slot->renewed_after_refusal &&
        !grant_is_young(slot, slot->token_made_ms)) {
        slot->refused_version = job->token_version;
        return 0;
    }
    engine->counts->refused = sl_arena_strdup(engine->service->arena, why);
    if (sl_accounts_block(engine->service->db, job->account->account, why, err) < 0)
        return -1;
    return settle_trouble(engine, slot, "token.trouble", why, err);
}

int settle_plan(struct engine *engine, struct sl_job *job, enum sl_course *course,
                struct sl_settlement *settlement, struct sl_err *err)
{
    settlement->step = job->item.step;
    switch (*course) {
    case SL_COURSE_DONE: settlement->status = "completed"; return 0;
    case SL_COURSE_FAILED: settlement->status = "failed"; return 0;
    case SL_COURSE_AGAIN: return plan_again(engine, job, course, settlement, err);
    case SL_COURSE_ACCEPTED:
        settlement->accepted = true;
        plan_wait(&job->op->accepted, 0, job->marked_ms, settlement);
        return 0;
    case SL_COURSE_UNKNOWN: settle_plan_unknown(job, job->item.attempts + 1, settlement); return 0;
    case SL_COURSE_NEXT:
        settlement->status = "pending";
        settlement->next_attempt_at = sl_now_ms();
        settlement->uncounted = 1;
        settlement->step += job->result.next == SL_STEP_NEXT;
        return 0;
    case SL_COURSE_AUTH: return plan_auth(engine, job, settlement, err);
    }
    return 0;
}
