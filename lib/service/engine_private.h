/* What the files of the engine share: engine.c (the loop), prepare.c (from row to request),
 * grant.c (tokens), programs.c (hooks of this machine), settle.c (from answer to rows). Nobody
 * else includes this. */
#ifndef SL_SERVICE_ENGINE_PRIVATE_H
#define SL_SERVICE_ENGINE_PRIVATE_H

#include "lib/service/engine.h"

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
    bool stale; /* its settings changed: closed when nobody uses it */

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
    bool accepted; /* and the credentials were */
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
    int64_t next_claim_ms, next_maintain_ms, started_ms;
    bool held;                       /* an answer of this run holds an account */
    char waiting[SL_INDEX_HEX_SIZE]; /* the account that counts->waiting is about; "": none */
    int64_t soonest_ms; /* how long the gates hold back what the last claim looked at; 0: not */
};

/* engine.c. begin() opens what is needed and starts the runner; end() gives everything up, also
 * after a failure (`err` NULL then: the first error is the one to tell). */
int engine_begin(struct engine *engine, struct sl_err *err);
int engine_end(struct engine *engine, struct sl_err *err);
int engine_keep_lease(struct engine *engine, struct sl_err *err); /* 1 kept, 0 lost, or -1 */
int engine_collect(struct engine *engine, struct sl_err *err);    /* takes out what was answered */
void engine_clock(struct engine *engine);
void engine_trace(struct engine *engine, int level, const struct sl_job *job, const char *text);
/* What left for it came to something: job->sent is filled. */
void engine_answered(struct engine *engine, struct sl_job *job);

/* prepare.c: makes a job of a claimed row and puts it where it belongs: ready, or waiting for a
 * token. A row that can never be sent is ended. */
int engine_prepare(struct engine *engine, const struct sl_item *item, struct sl_err *err);
/* Builds the request of a job that has its token. */
int engine_build(struct engine *engine, struct sl_job *job, struct sl_err *err);
int engine_slot(struct engine *engine, struct owner owner, struct slot **slot, struct sl_err *err);
struct slot *engine_slot_of(const struct engine *engine, const struct sl_job *job);
void engine_free_job(struct engine *engine, struct sl_job **job);
void engine_close_slots(struct engine *engine);

/* failover.c, both inside a transaction. _batch(): the account of what is due in a batch cannot be
 * used now; returns 1 if the school's next provider has it from now on, 0 if there is none, or -1.
 * _hand_over(): makes a row that was claimed one of the slot's provider; returns 1, 0 if it stays
 * with the other one (it is not claimed any more), or -1. */
int failover_batch(struct engine *engine, const struct sl_source *source, const struct slot *slot,
                   struct sl_err *err);
int failover_hand_over(struct engine *engine, struct sl_arena *arena, const struct slot *slot,
                       struct sl_item *item, struct sl_err *err);

/* grant.c */
int grant_work(struct engine *engine, struct sl_err *err); /* looks at every slot that waits */
int grant_over(struct engine *engine, struct sl_job *job, struct sl_err *err);
/* Whether the slot's token is too young for the provider to take another. */
bool grant_is_young(const struct slot *slot, int64_t made_ms);

/* programs.c */
int programs_start(struct engine *engine, struct sl_job *job, int64_t most_ms, struct sl_err *err);
void programs_collect(struct engine *engine); /* those that have ended, or run for too long */
void programs_stop(struct engine *engine);

/* settle.c. Returns 0; 1 if it is to be sent again at once, over a new connection, as the same
 * attempt (its row stays in flight); or -1. */
int settle_job(struct engine *engine, struct sl_job *job, struct sl_err *err);
int settle_unsent(struct engine *engine, const struct sl_item *item, const char *why,
                  struct sl_err *err);
int settle_accounts(struct engine *engine, struct sl_err *err);
int settle_orphans(struct engine *engine, struct sl_err *err);
int settle_waiting(struct engine *engine, struct sl_err *err);
int64_t settle_backoff(int64_t attempts);
/* Tells people that the account is in trouble (lib/service/tell.h). Inside a transaction. */
int settle_trouble(struct engine *engine, const struct slot *slot, const char *event,
                   const char *why, struct sl_err *err);

#endif
