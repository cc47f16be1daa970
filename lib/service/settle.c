/* From an answer to rows: outcome, record, log and queue in one transaction of the engine's. */
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/asks.h"
#include "lib/service/audit.h"
#include "lib/service/enqueue.h"
#include "lib/service/engine_private.h"
#include "lib/service/hooks.h"
#include "lib/service/seal.h"
#include "lib/service/tell.h"
#include "lib/store/facts.h"
#include "lib/store/runners.h"

enum {
    FIRST_BACKOFF_MS = 2000,
    LONGEST_BACKOFF_MS = 900000,
    RATE_LIMITED_MS = 5000,
    MOST_ORPHANS = 64,
    MOST_WAITING = 64,
};

/* Exponential with full jitter: anything from half a second to the whole of the step. */
int64_t settle_backoff(int64_t attempts)
{
    int64_t span = FIRST_BACKOFF_MS;
    uint64_t random;

    for (int64_t i = 1; i < attempts && span < LONGEST_BACKOFF_MS; i++)
        span *= 2;
    span = span < LONGEST_BACKOFF_MS ? span : LONGEST_BACKOFF_MS;
    sl_random(&random, sizeof random);
    return 500 + (int64_t)(random % (uint64_t)span);
}

/* ---- The log --------------------------------------------------------------------------- */

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

static const char *first_problem(const struct sl_job *job)
{
    for (size_t i = 0; i < job->result.n_items; i++)
        if (job->result.items[i].verdict != SL_OK)
            return sl_outcome_text(job->arena, &job->result.items[i]);
    return NULL;
}

static const char *log_problem(const struct sl_job *job)
{
    const char *problem = first_problem(job);

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
    *n = phones[0] != NULL;
    return phones;
}

static int write_log(struct engine *engine, struct sl_job *job, enum sl_course course,
                     int64_t now_ms, struct sl_err *err)
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

/* ---- What the operation itself told ------------------------------------------------------ */

/* {"record": …}. A listing goes to who asked for it and nowhere else. */
static const char *record_json(struct sl_job *job)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!job->op->keeps || sl_json_length(job->result.rows) != 1)
        return NULL;
    doc = json_object_new_object();
    if (json_object_object_add(doc, "record",
                               json_object_get(json_object_array_get_idx(job->result.rows, 0))))
        sl_out_of_memory();
    return sl_json_print(job->arena, doc);
}

static const char *result_json(struct sl_job *job)
{
    const struct sl_result *result = &job->result;
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct json_object *findings;

    if (!result->balance && result->n_findings == 0)
        return record_json(job);
    doc = json_object_new_object();
    sl_json_put_text(doc, "balance", result->balance);
    sl_json_put_text(doc, "currency", result->balance_currency);
    findings = json_object_new_array();
    for (size_t i = 0; i < result->n_findings; i++) {
        struct json_object *one = json_object_new_object();

        sl_json_put_text(one, "grade",
                         result->findings[i].grade == SL_FINDING_WARN ? "warn" : "good");
        sl_json_put_text(one, "text", result->findings[i].text);
        if (json_object_array_add(findings, one) != 0)
            sl_out_of_memory();
    }
    if (json_object_object_add(doc, "findings", findings) != 0)
        sl_out_of_memory();
    return sl_json_print(job->arena, doc);
}

/* What the next step needs, beside the callback's token that is there for all of them. */
static int seal_memory(struct engine *engine, struct sl_job *job, const char **sealed,
                       struct sl_err *err)
{
    struct sl_seal_place place = { "integration_queue", "memory", job->item.school_id,
                                   job->item.provider_id, job->item.id };
    SL_AUTO(sl_json_free) struct json_object *memory = NULL;
    const char *text;

    *sealed = NULL;
    if (!job->result.memory)
        return 0;
    memory = json_object_new_object();
    if (job->call.callback_base)
        sl_json_put_text(memory, "callback", strrchr(job->call.callback_base, '/') + 1);
    if (json_object_object_add(memory, "step", json_object_get(job->result.memory)) != 0)
        sl_out_of_memory();
    text = sl_json_print(job->arena, memory);
    *sealed =
        sl_service_seal(engine->service, SL_KEY_SEAL, job->arena, text, strlen(text), &place, err);
    return *sealed ? 0 : -1;
}

static int remember_facts(struct engine *engine, const struct sl_job *job, int64_t now_ms,
                          struct sl_err *err)
{
    struct sl_db *db = engine->service->db;
    const char *account = job->account->account;

    for (size_t i = 0; i < job->result.n_facts; i++) {
        const struct sl_fact *fact = &job->result.facts[i];
        int64_t until = fact->lives_ms > 0 ? now_ms + fact->lives_ms : 0;
        int status = fact->value
                         ? sl_facts_put(db, account, fact->kind, fact->key, fact->value, until, err)
                         : sl_facts_forget(db, account, fact->kind, fact->key, err);

        if (status < 0)
            return -1;
    }
    return 0;
}

/* ---- How the row goes on ------------------------------------------------------------------ */

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

static void plan_unknown(const struct sl_job *job, int64_t n_sent, struct sl_settlement *settlement)
{
    const struct sl_settle *settle = &job->step->ambiguous;

    if (sl_resends_at_once(settle, n_sent)) {
        settlement->status = "pending";
        settlement->next_attempt_at = sl_now_ms() + settle_backoff(n_sent);
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

/* What holds for everybody on the account, unless the item alone is meant; NULL: nothing does. */
static const struct sl_outcome *find_hold(const struct sl_job *job)
{
    for (size_t i = 0; i < job->result.n_items; i++) {
        const struct sl_outcome *item = &job->result.items[i];

        if ((item->verdict == SL_RATE_LIMITED || item->verdict == SL_RETRY) &&
            item->concerns != SL_ITEM)
            return item;
    }
    return NULL;
}

/* "No money" is a person's to cure, "too many" only takes time. */
static bool is_curable(const struct sl_outcome *hold)
{
    return hold->verdict == SL_RETRY;
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
    const struct sl_outcome *hold = find_hold(job);
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
        after_ms = limited ? RATE_LIMITED_MS : settle_backoff(job->item.attempts + 1);
    settlement->status = "pending";
    settlement->next_attempt_at = sl_now_ms() + (hold && is_curable(hold) ? 0 : after_ms);
    return 0;
}

int settle_trouble(struct engine *engine, const struct slot *slot, const char *event,
                   const char *why, struct sl_err *err)
{
    const struct sl_tell_provider about = { slot->account.account, slot->account.adapter->code };

    return sl_tell_trouble(engine->service, &about, event, why, sl_now_ms(), err);
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

static int plan(struct engine *engine, struct sl_job *job, enum sl_course *course,
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
    case SL_COURSE_UNKNOWN: plan_unknown(job, job->item.attempts + 1, settlement); return 0;
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

/* ---- What it says of the account ------------------------------------------------------------ */

static void judge_account(struct engine *engine, const struct sl_job *job)
{
    const struct sl_exchange *exchange = &job->sent.exchange;
    struct slot *slot = engine_slot_of(engine, job);
    const struct sl_outcome *first = &job->result.items[0];

    if (exchange->reach != SL_ANSWERED || first->verdict == SL_AMBIGUOUS ||
        (first->verdict == SL_RETRY && exchange->status == 503)) {
        slot->n_failed++;
        slot->failure = exchange->transport ? exchange->transport : first->text;
        return;
    }
    slot->succeeded = true;
    slot->accepted = slot->accepted || first->verdict != SL_AUTH;
    slot->n_failed = 0;
    if (first->verdict == SL_OK)
        slot->renewed_after_refusal = false;
}

static int hold_account(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    const struct sl_outcome *hold = find_hold(job);

    if (!hold)
        return 0;
    engine->held = true;
    return sl_accounts_hold(engine->service->db, job->account->account,
                            hold->after_ms > 0 ? hold->after_ms : RATE_LIMITED_MS,
                            is_curable(hold) ? sl_outcome_text(job->arena, hold) : NULL,
                            &engine->now, err);
}

static int settle_account(struct engine *engine, struct slot *slot, struct sl_err *err)
{
    const struct sl_tell_provider about = { slot->account.account, slot->account.adapter->code };
    struct sl_db *db = engine->service->db;
    int opened;

    if (slot->succeeded && sl_accounts_succeeded(db, about.account, err) < 0)
        return -1;
    if (slot->accepted && sl_tell_recovered(engine->service, &about, sl_now_ms(), err) < 0)
        return -1;
    for (; slot->n_failed > 0; slot->n_failed--) {
        opened = sl_accounts_failed(db, about.account, &engine->now, err);
        if (opened < 0 ||
            (opened > 0 && settle_trouble(engine, slot, "provider.down", slot->failure, err) < 0))
            return -1;
    }
    slot->succeeded = slot->accepted = false;
    slot->failure = NULL;
    return 0;
}

int settle_accounts(struct engine *engine, struct sl_err *err)
{
    for (struct slot *slot = engine->slots; slot; slot = slot->next)
        if (settle_account(engine, slot, err) < 0)
            return -1;
    return 0;
}

/* ---- One job --------------------------------------------------------------------------------- */

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

int settle_job(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    enum sl_course course = sl_job_course(job);
    struct sl_settlement settlement = { .error = first_problem(job) };
    int64_t now_ms = sl_now_ms();
    int ours;

    if (wants_connection(job)) {
        job->fresh_connection = true;
        return write_log(engine, job, SL_COURSE_AGAIN, now_ms, err) < 0 ? -1 : 1;
    }
    settlement.result = result_json(job);
    if (job->domain->settle && job->domain->settle(engine->service, job, &course, now_ms, err) < 0)
        return -1;
    if (plan(engine, job, &course, &settlement, err) < 0 ||
        remember_facts(engine, job, now_ms, err) < 0 ||
        seal_memory(engine, job, &settlement.memory, err) < 0)
        return -1;
    ours =
        sl_queue_settle(engine->service->db, &job->item, engine->runner, &settlement, now_ms, err);
    if (ours <= 0) /* cannot be: the lease is looked at in the same transaction */
        return ours < 0 ? -1 : sl_err_set(err, SL_ERR_INTERNAL, "another runner has this row");
    if (write_log(engine, job, course, now_ms, err) < 0 || hold_account(engine, job, err) < 0)
        return -1;
    judge_account(engine, job);
    count(engine, job, course);
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
    return sl_tx_commit(&tx, err);
}

/* ---- Rows of dead runners ----------------------------------------------------------------------- */

static const char lost[] = "the program that sent it ended before an answer was stored";

/* What a row's adapter says of its operation. Returns 1, 0 if there is no such adapter, operation or
 * step any more, or -1. */
static int find_op(struct engine *engine, const struct sl_item *item,
                   const struct sl_adapter **adapter, const struct sl_op **op, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_provider provider;
    int found = 1;

    *adapter = sl_hook_adapter("url");
    if (item->provider_id) {
        found = sl_providers_get(engine->service->db, arena, item->provider_id, &provider, err);
        *adapter = found > 0 ? sl_adapter_find(provider.code) : NULL;
    }
    if (found < 0)
        return -1;
    *op = *adapter ? sl_adapter_op(*adapter, item->operation) : NULL;
    return *op && (size_t)item->step < (*op)->n_steps;
}

/* It may have left: the answer is lost, and the adapter's policy decides, like after a
 * connection that broke. */
static int settle_orphan(struct engine *engine, const struct sl_item *item, struct sl_err *err)
{
    const struct sl_adapter *adapter;
    const struct sl_domain *domain = sl_domain_find(item->operation);
    struct sl_settlement settlement = {
        .status = "processing", .waits_for = "person", .error = lost, .step = item->step
    };
    const struct sl_op *op;
    int found = find_op(engine, item, &adapter, &op, err);

    if (found < 0)
        return -1;
    if (found > 0) {
        const struct sl_job job = { .item = *item,
                                    .op = op,
                                    .step = &op->steps[item->step],
                                    .marked_ms = item->last_attempt_at };

        plan_unknown(&job, item->attempts, &settlement);
    }
    if (!domain->end && strcmp(settlement.status, "pending") != 0) /* nobody's record hangs on it */
        settlement =
            (struct sl_settlement){ .status = "failed", .error = lost, .step = item->step };
    if (domain->end && strcmp(settlement.status, "pending") != 0 &&
        domain->end(engine->service, item, true, lost, sl_now_ms(), err) < 0)
        return -1;
    engine->counts->unknown++;
    return sl_queue_settle(engine->service->db, item, engine->runner, &settlement, sl_now_ms(),
                           err) < 0
               ? -1
               : 0;
}

int settle_orphans(struct engine *engine, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_item *items = SL_NEW(arena, struct sl_item, MOST_ORPHANS);
    int n;

    if (sl_tx_begin(&tx, engine->service->db, err) < 0 ||
        sl_runners_reap(engine->service->db, &engine->now, err) < 0)
        return -1;
    n = sl_queue_orphans(engine->service->db, arena, engine->runner, &engine->now, MOST_ORPHANS,
                         items, err);
    for (int i = 0; i < n; i++)
        if (settle_orphan(engine, &items[i], err) < 0)
            return -1;
    if (n < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    return n;
}

/* ---- Rows that wait -------------------------------------------------------------------------------- */

/* Asks about a row: another row, urgent, one at a time. What has no record of its own, as messages
 * have none, is asked about by its row. */
static int ask(struct engine *engine, const struct sl_item *item, const struct sl_adapter *adapter,
               const struct sl_settle *settle, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const int64_t subject_id = item->subject_id ? item->subject_id : item->id;
    struct sl_item query = {
        .school_id = item->school_id,
        .provider_id = item->provider_id,
        .operation = settle->query,
        .payload = "{}",
        .public_id = item->public_id,
        .account = item->account,
        .subject_id = subject_id,
        .max_attempts = 3,
        .dedupe_key = sl_arena_printf(arena, "%s:%lld", settle->query, (long long)subject_id),
    };
    int64_t now_ms = sl_now_ms(),
            next = sl_asks_time(settle, item->asks + 1, item->last_attempt_at);
    const struct sl_op *op = sl_adapter_op(adapter, settle->query);

    if (next <= now_ms)
        next = now_ms + 60000;
    if (sl_enqueue(engine->service, op, &query, now_ms, err) < 0)
        return -1;
    return sl_queue_wait_on(engine->service->db, item->id, item->waits_for, next, 1, err) < 0 ? -1
                                                                                              : 0;
}

/* Once, and only here: what a query told of absence waits until the row's patience is over. Returns
 * 1, 0 or -1. */
static int may_resend(struct engine *engine, const struct sl_item *item,
                      const struct sl_settle *settle, struct sl_err *err)
{
    const struct sl_domain *domain = sl_domain_find(item->operation);

    if (item->attempts >= 2 || settle->last == SL_HOLD)
        return 0;
    if (settle->last == SL_RESEND || settle->last == SL_RESEND_ONCE)
        return 1;
    return domain->absent ? domain->absent(engine->service, item, err) : 0;
}

/* Nothing came and there is nothing left to ask: to be sent again if that does no harm, else
 * a person's. */
static int give_up(struct engine *engine, const struct sl_item *item,
                   const struct sl_settle *settle, struct sl_err *err)
{
    static const char why[] = "no answer came in time";
    const struct sl_domain *domain = sl_domain_find(item->operation);
    int again = may_resend(engine, item, settle, err);

    if (again < 0)
        return -1;
    if (again > 0) {
        if (domain->resend && domain->resend(engine->service, item, sl_now_ms(), err) < 0)
            return -1;
        return sl_queue_resend(engine->service->db, item->id, sl_now_ms(), err) < 0 ? -1 : 0;
    }
    if (!domain->end) /* nobody's record hangs on it */
        return sl_queue_end(engine->service->db, item->id, "failed", why, NULL, sl_now_ms(), err) <
                       0
                   ? -1
                   : 0;
    if (domain->end(engine->service, item, true, why, sl_now_ms(), err) < 0)
        return -1;
    return sl_queue_wait_on(engine->service->db, item->id, "person", 0, 0, err) < 0 ? -1 : 0;
}

static const struct sl_settle *settle_of(const struct sl_item *item, const struct sl_op *op)
{
    return item->accepted ? &op->accepted : &op->steps[item->step].ambiguous;
}

static int go_on_waiting(struct engine *engine, const struct sl_item *item, struct sl_err *err)
{
    const struct sl_settle *settle;
    const struct sl_adapter *adapter;
    const struct sl_op *op;
    int found = find_op(engine, item, &adapter, &op, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return sl_queue_wait_on(engine->service->db, item->id, "person", 0, 0, err) < 0 ? -1 : 0;
    settle = settle_of(item, op);
    if (settle->query &&
        (settle->until_s == 0 || sl_now_ms() < item->last_attempt_at + settle->until_s * 1000LL))
        return ask(engine, item, adapter, settle, err);
    return give_up(engine, item, settle, err);
}

int settle_waiting(struct engine *engine, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_item *items = SL_NEW(arena, struct sl_item, MOST_WAITING);
    int n;

    if (sl_tx_begin(&tx, engine->service->db, err) < 0)
        return -1;
    n = sl_queue_waiting(engine->service->db, arena, engine->options->filter.school_id, sl_now_ms(),
                         MOST_WAITING, items, err);
    for (int i = 0; i < n; i++)
        if (go_on_waiting(engine, &items[i], err) < 0)
            return -1;
    if (n < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    return n;
}
