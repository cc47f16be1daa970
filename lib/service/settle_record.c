/* What is kept of an answer beside the record of its domain: the log, and what the row remembers. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/audit.h"
#include "lib/service/engine_private.h"
#include "lib/service/seal.h"
#include "lib/store/accounts.h"
#include "lib/store/facts.h"

/* ---- The log -------------------------------------------------------------------------------- */

/* Of the call: one that was answered with an error failed, though its answer may tell all that was
 * to be known. */
static const char *log_status(const struct sl_job *job, enum sl_course course)
{
    if (job->sent.exchange.status >= 400 && course != SL_COURSE_UNKNOWN)
        return "failed";
    switch (course) {
    case SL_COURSE_DONE:
    case SL_COURSE_ACCEPTED:
    case SL_COURSE_NEXT: return "success";
    case SL_COURSE_UNKNOWN: return "timeout";
    case SL_COURSE_FAILED:
    case SL_COURSE_AGAIN:
    case SL_COURSE_AUTH: break;
    }
    return "failed";
}

const char *settle_problem(const struct sl_job *job)
{
    for (size_t i = 0; i < job->result.n_items; i++)
        if (job->result.items[i].verdict != SL_OK)
            return sl_outcome_text(job->arena, &job->result.items[i]);
    return NULL;
}

static const char *log_problem(const struct sl_job *job)
{
    const char *problem = settle_problem(job);

    return problem || job->sent.exchange.status < 400 ? problem : job->result.payment.text;
}

static const char *reference_of(const struct sl_job *job)
{
    if (job->domain->reference)
        return job->domain->reference(job);
    if (job->n_items == 1 && job->messages)
        return sl_arena_printf(job->arena, "%s-%lld", job->messages[0].batch,
                               (long long)job->messages[0].line);
    return job->item.public_id;
}

static const char *const *asked_phones(struct sl_job *job, size_t *n)
{
    const struct sl_messages_ask *asked = job->call.in.asked;
    const char **phones = SL_NEW(job->arena, const char *, asked->n_messages);

    *n = asked->n_messages;
    for (size_t i = 0; i < *n; i++)
        phones[i] = asked->messages[i].to;
    return phones;
}

/* The first payer's number, or every recipient's. */
static const char *const *phones_of(struct sl_job *job, size_t *n)
{
    const char **phones;

    *n = 0;
    if (job->op->input == SL_INPUT_SMS) {
        *n = job->call.in.sms->n_to;
        return job->call.in.sms->to;
    }
    if (job->op->input == SL_INPUT_MESSAGES)
        return asked_phones(job, n);
    phones = SL_NEW(job->arena, const char *, 1);
    if (job->op->input == SL_INPUT_PAYMENT)
        phones[0] = job->call.in.payment->phone;
    if (job->op->input == SL_INPUT_C2B)
        phones[0] = job->call.in.c2b->phone;
    if (job->op->input == SL_INPUT_EVENT)
        phones[0] = job->call.in.event->phone;
    if (job->op->input == SL_INPUT_WHATSAPP)
        phones[0] = job->call.in.whatsapp->to;
    *n = phones[0] != NULL;
    return phones;
}

int settle_log(struct engine *engine, struct sl_job *job, enum sl_course course, int64_t now_ms,
               struct sl_err *err)
{
    size_t n_phones;
    const char *const *phones = phones_of(job, &n_phones);
    const char *token = job->call.token;
    struct sl_log log = {
        .school_id = job->item.school_id,
        .provider_id = job->item.provider_id,
        .direction = "outbound",
        .operation = job->item.operation,
        .reference_type = job->domain->reference_type,
        .reference_id = reference_of(job),
        .request_data = sl_audit_request(job->arena, job->account, token, &job->request),
        .response_data = sl_audit_answer(job->arena, job->account, token, &job->sent.exchange),
        .status = log_status(job, course),
        .status_code = job->sent.exchange.status,
        .error_message = log_problem(job),
        .duration_ms = job->sent.duration_ms,
        .external_reference = job->result.items[0].external,
        .attempt = (int)job->item.attempts + 1,
        .phones = phones,
        .n_phones = n_phones,
        .created_at = now_ms,
    };

    if (job->result.n_items > 1)
        log.external_reference = NULL;
    if (job->result.payment.external && !log.external_reference)
        log.external_reference = job->result.payment.external;
    return sl_audit_add(engine->service, &log, err);
}

/* ---- What the operation itself told --------------------------------------------------------- */

/* {"record": …}. A listing goes to who asked for it and nowhere else. */
static const char *record_json(struct sl_job *job)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!job->op->keeps || sl_json_length(job->result.rows) != 1)
        return NULL;
    doc = sl_json_new_object();
    sl_json_put(doc, "record", json_object_get(json_object_array_get_idx(job->result.rows, 0)));
    return sl_json_print(job->arena, doc);
}

int settle_balance(struct engine *engine, struct sl_job *job, int64_t now_ms, struct sl_err *err)
{
    const struct sl_result *result = &job->result;
    struct sl_account_balance balance = { .currency = result->balance_currency, .at_ms = now_ms };

    if (!result->balance || !sl_parse_decimal(result->balance, 6, &balance.micro))
        return 0;
    return sl_accounts_told_balance(engine->service->db, job->item.account, &balance, err);
}

const char *settle_result(struct sl_job *job)
{
    const struct sl_result *result = &job->result;
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *findings;

    if (!result->balance && result->n_findings == 0)
        return record_json(job);
    doc = sl_json_new_object();
    sl_json_put_text(doc, "balance", result->balance);
    sl_json_put_text(doc, "currency", result->balance_currency);
    findings = sl_json_new_array();
    for (size_t i = 0; i < result->n_findings; i++) {
        struct json_object *one = sl_json_new_object();

        sl_json_put_text(one, "grade",
                         result->findings[i].grade == SL_FINDING_WARN ? "warn" : "good");
        sl_json_put_text(one, "text", result->findings[i].text);
        sl_json_append(findings, one);
    }
    sl_json_put(doc, "findings", findings);
    return sl_json_print(job->arena, doc);
}

/* What the next step needs, beside the callback's token that is there for all of them. */
int settle_memory(struct engine *engine, struct sl_job *job, const char **sealed,
                  struct sl_err *err)
{
    struct sl_seal_place place = { "integration_queue", "memory", job->item.school_id,
                                   job->item.provider_id, job->item.id };
    SL_AUTO(sl_json_free) struct json_object *memory = NULL;
    const char *text;

    *sealed = NULL;
    if (!job->result.memory)
        return 0;
    memory = sl_json_new_object();
    if (job->call.callback_base)
        sl_json_put_text(memory, "callback", strrchr(job->call.callback_base, '/') + 1);
    sl_json_put(memory, "step", json_object_get(job->result.memory));
    text = sl_json_print(job->arena, memory);
    *sealed =
        sl_service_seal(engine->service, SL_KEY_SEAL, job->arena, text, strlen(text), &place, err);
    return *sealed ? 0 : -1;
}

static int put_fact(struct sl_db *db, const char *account, const struct sl_fact *fact,
                    int64_t now_ms, struct sl_err *err)
{
    int64_t until = fact->lives_ms > 0 ? now_ms + fact->lives_ms : 0;

    if (!fact->value)
        return sl_facts_forget(db, account, fact->kind, fact->key, err);
    if (fact->first)
        return sl_facts_put_first(db, account, fact->kind, fact->key, fact->value, until, now_ms,
                                  err);
    return sl_facts_put(db, account, fact->kind, fact->key, fact->value, until, err);
}

int settle_facts(struct engine *engine, const struct sl_job *job, int64_t now_ms,
                 struct sl_err *err)
{
    for (size_t i = 0; i < job->result.n_facts; i++)
        if (put_fact(engine->service->db, job->account->account, &job->result.facts[i], now_ms,
                     err) < 0)
            return -1;
    return 0;
}
