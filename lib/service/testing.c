#include "lib/service/testing.h"

#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/service/config.h"
#include "lib/service/engine.h"
#include "lib/service/enqueue.h"
#include "lib/service/ids.h"

enum { DEEP_WAIT_MS = 60000, LOOK_MS = 100, EXPIRES_MS = 120000 };

/* Puts an operation about nothing but itself into the queue, once. Returns 0 or -1. */
static int enqueue(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const struct sl_account *account,
                   const struct sl_op *op, int64_t *id, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    char *public_id = SL_NEW(arena, char, SL_ULID_SIZE);
    int64_t now_ms = sl_now_ms();
    struct sl_item item = { .school_id = school->id,
                            .provider_id = account->provider_id,
                            .operation = op->name,
                            .payload = "{}",
                            .public_id = public_id,
                            .account = account->account,
                            .max_attempts = 1,
                            .expires_at = now_ms + EXPIRES_MS };

    sl_ulid(now_ms, public_id);
    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_accounts_ensure(service->db, account->account, account->provider_id, err) < 0 ||
        sl_enqueue(service, op, &item, now_ms, err) < 0)
        return -1;
    *id = item.id;
    return sl_tx_commit(&tx, err);
}

/* Runs it, and reads what became of the row. What is left open is not tried again: somebody
 * stands there and can ask again. */
static int run_item(struct sl_service *service, struct sl_arena *arena, int64_t id,
                    struct sl_engine_counts *counts, struct sl_item *item, struct sl_err *err)
{
    const struct sl_engine_options options = { .program = "test",
                                               .filter = { .item_id = id },
                                               .in_spite = true };

    if (sl_engine_run(service, &options, counts, err) < 0 ||
        sl_queue_get(service->db, arena, id, item, err) < 0)
        return -1;
    if (strcmp(item->status, "pending") == 0 &&
        sl_queue_cancel(service->db, id, sl_now_ms(), err) < 0)
        return -1;
    return 0;
}

static const char *last_error(struct sl_arena *arena, const struct sl_item *item)
{
    SL_AUTO(sl_json_free)
    struct json_object *log =
        item->error_log ? sl_json_parse(item->error_log, strlen(item->error_log)) : NULL;
    size_t n = sl_json_length(log);

    return n ? sl_arena_strdup(arena, sl_json_text(json_object_array_get_idx(log, n - 1), "error"))
             : NULL;
}

static void read_findings(struct sl_arena *arena, const struct sl_item *item,
                          struct sl_tested *tested)
{
    SL_AUTO(sl_json_free)
    struct json_object *result =
        item->result ? sl_json_parse(item->result, strlen(item->result)) : NULL;
    struct json_object *findings = sl_json_at(result, "findings");

    for (size_t i = 0; i < sl_json_length(findings) && tested->n_findings < SL_MOST_FINDINGS; i++)
        tested->findings[tested->n_findings++] =
            sl_arena_strdup(arena, sl_json_text(json_object_array_get_idx(findings, i), "text"));
    if (sl_json_text(result, "text") && tested->n_findings < SL_MOST_FINDINGS)
        tested->findings[tested->n_findings++] =
            sl_arena_strdup(arena, sl_json_text(result, "text"));
}

static void judge(struct sl_arena *arena, const struct sl_engine_counts *counts,
                  const struct sl_item *item, struct sl_tested *tested)
{
    tested->error = last_error(arena, item);
    tested->status = strcmp(item->status, "completed") == 0 ? "ok" : "failed";
    if (strcmp(tested->status, "ok") == 0)
        tested->error = NULL;
    else if (counts->refused) {
        tested->status = "refused";
        tested->error = tested->error ? tested->error : sl_arena_strdup(arena, counts->refused);
    } else if (!tested->error) {
        tested->error = counts->waiting ? counts->waiting : "the provider cannot be reached";
    }
    read_findings(arena, item, tested);
}

/* The answer to the deep test comes by callback, to the daemon. */
static int wait_for_result(struct sl_service *service, struct sl_arena *arena, int64_t id,
                           struct sl_item *item, struct sl_err *err)
{
    int64_t until_ms = sl_boot_ms() + DEEP_WAIT_MS;

    while (strcmp(item->status, "processing") == 0 && sl_boot_ms() < until_ms) {
        (void)nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
        if (sl_queue_get(service->db, arena, id, item, err) < 0)
            return -1;
    }
    if (strcmp(item->status, "processing") == 0)
        return sl_queue_end(service->db, id, "failed",
                            "no callback came within a minute: does sl-webhook run, and can the "
                            "provider reach public_url?",
                            NULL, sl_now_ms(), err) < 0 ||
                       sl_queue_get(service->db, arena, id, item, err) < 0
                   ? -1
                   : 0;
    return 0;
}

static int run_op(struct sl_service *service, struct sl_arena *arena,
                  const struct sl_school *school, const struct sl_account *account,
                  const char *name, struct sl_tested *tested, struct sl_err *err)
{
    const struct sl_op *op = sl_adapter_op(account->adapter, name);
    struct sl_engine_counts counts;
    struct sl_item item;
    int64_t id;

    if (!op)
        return 0;
    if (enqueue(service, arena, school, account, op, &id, err) < 0 ||
        run_item(service, arena, id, &counts, &item, err) < 0)
        return -1;
    if (op->accepts && wait_for_result(service, arena, id, &item, err) < 0)
        return -1;
    judge(arena, &counts, &item, tested);
    return 0;
}

/* It works: what kept the account from being called is over. */
static int lift(struct sl_service *service, const struct sl_account *account,
                struct sl_tested *tested, struct sl_err *err)
{
    int lifted = sl_accounts_lift(service->db, account->account, err);

    if (lifted > 0 && tested->n_findings < SL_MOST_FINDINGS)
        tested->findings[tested->n_findings++] =
            "what the account was kept from is sent again, by `sl-queue-run` or `resume`";
    return lifted < 0 ? -1 : 0;
}

int sl_test_run(struct sl_service *service, struct sl_arena *arena, const struct sl_school *school,
                const struct sl_config_row *row, bool deep, struct sl_tested *tested,
                struct sl_err *err)
{
    int64_t started_ms = sl_boot_ms();
    struct sl_account account;

    *tested = (struct sl_tested){ .provider = row->provider_code, .status = "failed" };
    if (sl_config_open(service, arena, school->id, row->provider_id, &account, err) < 0) {
        if (err->code != SL_ERR_CONFIG && err->code != SL_ERR_DATA)
            return -1;
        tested->error = sl_arena_strdup(arena, err->text);
        return 0;
    }
    if (run_op(service, arena, school, &account, "test", tested, err) < 0 ||
        (strcmp(tested->status, "ok") == 0 && lift(service, &account, tested, err) < 0))
        return -1;
    if (deep && strcmp(tested->status, "ok") == 0 &&
        run_op(service, arena, school, &account, "test.deep", tested, err) < 0)
        return -1;
    tested->duration_ms = sl_boot_ms() - started_ms;
    return sl_configs_tested(service->db, row->id, tested->status, sl_now_ms(), err);
}

static void read_balance(struct sl_arena *arena, const struct sl_item *item,
                         struct sl_balance *balance)
{
    SL_AUTO(sl_json_free)
    struct json_object *result =
        item->result ? sl_json_parse(item->result, strlen(item->result)) : NULL;

    balance->balance = sl_arena_strdup(arena, sl_json_text(result, "balance"));
    balance->currency = sl_arena_strdup(arena, sl_json_text(result, "currency"));
}

int sl_balance_run(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, enum sl_category category,
                   const char *provider_code, struct sl_balance *balance, struct sl_err *err)
{
    struct sl_tested tested = { .status = "failed" };
    const struct sl_op *op;
    struct sl_engine_counts counts;
    struct sl_config_row row;
    struct sl_account account;
    struct sl_item item;
    int64_t id;

    if (sl_config_choose(service, arena, school, category, provider_code, &row, err) < 0 ||
        sl_config_open(service, arena, school->id, row.provider_id, &account, err) < 0)
        return -1;
    op = sl_adapter_op(account.adapter, "balance");
    if (!op)
        return sl_err_set(err, SL_ERR_CONFIG, "%s tells no balance", account.adapter->name);
    if (enqueue(service, arena, school, &account, op, &id, err) < 0 ||
        run_item(service, arena, id, &counts, &item, err) < 0)
        return -1;
    judge(arena, &counts, &item, &tested);
    if (strcmp(tested.status, "ok") != 0)
        return sl_err_set(err,
                          strcmp(tested.status, "refused") == 0 ? SL_ERR_AUTH : SL_ERR_UNAVAILABLE,
                          "%s: %s", account.adapter->name, tested.error);
    balance->provider = account.adapter->code;
    read_balance(arena, &item, balance);
    return 0;
}
