#include "lib/service/job.h"

#include <string.h>

#include "lib/store/facts.h"

static const struct sl_domain *const domains[] = {
    &sl_messages_domain,
    &sl_sms_status_domain,
    &sl_email_status_domain,
    &sl_emails_domain,
    &sl_push_domain,
    &sl_push_topic_domain,
    &sl_whatsapp_domain,
    &sl_whatsapp_media_domain,
    &sl_whatsapp_question_domain,
    &sl_payment_request_domain,
    &sl_payment_verify_domain,
    &sl_refund_domain,
    &sl_refund_status_domain,
    &sl_c2b_simulate_domain,
    &sl_storage_domain,
    &sl_hook_domain,
    &sl_alert_domain,
    &sl_lms_domain,
};

/* Operations that are about nothing but themselves: balance, test, c2b.register. */
static int load_nothing(struct sl_service *service, struct sl_job *job, struct sl_err *err)
{
    (void)service, (void)err;
    job->n_items = 1;
    return 1;
}

static const struct sl_domain plain_domain = { .operation = "", .load = load_nothing };

static bool is_of(const char *operation, const char *name)
{
    size_t n = strlen(name);

    if (n > 0 && name[n - 1] == '.')
        return strncmp(operation, name, n) == 0;
    return strcmp(operation, name) == 0;
}

const struct sl_domain *sl_domain_find(const char *operation)
{
    for (size_t i = 0; i < SL_COUNT(domains); i++)
        if (is_of(operation, domains[i]->operation))
            return domains[i];
    return &plain_domain;
}

int sl_step_facts(struct sl_service *service, const struct sl_account *account,
                  const struct sl_step *step, struct sl_call *call, struct sl_err *err)
{
    struct sl_fact wanted[SL_MOST_FACTS] = { 0 };
    size_t n = step->facts ? step->facts(call, wanted) : 0;

    for (size_t i = 0; i < n; i++) {
        call->facts[i] = NULL;
        if (sl_facts_get(service->db, call->arena, account->account, wanted[i].kind, wanted[i].key,
                         call->now_ms, &call->facts[i], err) < 0)
            return -1;
    }
    return 0;
}

const struct sl_outcome *sl_job_outcome(const struct sl_job *job, enum sl_verdict verdict)
{
    for (size_t i = 0; i < job->result.n_items; i++)
        if (job->result.items[i].verdict == verdict)
            return &job->result.items[i];
    return NULL;
}

enum sl_course sl_job_course(const struct sl_job *job)
{
    if (sl_job_outcome(job, SL_AUTH))
        return SL_COURSE_AUTH;
    if (sl_job_outcome(job, SL_RETRY) || sl_job_outcome(job, SL_RATE_LIMITED))
        return SL_COURSE_AGAIN;
    if (sl_job_outcome(job, SL_AMBIGUOUS))
        return SL_COURSE_UNKNOWN;
    if (!sl_job_outcome(job, SL_OK))
        return SL_COURSE_FAILED;
    if (job->result.next != SL_DONE)
        return SL_COURSE_NEXT;
    return job->op->accepts ? SL_COURSE_ACCEPTED : SL_COURSE_DONE;
}

bool sl_resends_at_once(const struct sl_settle *ambiguous, int64_t n_sent)
{
    if (ambiguous->callback || ambiguous->query)
        return false;
    return ambiguous->last == SL_RESEND || (ambiguous->last == SL_RESEND_ONCE && n_sent < 2);
}

const char *sl_outcome_text(struct sl_arena *arena, const struct sl_outcome *outcome)
{
    if (outcome->code && outcome->text && strcmp(outcome->code, outcome->text) != 0)
        return sl_arena_printf(arena, "%s (%s)", outcome->text, outcome->code);
    if (outcome->text)
        return outcome->text;
    if (outcome->code)
        return outcome->code;
    return outcome->verdict == SL_OK ? NULL : "the provider gave no reason";
}
