/* Tokens: one for each account, renewed once for all processes.
 *
 * A job waits at its account's slot until there is a token. The stored one serves unless it is
 * about to end or was refused; else whoever gets the lock makes a new one, and the others look
 * again. The lock is a lease: no transaction is open while the provider is asked. */
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/service/audit.h"
#include "lib/service/engine_private.h"
#include "lib/service/seal.h"

enum { LOOK_AGAIN_MS = 50, LOCK_MS = 45000, TRY_AGAIN_MS = 5000, GRANT_ANSWER_MS = 30000 };

bool grant_is_young(const struct slot *slot, int64_t made_ms)
{
    int64_t age_ms = sl_now_ms() - made_ms;

    return age_ms >= 0 && age_ms < slot->account.adapter->grant->least_age_s * 1000LL;
}

/* When one ends that was made later than it is now nobody knows: the clock was set back since. */
static bool has_ended(const struct slot *slot, const struct sl_token_row *row)
{
    int64_t now_ms = sl_now_ms(), early_ms = slot->account.adapter->grant->renew_before_s * 1000LL;

    return row->expires_at > 0 &&
           (row->expires_at - early_ms <= now_ms || row->renewed_at > now_ms + SL_SET_BACK_MS);
}

static bool usable(const struct slot *slot, const struct sl_token_row *row)
{
    return (!slot->fresh || grant_is_young(slot, row->renewed_at)) && row->version > 0 &&
           row->version != slot->refused_version && !has_ended(slot, row);
}

/* The same for the one that is at hand. */
static bool still_usable(const struct slot *slot)
{
    const struct sl_token_row row = { .version = slot->token_version,
                                      .expires_at = slot->token_until,
                                      .renewed_at = slot->token_made_ms };

    return slot->token && usable(slot, &row);
}

static struct sl_seal_place place_of(const struct sl_token_row *row, const char *column)
{
    return (struct sl_seal_place){ "oauth_tokens", column, row->school_id, row->provider_id,
                                   row->id };
}

/* Takes the stored token, if it serves. Returns 1, 0 or -1. */
static int read_stored(struct engine *engine, struct slot *slot, int64_t *version,
                       struct sl_err *err)
{
    struct sl_arena *arena = sl_arena_new();
    struct sl_token_row row = { 0 };
    struct sl_seal_place place;
    int found = sl_tokens_get(engine->service->db, arena, slot->account.account, &row, err);

    *version = found > 0 ? row.version : 0;
    if (found > 0 && usable(slot, &row)) {
        place = place_of(&row, "access_token");
        slot->token = sl_service_unseal(engine->service, SL_KEY_SEAL, arena, row.access_token,
                                        &place, NULL, err);
        if (slot->token) {
            sl_arena_free(&slot->token_arena);
            slot->token_arena = arena;
            slot->token_version = row.version;
            slot->token_until = row.expires_at;
            slot->token_made_ms = row.renewed_at;
            return 1;
        }
        /* one that does not open is as good as none: a new one takes its place */
    }
    sl_arena_free(&arena);
    return found < 0 ? -1 : 0;
}

/* ---- Its answer ---------------------------------------------------------------------------- */

static int store_token(struct engine *engine, struct slot *slot, const struct sl_job *job,
                       struct sl_err *err)
{
    const struct sl_token *token = &job->result.token;
    struct sl_token_row row;
    struct sl_seal_place access, refresh;

    if (sl_tokens_row(engine->service->db, slot->account.account, slot->account.school.id,
                      slot->account.provider_id, sl_now_ms(), &row, err) < 0)
        return -1;
    access = place_of(&row, "access_token");
    refresh = place_of(&row, "refresh_token");
    row.access_token = sl_service_seal(engine->service, SL_KEY_SEAL, job->arena, token->access,
                                       strlen(token->access), &access, err);
    if (!row.access_token)
        return -1;
    if (token->refresh) {
        row.refresh_token = sl_service_seal(engine->service, SL_KEY_SEAL, job->arena,
                                            token->refresh, strlen(token->refresh), &refresh, err);
        if (!row.refresh_token)
            return -1;
    }
    row.token_type = token->type;
    row.expires_at = token->lives_ms > 0 ? job->marked_ms + token->lives_ms : 0;
    row.account = slot->account.account;
    return sl_tokens_put(engine->service->db, &row, engine->runner, sl_now_ms(), err);
}

static int log_grant(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    const struct sl_outcome *outcome = &job->result.items[0];
    bool fine = outcome->verdict == SL_OK;

    return sl_audit_add(engine->service,
                        &(struct sl_log){
                            .school_id = job->account->school.id,
                            .provider_id = job->account->provider_id,
                            .direction = "outbound",
                            .operation = "token",
                            .request_data =
                                sl_audit_request(job->arena, job->account, NULL, &job->request),
                            .response_data =
                                sl_audit_answer(job->arena, job->account, job->result.token.access,
                                                &job->sent.exchange),
                            .status = fine ? "success" : "failed",
                            .status_code = job->sent.exchange.status,
                            .error_message = fine ? NULL : sl_outcome_text(job->arena, outcome),
                            .duration_ms = job->sent.duration_ms,
                            .created_at = sl_now_ms(),
                        },
                        err);
}

/* Nobody gets a token now: what waited goes back to the queue, and is not counted. */
static int dismiss(struct engine *engine, struct slot *slot, const struct sl_outcome *outcome,
                   struct sl_err *err)
{
    int64_t again_ms = sl_now_ms() + (outcome->after_ms > 0 ? outcome->after_ms : TRY_AGAIN_MS);
    struct sl_job *job;

    if (outcome->verdict == SL_AUTH || outcome->verdict == SL_PERMANENT) {
        const char *why = sl_outcome_text(slot->arena, outcome);

        if (sl_accounts_block(engine->service->db, slot->account.account, why, err) < 0 ||
            settle_trouble(engine, slot, "token.trouble", why, err) < 0)
            return -1;
        engine->counts->refused = sl_arena_strdup(engine->service->arena, why);
        again_ms = sl_now_ms();
    } else {
        int opened =
            sl_accounts_failed(engine->service->db, slot->account.account, &engine->now, err);

        if (opened < 0 ||
            (opened > 0 && settle_trouble(engine, slot, "provider.down", outcome->text, err) < 0))
            return -1;
    }
    while ((job = queue_take(&slot->waiting)) != NULL) {
        int status =
            sl_queue_release(engine->service->db, job->item.id, engine->runner, again_ms, err);

        engine_free_job(engine, &job);
        if (status < 0)
            return -1;
    }
    return 0;
}

static int record(struct engine *engine, struct slot *slot, const struct sl_job *job,
                  struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    bool fine = job->result.items[0].verdict == SL_OK && job->result.token.access;

    if (sl_tx_begin(&tx, engine->service->db, err) < 0 || log_grant(engine, job, err) < 0 ||
        settle_clock(engine, job, err) < 0)
        return -1;
    if (fine && store_token(engine, slot, job, err) < 0)
        return -1;
    if (!fine && dismiss(engine, slot, &job->result.items[0], err) < 0)
        return -1;
    if (sl_tokens_unlock(engine->service->db, slot->account.account, engine->runner, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

static int end_grant(struct engine *engine, struct slot *slot, struct sl_job *job,
                     struct sl_err *err)
{
    slot->grant = NULL;
    slot->asked = false;
    if (record(engine, slot, job, err) < 0)
        return -1;
    slot->next_look_ms = 0;
    engine_free_job(engine, &job);
    return 0;
}

int grant_over(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    struct slot *slot = engine_slot_of(engine, job);
    bool fine;

    job->result =
        (struct sl_result){ .items = SL_NEW(job->arena, struct sl_outcome, 1), .n_items = 1 };
    job->step->parse(&job->call, &job->sent.exchange, &job->result);
    engine_trace_answered(engine, job, job->result.token.access);
    fine = job->result.items[0].verdict == SL_OK;
    if (fine) {
        slot->renewed_after_refusal = slot->refused_version > 0;
        slot->fresh = false;
        slot->token = NULL; /* read again from where all processes have it */
    }
    return end_grant(engine, slot, job, err);
}

/* ---- Asking for a new one --------------------------------------------------------------- */

static struct sl_job *new_grant_job(struct slot *slot)
{
    struct sl_arena *arena = sl_arena_new();
    struct sl_job *job = SL_NEW(arena, struct sl_job, 1);

    job->arena = arena;
    job->account = &slot->account;
    job->step = &slot->account.adapter->grant->step;
    job->item.operation = "token";
    job->item.public_id = "";
    job->call.arena = arena;
    job->call.settings = &slot->account.settings;
    job->call.id = "token";
    job->call.now_ms = sl_now_ms();
    sl_random(job->call.nonce, sizeof job->call.nonce);
    job->n_items = 1;
    slot->n_users++;
    return job;
}

/* It cannot even be asked for: the settings are wrong. */
static int refuse_grant(struct engine *engine, struct slot *slot, struct sl_job *job,
                        struct sl_err *err)
{
    struct sl_outcome outcome = { .verdict = SL_PERMANENT };

    if (err->code != SL_ERR_CONFIG && err->code != SL_ERR_DATA)
        return -1;
    outcome.text = sl_arena_strdup(job->arena, err->text);
    job->request = (struct sl_request){ 0 };
    job->sent.exchange = (struct sl_exchange){ .content_type = "", .body = "" };
    job->result = (struct sl_result){ .items = &outcome, .n_items = 1 };
    return end_grant(engine, slot, job, err);
}

static int start_grant(struct engine *engine, struct slot *slot, struct sl_err *err)
{
    struct sl_job *job = new_grant_job(slot);
    struct sl_send send = { .request = &job->request,
                            .arena = job->arena,
                            .ca_file = slot->account.ca_file,
                            .connect_ms = 15000,
                            .answer_ms = GRANT_ANSWER_MS,
                            .most_answer = 1 << 20,
                            .answer_headers = job->step->answer_headers,
                            .owner = job };

    slot->grant = job;
    job->marked_ms = job->call.now_ms;
    if (job->step->build(&job->call, &job->request, err) < 0)
        return refuse_grant(engine, slot, job, err);
    if (!job->request.method) { /* it is only signed here */
        job->sent.exchange = (struct sl_exchange){
            .reach = SL_ANSWERED, .retry_after_ms = -1, .content_type = "", .body = ""
        };
        return grant_over(engine, job, err);
    }
    engine_trace_sending(engine, job);
    engine->n_flying++;
    slot->n_flying++;
    return sl_transfer_start(engine->transfer, &send, err);
}

static int lock(struct engine *engine, struct slot *slot, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int got;

    if (sl_tx_begin(&tx, engine->service->db, err) < 0)
        return -1;
    got = sl_tokens_lock(engine->service->db, slot->account.account, engine->runner, &engine->now,
                         LOCK_MS, err);
    if (got < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    return got;
}

/* Those that waited are built; the engine marks and sends them. */
static int serve_waiting(struct engine *engine, struct slot *slot, struct sl_err *err)
{
    struct sl_job *job;

    while ((job = queue_take(&slot->waiting)) != NULL) {
        job->call.token = sl_arena_strdup(job->arena, slot->token);
        job->token_version = slot->token_version;
        if (engine_build(engine, job, err) < 0)
            return -1;
    }
    slot->asked = slot->fresh = false;
    return 0;
}

static int look(struct engine *engine, struct slot *slot, struct sl_err *err)
{
    int64_t version, again;
    int found = 1, got;

    slot->next_look_ms = engine->now.ms + LOOK_AGAIN_MS;
    if (!still_usable(slot))
        found = read_stored(engine, slot, &version, err);
    if (found < 0)
        return -1;
    if (found > 0)
        return serve_waiting(engine, slot, err);
    got = lock(engine, slot, err);
    if (got <= 0)
        return got;
    found = read_stored(engine, slot, &again, err); /* somebody may have been faster */
    if (found > 0 &&
        sl_tokens_unlock(engine->service->db, slot->account.account, engine->runner, err) < 0)
        return -1;
    if (found != 0)
        return found < 0 ? -1 : serve_waiting(engine, slot, err);
    return start_grant(engine, slot, err);
}

int grant_work(struct engine *engine, struct sl_err *err)
{
    for (struct slot *slot = engine->slots; slot; slot = slot->next)
        if ((slot->waiting.n > 0 || slot->asked) && !slot->grant &&
            engine->now.ms >= slot->next_look_ms && look(engine, slot, err) < 0)
            return -1;
    return 0;
}
