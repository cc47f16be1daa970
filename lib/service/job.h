/* A job: one row of the queue on its way through an adapter, from claim to settlement.
 *
 * The engine (lib/service/engine.h) moves it; what it is about is a domain's affair: messages,
 * payments, tests. A domain loads the typed input, and writes its own records when the outcome
 * is known, in the transaction that settles the row. */
#ifndef SL_SERVICE_JOB_H
#define SL_SERVICE_JOB_H

#include "lib/adapter/adapter.h"
#include "lib/service/config.h"
#include "lib/service/service.h"
#include "lib/store/messages.h"
#include "lib/store/queue.h"
#include "lib/transfer/transfer.h"

struct sl_domain;

struct sl_job {
    struct sl_arena *arena; /* everything of the job; wiped with it */
    struct sl_item item;    /* as it was claimed */
    const struct sl_account *account;
    const struct sl_op *op;
    const struct sl_step *step;
    const struct sl_domain *domain;
    struct json_object *payload;

    struct sl_call call;
    struct sl_request request;
    size_t n_items;
    struct sl_message *messages; /* n_items of them, for messages; else NULL */

    int64_t token_version; /* of the token in call.token */
    int64_t marked_ms;     /* UTC */
    bool fresh_connection; /* it was refused over another one */
    struct sl_sent sent;
    struct sl_result result;
    struct sl_job *next;
};

/* How a row goes on, as far as its domain sees it. */
enum sl_course {
    SL_COURSE_DONE,     /* completed */
    SL_COURSE_FAILED,   /* for good */
    SL_COURSE_AGAIN,    /* try later */
    SL_COURSE_ACCEPTED, /* wait for what ends it */
    SL_COURSE_UNKNOWN,  /* nobody knows: the step's policy */
    SL_COURSE_NEXT,     /* the next step, or this one again, at once */
    SL_COURSE_AUTH,     /* the credential was refused: renew it, or block the account */
};

/* What is known of a row while it waits for what ends it. */
enum sl_heard_of {
    SL_HEARD_NOTHING,
    SL_HEARD_OF,       /* the provider has it, and can be asked */
    SL_HEARD_IN_DOUBT, /* a person has to decide, whatever else is told */
    SL_HEARD_ALL,      /* its record is over */
};

struct sl_domain {
    const char *operation;      /* "payment.request"; "storage.": all that begin with it */
    const char *reference_type; /* of its log rows: "message", "payment"; NULL: none */
    const char *channel;        /* of its messages, whose opt-outs hold: "sms"; NULL: it has none */

    /* Sets call.in and n_items (and messages) from the row. Returns 1; 0 if nothing is left to
     * send (the row is then completed); or -1 with SL_ERR_DATA for what can never be sent. */
    int (*load)(struct sl_service *service, struct sl_job *job, struct sl_err *err);

    /* Writes records from job->result, inside the settling transaction. `course` is what the
     * outcomes come to; the domain may change it. Returns 0 or -1. NULL: it keeps none. */
    int (*settle)(struct sl_service *service, struct sl_job *job, enum sl_course *course,
                  int64_t now_ms, struct sl_err *err);

    /* The row ended without an outcome of its own: refused before it was sent, too old, out of
     * attempts, or given up while it waited ("unknown" says it may have been carried out).
     * Inside a transaction. NULL: nothing to write. */
    int (*end)(struct sl_service *service, const struct sl_item *item, bool unknown,
               const char *why, int64_t now_ms, struct sl_err *err);

    /* The row is to be sent again though nobody knows whether it had left. Inside a transaction.
     * NULL: nothing to write. */
    int (*resend)(struct sl_service *service, const struct sl_item *item, int64_t now_ms,
                  struct sl_err *err);

    /* Whether the last query about it said that the provider never heard of it. Returns 1, 0 or
     * -1. NULL: no query can. */
    int (*absent)(struct sl_service *service, const struct sl_item *item, struct sl_err *err);

    /* What others than its answer have told of a row that waits. Returns 0 or -1. NULL: nobody does. */
    int (*heard)(struct sl_service *service, const struct sl_item *item, enum sl_heard_of *heard,
                 struct sl_err *err);

    /* What identifies its record in the log and in errors; NULL: the row's public id. */
    const char *(*reference)(const struct sl_job *job);
};

/* By operation; never NULL: operations without records of their own have a common one. */
const struct sl_domain *sl_domain_find(const char *operation);

extern const struct sl_domain sl_messages_domain;   /* lib/service/messages.c */
extern const struct sl_domain sl_sms_status_domain; /* lib/service/lost_asked.c */
extern const struct sl_domain sl_email_status_domain;
extern const struct sl_domain sl_emails_domain; /* lib/service/email.c */
extern const struct sl_domain sl_push_domain;   /* lib/service/push.c … */
extern const struct sl_domain sl_push_topic_domain;
extern const struct sl_domain sl_whatsapp_domain; /* lib/service/whatsapp.c … */
extern const struct sl_domain sl_whatsapp_media_domain;
extern const struct sl_domain sl_whatsapp_question_domain;
extern const struct sl_domain sl_payment_request_domain; /* lib/service/payments_domain.c … */
extern const struct sl_domain sl_payment_verify_domain;
extern const struct sl_domain sl_refund_domain;
extern const struct sl_domain sl_refund_status_domain;
extern const struct sl_domain sl_c2b_simulate_domain;
extern const struct sl_domain sl_storage_domain; /* lib/service/storage.c */
extern const struct sl_domain sl_lms_domain;     /* lib/service/lms.c */
extern const struct sl_domain sl_hook_domain;    /* lib/service/hooks_domain.c */
extern const struct sl_domain sl_alert_domain;

/* Fills call->facts with what the step wants to know of the account, as it is at call->now_ms. */
int sl_step_facts(struct sl_service *service, const struct sl_account *account,
                  const struct sl_step *step, struct sl_call *call, struct sl_err *err);

/* What the outcomes come to, before a domain looks at them: the worst that is still open
 * decides (an item that nobody knows of, then one to try again), then failure, then success. */
enum sl_course sl_job_course(const struct sl_job *job);

/* Whether what was sent n_sent times and lost is simply sent again: nothing is waited for, and nobody
 * asked. */
bool sl_resends_at_once(const struct sl_settle *ambiguous, int64_t n_sent);

/* The first outcome of that verdict; NULL if there is none. */
const struct sl_outcome *sl_job_outcome(const struct sl_job *job, enum sl_verdict verdict);

/* "InvalidSenderId", "405 InsufficientBalance": an outcome in words, in the job's arena. */
const char *sl_outcome_text(struct sl_arena *arena, const struct sl_outcome *outcome);

#endif
