/* What the files of the engine share. A row goes through them in this order: engine.c (the loop and
 * its one transaction), engine_lease.c (the runner), engine_claim.c, failover.c, prepare.c (from
 * row to request), grant.c (tokens), engine_mark.c (marked, sent, read), programs.c (hooks of this
 * machine), settle.c, split.c and settle_*.c (from answer to rows). Nobody else includes this. */
#ifndef SL_SERVICE_ENGINE_PRIVATE_H
#define SL_SERVICE_ENGINE_PRIVATE_H

#include "lib/service/engine.h"

enum {
    ENGINE_TICK_MS = 1000,
    SETTLE_RATE_LIMITED_MS =
        5000, /* the pause, where a provider that is asked too often names none */
};

/* A list that is worked from its head. */
struct queue {
    struct sl_job *head, **tail;
    size_t n;
};

void queue_init(struct queue *queue);
void queue_put(struct queue *queue, struct sl_job *job);
struct sl_job *queue_take(struct queue *queue);

/* Whose a slot is: a school's at a provider, or a hook's. */
struct owner {
    int64_t school_id, provider_id;
    int64_t hook_id; /* then the others are not looked at; 0: none */
};

/* An account, opened for as long as its settings stay the same. */
struct slot {
    struct slot *next;
    struct sl_arena *arena;
    struct sl_account account;
    int64_t checked_ms; /* boot clock: when its settings were last compared */
    size_t n_flying, n_users;
    bool stale; /* its settings changed: nothing leaves by it, closed when nobody uses it */

    /* Its token, where the provider has a grant. */
    struct sl_arena *token_arena;
    const char *token;
    int64_t token_version, token_until, token_made_ms; /* UTC */
    int64_t refused_version;                           /* that one was refused: another is wanted */
    bool renewed_after_refusal;
    struct queue waiting; /* jobs that need it */
    struct sl_job *grant; /* under way, and ours to make */
    int64_t next_look_ms; /* boot clock: another process may be making it */
    bool fresh;           /* whatever there is, a new one is wanted */
    bool asked;           /* sl-oauth-refresh wants it, without a job */

    /* What this transaction's answers say of the account. */
    bool succeeded;
    bool accepted;              /* and the credentials were */
    bool clock_told, clock_off; /* what was stored last of the clock in this run, if anything */
    int64_t n_failed;
    const char *failure; /* the last one's words, in its job's arena */
};

struct engine {
    struct sl_service *service;
    const struct sl_engine_options *options;
    struct sl_engine_counts *counts;
    struct sl_transfer *transfer;
    struct sl_boot_now now; /* renewed with engine_clock() */
    int64_t runner, lease_ms, lease_until_ms;
    size_t connections;
    struct slot *slots;
    struct queue ready, over; /* built and not marked; answered and not settled */
    struct program *programs; /* programs.c's own: those that run */
    size_t n_flying;
    bool reached; /* a request has left */
    int64_t oldest_over_ms;
    uint64_t turn; /* whose turn it is among schools, and which claim is bulk's */
    int64_t next_claim_ms, next_maintain_ms, next_rebase_ms, started_ms;
    bool held;                       /* an answer of this run holds an account */
    char waiting[SL_INDEX_HEX_SIZE]; /* the account that counts->waiting is about; "": none */
    char unusable[SL_ERR_SIZE];      /* else what is in its way before there is an account */
    int64_t soonest_ms; /* how long the gates hold back what the last claim looked at; 0: not */
};

/* engine.c. begin() opens what is needed and starts the runner; end() gives everything up, also
 * after a failure (`err` NULL then: the first error is the one to tell). */
int engine_begin(struct engine *engine, struct sl_err *err);
int engine_end(struct engine *engine, struct sl_err *err);
void engine_clock(struct engine *engine);

/* engine_lease.c. A lease that is lost is another's: start_anew() drops all that was held, without
 * a word, and goes on as a new runner. keep_lease() renews it when a third is gone: 1 it holds, 0
 * it was lost (nothing is held any more), or -1. */
int engine_start_lease(struct engine *engine, struct sl_err *err);
int engine_start_anew(struct engine *engine, struct sl_err *err);
bool engine_lease_is_over(const struct engine *engine);
int engine_keep_lease(struct engine *engine, struct sl_err *err);

/* engine_claim.c. claim() is inside a transaction; returns how many rows, in the arena, or -1.
 * tell_waiting() writes counts->waiting as it stands at the end. */
bool engine_may_claim(const struct engine *engine);
bool engine_in_spite(const struct engine *engine); /* of block, breaker and hold */
int engine_claim(struct engine *engine, struct sl_arena *arena, struct sl_item **items,
                 struct sl_err *err);
int engine_tell_waiting(struct engine *engine, struct sl_err *err);

/* engine_mark.c. mark_ready() is inside a transaction, and moves what may leave into `marked`; it
 * leaves by send(), when that is committed. */
bool engine_account_has_room(const struct engine *engine, const struct sl_job *job);
bool engine_has_room(const struct engine *engine, const struct sl_job *job, size_t n_marked);
int engine_mark_ready(struct engine *engine, struct queue *marked, struct sl_err *err);
int engine_send(struct engine *engine, struct sl_job *job, struct sl_err *err);
int engine_collect(struct engine *engine, struct sl_err *err); /* takes out what was answered */
/* What left for it came to something: job->sent is filled. */
void engine_answered(struct engine *engine, struct sl_job *job);

/* prepare.c: makes a job of a claimed row and puts it where it belongs: ready, or waiting for a
 * token. A row that can never be sent is ended. */
int engine_prepare(struct engine *engine, const struct sl_item *item, struct sl_err *err);
/* Builds the request of a job that has its token. */
int engine_build(struct engine *engine, struct sl_job *job, struct sl_err *err);
/* SL_ERR_CONFIG: it cannot be used before a person has changed something, and what is queued for it
 * waits; SL_ERR_DATA: never. */
int engine_slot(struct engine *engine, struct owner owner, struct slot **slot, struct sl_err *err);
/* Marks it stale if its settings were changed or disabled, or its school closed. */
int engine_check_slot(struct engine *engine, struct slot *slot, struct sl_err *err);
struct slot *engine_slot_of(const struct engine *engine, const struct sl_job *job);
void engine_free_job(struct engine *engine, struct sl_job **job);
void engine_forget_jobs(struct engine *engine, struct queue *queue);
void engine_close_slots(struct engine *engine);

/* engine_trace.c: to whoever watches the service; nothing is made where nobody does. `token` is
 * masked in the answer; NULL: there is none. */
void engine_trace_claimed(const struct engine *engine, const struct sl_job *job);
void engine_trace_sending(const struct engine *engine, const struct sl_job *job);
void engine_trace_answered(const struct engine *engine, const struct sl_job *job,
                           const char *token);
void engine_trace_settled(const struct engine *engine, const struct sl_job *job,
                          const struct sl_settlement *settlement);
void engine_trace_unsent(const struct engine *engine, const struct sl_item *item, const char *why);

/* failover.c, both inside a transaction. _batch(): the account of what is due in a batch cannot be
 * used now; returns 1 if the school's next provider has it from now on, 0 if there is none, or -1.
 * _hand_over(): makes a row that was claimed one of the slot's provider; returns 1, 0 if it stays
 * with the other one (it is not claimed any more), or -1. */
int failover_batch(struct engine *engine, const struct sl_source *source, const struct slot *slot,
                   struct sl_err *err);
int failover_hand_over(struct engine *engine, struct sl_arena *arena, const struct slot *slot,
                       struct sl_item *item, struct sl_err *err);

/* split.c, both inside a transaction. _off(): these messages of a row get one of their own, that is due
 * at once; returns 0 or -1. _halves(): so does the second half of a job's, if that is what helps after
 * its answer; returns 1, 0 if it does not, or -1. */
int split_off(struct engine *engine, const struct sl_op *op, const struct sl_item *item,
              const struct sl_message *messages, size_t n, struct sl_err *err);
int split_halves(struct engine *engine, const struct sl_job *job, struct sl_err *err);

/* grant.c */
int grant_work(struct engine *engine, struct sl_err *err); /* looks at every slot that waits */
int grant_over(struct engine *engine, struct sl_job *job, struct sl_err *err);
/* Whether the slot's token is too young for the provider to take another. */
bool grant_is_young(const struct slot *slot, int64_t made_ms);

/* programs.c */
int programs_start(struct engine *engine, struct sl_job *job, int64_t most_ms, struct sl_err *err);
void programs_collect(struct engine *engine); /* those that have ended, or run for too long */
void programs_stop(struct engine *engine);

/* settle.c. settle_job(), in the engine's transaction, returns 0; 1 if it is to be sent again at
 * once, over a new connection, as the same attempt (its row stays in flight); or -1.
 * settle_unsent(), in one of its own, ends a claimed row that will never be sent. */
int settle_job(struct engine *engine, struct sl_job *job, struct sl_err *err);
int settle_unsent(struct engine *engine, const struct sl_item *item, const char *why,
                  struct sl_err *err);

/* settle_plan.c: how the row goes on. settle_plan() may turn *course into SL_COURSE_FAILED.
 * `n_sent` is how often it was sent, that time included. */
int settle_plan(struct engine *engine, struct sl_job *job, enum sl_course *course,
                struct sl_settlement *settlement, struct sl_err *err);
void settle_plan_unknown(const struct sl_job *job, int64_t n_sent,
                         struct sl_settlement *settlement);

/* settle_record.c: what is kept of the answer beside the domain's record. Texts are in the job's
 * arena, or NULL: there is nothing. */
const char *settle_problem(const struct sl_job *job);
const char *settle_result(struct sl_job *job);
int settle_balance(struct engine *engine, struct sl_job *job, int64_t now_ms, struct sl_err *err);
int settle_memory(struct engine *engine, struct sl_job *job, const char **sealed,
                  struct sl_err *err);
int settle_facts(struct engine *engine, const struct sl_job *job, int64_t now_ms,
                 struct sl_err *err);
int settle_log(struct engine *engine, struct sl_job *job, enum sl_course course, int64_t now_ms,
               struct sl_err *err);

/* settle_account.c. hold_of(): the outcome that holds the whole account; NULL: none does. A hold is
 * curable by a person ("no money"), or only takes time ("too many"). judge() notes what an answer
 * says of the account in its slot; settle_accounts() stores that. */
const struct sl_outcome *settle_hold_of(const struct sl_job *job);
bool settle_is_curable(const struct sl_outcome *hold);
int settle_hold(struct engine *engine, const struct sl_job *job, struct sl_err *err);
void settle_judge(struct engine *engine, const struct sl_job *job);
int settle_accounts(struct engine *engine, struct sl_err *err);
/* Keeps as a fact of the account that our clock is not that of its provider, by the Date of an answer:
 * once, and until one agrees. `sl-config doctor` tells it. Inside a transaction. */
int settle_clock(struct engine *engine, const struct sl_job *job, struct sl_err *err);
/* Tells people that the account is in trouble (lib/service/tell.h). Inside a transaction. */
int settle_trouble(struct engine *engine, const struct slot *slot, const char *event,
                   const char *why, struct sl_err *err);

/* settle_waiting.c: rows in flight whose runner is dead; rows whose wait is over. Each returns how
 * many, or -1. */
int settle_orphans(struct engine *engine, struct sl_err *err);
int settle_waiting(struct engine *engine, struct sl_err *err);

#endif
