#include "lib/service/testing.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/service/config.h"
#include "lib/service/once.h"
#include "lib/service/school.h"

enum { DEEP_WAIT_MS = 60000, LOOK_MS = 100 };

/* It is asked though the account is blocked or held: somebody stands there. */
static struct sl_once question(const struct sl_school *school, const struct sl_account *account,
                               const char *operation)
{
    return (struct sl_once){ .school = school,
                             .account = account,
                             .operation = operation,
                             .payload = "{}",
                             .engine = { .program = "test", .in_spite = true } };
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

static void judge(struct sl_arena *arena, const struct sl_once_end *end, struct sl_tested *tested)
{
    tested->status = end->how == SL_ONCE_DONE      ? "ok"
                     : end->how == SL_ONCE_REFUSED ? "refused"
                                                   : "failed";
    tested->error = end->error;
    read_findings(arena, &end->item, tested);
}

/* The answer to the deep test comes by callback, to the daemon. */
static int wait_for_result(struct sl_service *service, struct sl_arena *arena,
                           struct sl_once_end *end, struct sl_err *err)
{
    static const char why[] = "no callback came within a minute: does sl-webhook run, and can the "
                              "provider reach public_url?";
    int64_t until_ms = sl_boot_ms() + DEEP_WAIT_MS, id = end->item.id;

    while (end->how == SL_ONCE_UNKNOWN && sl_boot_ms() < until_ms) {
        sl_pause_us(LOOK_MS * 1000);
        if (sl_once_look(service, arena, id, end, err) < 0)
            return -1;
    }
    if (end->how != SL_ONCE_UNKNOWN)
        return 0;
    if (sl_queue_end(service->db, id, "failed", why, NULL, sl_now_ms(), err) < 0)
        return -1;
    return sl_once_look(service, arena, id, end, err);
}

static int run_op(struct sl_service *service, struct sl_arena *arena,
                  const struct sl_school *school, const struct sl_account *account,
                  const char *name, struct sl_tested *tested, struct sl_err *err)
{
    const struct sl_once once = question(school, account, name);
    const struct sl_op *op = sl_adapter_op(account->adapter, name);
    struct sl_once_end end;

    if (!op)
        return 0;
    if (sl_once_run(service, arena, &once, &end, err) < 0 ||
        (op->accepts && wait_for_result(service, arena, &end, err) < 0))
        return -1;
    judge(arena, &end, tested);
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
    if (sl_school_open(school, err) < 0 ||
        sl_config_open(service, arena, school->id, row->provider_id, &account, err) < 0) {
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
    struct sl_once once;
    struct sl_once_end end;
    struct sl_config_row row;
    struct sl_account account;

    if (sl_config_choose(service, arena, school, category, provider_code, &row, err) < 0 ||
        sl_config_open(service, arena, school->id, row.provider_id, &account, err) < 0)
        return -1;
    if (!sl_adapter_op(account.adapter, "balance"))
        return sl_err_set(err, SL_ERR_CONFIG, "%s tells no balance", account.adapter->name);
    once = question(school, &account, "balance");
    if (sl_once_run(service, arena, &once, &end, err) < 0)
        return -1;
    if (end.how != SL_ONCE_DONE)
        return sl_err_set(err, end.how == SL_ONCE_REFUSED ? SL_ERR_AUTH : SL_ERR_UNAVAILABLE,
                          "%s: %s", account.adapter->name, end.error);
    balance->provider = account.adapter->code;
    read_balance(arena, &end.item, balance);
    return 0;
}
