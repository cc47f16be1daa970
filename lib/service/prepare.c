/* From a claimed row to a request that is ready to be marked. */
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/service/engine_private.h"
#include "lib/service/hooks.h"
#include "lib/service/school.h"
#include "lib/service/seal.h"
#include "lib/transfer/pieces.h"

/* ---- Lists --------------------------------------------------------------------------- */

void queue_init(struct queue *queue)
{
    *queue = (struct queue){ .tail = &queue->head };
}

void queue_put(struct queue *queue, struct sl_job *job)
{
    job->next = NULL;
    *queue->tail = job;
    queue->tail = &job->next;
    queue->n++;
}

struct sl_job *queue_take(struct queue *queue)
{
    struct sl_job *job = queue->head;

    if (!job)
        return NULL;
    queue->head = job->next;
    if (!queue->head)
        queue->tail = &queue->head;
    queue->n--;
    job->next = NULL;
    return job;
}

/* ---- Accounts, opened ---------------------------------------------------------------- */

static void close_slot(struct slot **at)
{
    struct slot *slot = *at;
    struct sl_arena *arena = slot->arena; /* the slot itself is in it */

    *at = slot->next;
    sl_arena_free(&slot->token_arena);
    sl_arena_free(&arena);
}

void engine_close_slots(struct engine *engine)
{
    while (engine->slots)
        close_slot(&engine->slots);
}

/* Forgets slots whose settings changed, as soon as no job uses them. */
static void sweep_slots(struct engine *engine)
{
    struct slot **at = &engine->slots;

    while (*at) {
        if ((*at)->stale && (*at)->n_users == 0)
            close_slot(at);
        else
            at = &(*at)->next;
    }
}

/* When its settings were changed last. Returns 1, 0 if they are gone or not to be used, or -1. */
static int read_updated(struct engine *engine, const struct sl_account *account,
                        int64_t *updated_at, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_school school;
    struct sl_config_row row;
    struct sl_hook_row hook;
    int found = sl_schools_get(engine->service->db, arena, account->school.id, &school, err);

    if (found > 0 && strcmp(school.status, "closed") == 0)
        return 0;
    if (found <= 0)
        return found;
    if (account->hook_id) {
        found = sl_hooks_get(engine->service->db, arena, account->hook_id, &hook, err);
        if (found > 0)
            *updated_at = hook.created_at;
        return found > 0 ? hook.is_active : found;
    }
    found = sl_configs_get(engine->service->db, arena, account->school.id, account->provider_id,
                           &row, err);
    if (found > 0)
        *updated_at = row.updated_at;
    return found > 0 ? row.is_enabled : found;
}

/* Once in a transaction, which began at now. */
int engine_check_slot(struct engine *engine, struct slot *slot, struct sl_err *err)
{
    int64_t updated_at = 0;
    int found;

    if (slot->stale || engine->now.ms == slot->checked_ms)
        return 0;
    found = read_updated(engine, &slot->account, &updated_at, err);
    if (found < 0)
        return -1;
    slot->checked_ms = engine->now.ms;
    slot->stale = found == 0 || updated_at != slot->account.updated_at;
    return 0;
}

static int open_account(struct engine *engine, struct owner owner, struct slot *slot,
                        struct sl_err *err)
{
    int opened = owner.hook_id ? sl_hook_open(engine->service, slot->arena, owner.hook_id,
                                              &slot->account, err)
                               : sl_config_open(engine->service, slot->arena, owner.school_id,
                                                owner.provider_id, &slot->account, err);

    return opened < 0 ? -1 : sl_school_open(&slot->account.school, err);
}

static int open_slot(struct engine *engine, struct owner owner, struct slot **out,
                     struct sl_err *err)
{
    struct sl_arena *arena = sl_arena_new();
    struct slot *slot = SL_NEW(arena, struct slot, 1);

    slot->arena = arena;
    if (open_account(engine, owner, slot, err) < 0 ||
        sl_accounts_ensure(engine->service->db, slot->account.account, slot->account.provider_id,
                           err) < 0) {
        sl_arena_free(&arena);
        return -1;
    }
    queue_init(&slot->waiting);
    slot->checked_ms = engine->now.ms;
    slot->next = engine->slots;
    engine->slots = slot;
    *out = slot;
    return 0;
}

static bool is_of(const struct sl_account *account, struct owner owner)
{
    if (owner.hook_id || account->hook_id)
        return account->hook_id == owner.hook_id;
    return account->school.id == owner.school_id && account->provider_id == owner.provider_id;
}

int engine_slot(struct engine *engine, struct owner owner, struct slot **out, struct sl_err *err)
{
    sweep_slots(engine);
    for (struct slot *slot = engine->slots; slot; slot = slot->next) {
        if (slot->stale || !is_of(&slot->account, owner))
            continue;
        if (engine_check_slot(engine, slot, err) < 0)
            return -1;
        if (slot->stale)
            break;
        *out = slot;
        return 0;
    }
    return open_slot(engine, owner, out, err);
}

struct slot *engine_slot_of(const struct engine *engine, const struct sl_job *job)
{
    for (struct slot *slot = engine->slots; slot; slot = slot->next)
        if (&slot->account == job->account)
            return slot;
    return NULL;
}

/* ---- Jobs ---------------------------------------------------------------------------- */

void engine_free_job(struct engine *engine, struct sl_job **job)
{
    struct slot *slot = *job ? engine_slot_of(engine, *job) : NULL;
    struct sl_arena *arena;

    if (!*job)
        return;
    if (slot)
        slot->n_users--;
    sl_json_free(&(*job)->payload);
    json_object_put((*job)->call.memory);
    json_object_put((*job)->result.memory);
    json_object_put((*job)->result.rows);
    arena = (*job)->arena; /* the job itself is in it */
    *job = NULL;
    sl_arena_free(&arena);
}

void engine_forget_jobs(struct engine *engine, struct queue *queue)
{
    struct sl_job *job;

    while ((job = queue_take(queue)) != NULL)
        engine_free_job(engine, &job);
}

static struct sl_item copy_item(struct sl_arena *arena, const struct sl_item *item)
{
    struct sl_item copy = *item;

    copy.operation = sl_arena_strdup(arena, item->operation);
    copy.payload = sl_arena_strdup(arena, item->payload);
    copy.public_id = sl_arena_strdup(arena, item->public_id);
    copy.account = sl_arena_strdup(arena, item->account);
    copy.lane = sl_arena_strdup(arena, item->lane);
    copy.memory = sl_arena_strdup(arena, item->memory);
    copy.status = copy.waits_for = copy.error_log = copy.result = NULL;
    copy.idempotency_key = copy.payload_hash = copy.callback_token = copy.dedupe_key = NULL;
    return copy;
}

/* What the operation remembers, opened: {"callback": TOKEN, "step": {…}}. */
static int open_memory(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    struct sl_seal_place place = { "integration_queue", "memory", job->item.school_id,
                                   job->item.provider_id, job->item.id };
    SL_AUTO(sl_json_free) struct json_object *memory = NULL;
    struct json_object *step;
    const char *text, *token;

    if (!job->item.memory)
        return 0;
    text = sl_service_unseal(engine->service, SL_KEY_SEAL, job->arena, job->item.memory, &place,
                             NULL, err);
    if (!text)
        return -1;
    memory = sl_json_parse(text, strlen(text));
    token = sl_json_text(memory, "callback");
    if (token && job->account->callback_url)
        job->call.callback_base =
            sl_arena_printf(job->arena, "%s/hooks/%s/%s", job->account->callback_url,
                            job->account->adapter->hook_alias, token);
    step = sl_json_at(memory, "step");
    job->call.memory = step ? json_object_get(step) : NULL;
    return 0;
}

static int need_callback(const struct sl_job *job, struct sl_err *err)
{
    if (!job->op->callback || job->call.callback_base)
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG, "%s needs a public address for its callback",
                     job->account->adapter->name);
    return sl_err_hint(err, "set public_url in the configuration file, or callback_base_url");
}

/* A row that cannot even be read stays for a person to see, with its reason. */
static int refuse(struct engine *engine, const struct sl_item *item, struct sl_err *err)
{
    struct sl_err why = *err;

    if (why.code != SL_ERR_DATA && why.code != SL_ERR_CONFIG)
        return -1;
    return settle_unsent(engine, item, why.text, err);
}

/* The hash of the part of a file that this step will send. */
static int look_up_digest(struct sl_job *job, struct sl_err *err)
{
    int64_t offset = 0, n = 0;
    const struct sl_file *file =
        job->step->digest ? job->step->digest(&job->call, &offset, &n) : NULL;

    if (!file)
        return 0;
    job->call.digest = sl_pieces_digest(job->arena, file, offset, n, err);
    return job->call.digest ? 0 : -1;
}

int engine_build(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    sl_random(job->call.nonce, sizeof job->call.nonce);
    job->call.now_ms = sl_now_ms();
    job->call.attempts = job->item.attempts;
    job->request = (struct sl_request){ 0 };
    if (sl_step_facts(engine->service, job->account, job->step, &job->call, err) < 0)
        return -1;
    if (look_up_digest(job, err) < 0 || need_callback(job, err) < 0 ||
        job->step->build(&job->call, &job->request, err) < 0) {
        int status;

        (void)sl_err_context(err, "%s", job->account->adapter->name);
        status = refuse(engine, &job->item, err);
        engine_free_job(engine, &job);
        return status;
    }
    queue_put(&engine->ready, job);
    return 0;
}

static int fill_job(struct engine *engine, struct sl_job *job, struct sl_err *err)
{
    job->op = sl_adapter_op(job->account->adapter, job->item.operation);
    if (!job->op || (size_t)job->item.step >= job->op->n_steps)
        return sl_err_set(err, SL_ERR_DATA, "%s does no %s", job->account->adapter->name,
                          job->item.operation);
    job->step = &job->op->steps[job->item.step];
    job->domain = sl_domain_find(job->item.operation);
    job->payload = sl_json_parse(job->item.payload, strlen(job->item.payload));
    job->call.arena = job->arena;
    job->call.settings = &job->account->settings;
    job->call.id = job->item.public_id;
    if (open_memory(engine, job, err) < 0)
        return -1;
    return job->domain->load(engine->service, job, err);
}

static int complete_empty(struct engine *engine, const struct sl_job *job, struct sl_err *err)
{
    const struct sl_settlement settlement = { .status = "completed", .step = job->item.step };

    return sl_queue_settle(engine->service->db, &job->item, engine->runner, &settlement,
                           sl_now_ms(), err) < 0
               ? -1
               : 0;
}

int engine_prepare(struct engine *engine, const struct sl_item *item, struct sl_err *err)
{
    const struct owner owner = { item->school_id, item->provider_id,
                                 item->provider_id ? 0 : sl_hook_id(item->account) };
    struct slot *slot = NULL;
    struct sl_arena *arena;
    struct sl_job *job;
    int more;

    if (item->expires_at && item->expires_at <= sl_now_ms())
        return settle_unsent(engine, item, "it was too old to be sent", err);
    if (engine_slot(engine, owner, &slot, err) < 0)
        return err->code == SL_ERR_CONFIG ? sl_queue_release(engine->service->db, item->id,
                                                             engine->runner, sl_now_ms(), err)
                                          : refuse(engine, item, err);
    arena = sl_arena_new();
    job = SL_NEW(arena, struct sl_job, 1);
    job->arena = arena;
    job->item = copy_item(arena, item);
    job->account = &slot->account;
    slot->n_users++;
    more = fill_job(engine, job, err);
    if (more <= 0) {
        more = more < 0 ? refuse(engine, item, err) : complete_empty(engine, job, err);
        engine_free_job(engine, &job);
        return more;
    }
    engine_trace_claimed(engine, job);
    if (strcmp(job->op->name, "test") == 0)
        slot->fresh = true; /* a token of yesterday proves nothing about today */
    if (!sl_adapter_grants(job->account->adapter, &job->account->settings))
        return engine_build(engine, job, err);
    queue_put(&slot->waiting, job);
    return 0;
}
