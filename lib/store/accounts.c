#include "lib/store/accounts.h"

#include <string.h>

#include "lib/store/sql.h"

enum {
    FAILURES_TO_OPEN = 5,
    FIRST_PAUSE_MS = 10000,
    LONGEST_PAUSE_MS = 600000,
    LONGEST_HOLD_MS = 3600000,
    PROBE_MS = 120000,
    LONGEST_LOCK_MS = 120000,
};

static const char ensure_sql[] = "INSERT INTO accounts (account, provider_id) VALUES ($1, $2)"
                                 " ON CONFLICT (account) DO NOTHING";

int sl_accounts_ensure(struct sl_db *db, const char *account, int64_t provider_id,
                       struct sl_err *err)
{
    int made = sl_db_run(db, ensure_sql, SL_PARAMS(SL_TEXT(account), SL_ID(provider_id)), err);

    return made < 0 ? -1 : 0;
}

/* ---- What stands in the row, freed from other boots ----------------------------------- */

struct state {
    bool blocked, curable;
    int64_t failures, open_ms, opened, probe_runner, probe_ms, hold_ms, level_milli, filled_ms;
};

static const char state_sql[] =
    "SELECT boot_id, blocked IS NOT NULL, failures, open_boot_ms, opened, probe_runner,"
    " probe_boot_ms, hold_boot_ms, level_milli, filled_boot_ms, held IS NOT NULL FROM accounts"
    " WHERE account = $1";

/* A time that lies further ahead than it can have been set is of a clock that lied. */
static int64_t within(int64_t until_ms, int64_t now_ms, int64_t longest_ms)
{
    return until_ms > now_ms + longest_ms ? 0 : until_ms;
}

/* What another boot left is cleared before anything of this one is written beside it. */
static const char adopt_sql[] =
    "UPDATE accounts SET boot_id = $2, failures = 0, open_boot_ms = 0, opened = 0,"
    " probe_runner = NULL, probe_boot_ms = 0, hold_boot_ms = 0, held = NULL, level_milli = 0,"
    " filled_boot_ms = 0, lock_runner = NULL, lock_boot_ms = 0"
    " WHERE account = $1 AND boot_id <> $2";

static int adopt(struct sl_db *db, const char *account, const struct sl_boot_now *now,
                 struct sl_err *err)
{
    return sl_db_run(db, adopt_sql, SL_PARAMS(SL_TEXT(account), SL_TEXT(now->id)), err) < 0 ? -1
                                                                                            : 1;
}

/* Returns 1, 0 if there is no such account, or -1. Inside a transaction. */
static int read_state(struct sl_db *db, const char *account, const struct sl_boot_now *now,
                      struct state *state, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more;

    *state = (struct state){ 0 };
    if (sl_db_query(&rows, db, state_sql, SL_PARAMS(SL_TEXT(account)), err) < 0)
        return -1;
    more = sl_rows_next(&rows, err);
    if (more <= 0)
        return more;
    state->blocked = sl_row_int(&rows, 1) != 0;
    if (strcmp(sl_row_text(&rows, 0), now->id) != 0)
        return adopt(db, account, now, err);
    state->failures = sl_row_int(&rows, 2);
    state->open_ms = within(sl_row_int(&rows, 3), now->ms, LONGEST_PAUSE_MS);
    state->opened = sl_row_int(&rows, 4);
    state->probe_runner = sl_row_int(&rows, 5);
    state->probe_ms = within(sl_row_int(&rows, 6), now->ms, PROBE_MS);
    state->hold_ms = within(sl_row_int(&rows, 7), now->ms, LONGEST_HOLD_MS);
    state->level_milli = sl_row_int(&rows, 8);
    state->filled_ms = sl_row_int(&rows, 9);
    state->curable = sl_row_int(&rows, 10) != 0;
    return 1;
}

/* The bucket now, in thousandths of a unit: what has run in since it was last written. */
static int64_t level_now(const struct state *state, const struct sl_account_limits *limits,
                         const struct sl_boot_now *now)
{
    int64_t full = (limits->burst > 0 ? limits->burst : 1) * 1000;
    int64_t since = now->ms - state->filled_ms;

    if (state->filled_ms == 0 || since < 0 || since > full / limits->rate_per_second + 1)
        return full;
    since = state->level_milli + since * limits->rate_per_second;
    return since < full ? since : full;
}

/* ---- The gate -------------------------------------------------------------------------- */

static const char probe_sql[] =
    "UPDATE accounts SET probe_runner = $2, probe_boot_ms = $3 WHERE account = $1";

/* Half open: whoever comes first has the probe, with a lease. */
static int take_probe(struct sl_db *db, const char *account, int64_t runner,
                      const struct state *state, const struct sl_boot_now *now,
                      struct sl_gate_state *gate, struct sl_err *err)
{
    if (state->probe_runner != runner && state->probe_ms > now->ms) {
        gate->gate = SL_GATE_BREAKER;
        gate->allowed = 0;
        gate->wait_ms = state->probe_ms - now->ms;
        return 0;
    }
    gate->probe = true;
    gate->allowed = 1;
    return sl_db_run(db, probe_sql,
                     SL_PARAMS(SL_TEXT(account), SL_INT(runner), SL_INT(now->ms + PROBE_MS)),
                     err) < 0
               ? -1
               : 0;
}

int sl_accounts_gate(struct sl_db *db, const char *account, int64_t runner,
                     const struct sl_account_limits *limits, const struct sl_boot_now *now,
                     struct sl_gate_state *gate, struct sl_err *err)
{
    struct state state;
    int64_t level;

    *gate = (struct sl_gate_state){ .allowed = INT64_MAX };
    if (read_state(db, account, now, &state, err) < 0)
        return -1;
    if (state.blocked)
        *gate = (struct sl_gate_state){ .gate = SL_GATE_BLOCKED };
    else if (state.open_ms > now->ms)
        *gate =
            (struct sl_gate_state){ .gate = SL_GATE_BREAKER, .wait_ms = state.open_ms - now->ms };
    else if (state.hold_ms > now->ms)
        *gate = (struct sl_gate_state){ .gate = SL_GATE_HOLD,
                                        .wait_ms = state.hold_ms - now->ms,
                                        .curable = state.curable };
    if (gate->gate != SL_GATE_OPEN)
        return 0;
    if (state.opened > 0 && take_probe(db, account, runner, &state, now, gate, err) < 0)
        return -1;
    if (limits->rate_per_second <= 0 || gate->gate != SL_GATE_OPEN)
        return 0;
    level = level_now(&state, limits, now);
    if (level < 1000) {
        int64_t missing = 1000 - level;

        *gate = (struct sl_gate_state){ .gate = SL_GATE_RATE,
                                        .wait_ms = missing / limits->rate_per_second + 1,
                                        .probe = gate->probe };
    } else if (level / 1000 < gate->allowed) {
        gate->allowed = level / 1000;
    }
    return 0;
}

int sl_accounts_lets(struct sl_db *db, const char *account, const struct sl_boot_now *now,
                     struct sl_err *err)
{
    struct state state;

    if (read_state(db, account, now, &state, err) < 0)
        return -1;
    return !state.blocked && state.open_ms <= now->ms && state.hold_ms <= now->ms;
}

static const char level_sql[] =
    "UPDATE accounts SET level_milli = $2, filled_boot_ms = $3 WHERE account = $1";

int sl_accounts_take(struct sl_db *db, const char *account, int64_t units,
                     const struct sl_account_limits *limits, const struct sl_boot_now *now,
                     struct sl_err *err)
{
    struct state state;
    int64_t level, need = units * 1000;

    if (limits->rate_per_second <= 0)
        return 1;
    if (read_state(db, account, now, &state, err) < 0)
        return -1;
    level = level_now(&state, limits, now);
    if (need > limits->burst * 1000 && level >= limits->burst * 1000)
        need = level; /* one that is larger than the bucket leaves when the bucket is full */
    if (level < need)
        return 0;
    return sl_db_run(db, level_sql,
                     SL_PARAMS(SL_TEXT(account), SL_INT(level - need), SL_INT(now->ms)), err);
}

/* ---- What answers say ------------------------------------------------------------------ */

static const char succeeded_sql[] =
    "UPDATE accounts SET failures = 0, opened = 0, open_boot_ms = 0, probe_runner = NULL,"
    " probe_boot_ms = 0 WHERE account = $1 AND (failures > 0 OR opened > 0)";

int sl_accounts_succeeded(struct sl_db *db, const char *account, struct sl_err *err)
{
    return sl_db_run(db, succeeded_sql, SL_PARAMS(SL_TEXT(account)), err) < 0 ? -1 : 0;
}

static const char failed_sql[] =
    "UPDATE accounts SET failures = $2, opened = $3, open_boot_ms = $4, probe_runner = NULL,"
    " probe_boot_ms = 0 WHERE account = $1";

int sl_accounts_failed(struct sl_db *db, const char *account, const struct sl_boot_now *now,
                       struct sl_err *err)
{
    struct state state;
    int64_t pause = FIRST_PAUSE_MS;
    bool opens;

    if (read_state(db, account, now, &state, err) < 0)
        return -1;
    state.failures++;
    opens = state.open_ms <= now->ms && (state.opened > 0 || state.failures >= FAILURES_TO_OPEN);
    if (opens) {
        for (int64_t i = 0; i < state.opened && pause < LONGEST_PAUSE_MS; i++)
            pause *= 2;
        state.open_ms = now->ms + (pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS);
        state.opened++;
    }
    return sl_db_run(db, failed_sql,
                     SL_PARAMS(SL_TEXT(account), SL_INT(state.failures), SL_INT(state.opened),
                               SL_INT(state.open_ms)),
                     err) < 0
               ? -1
               : opens;
}

static const char trouble_sql[] = "UPDATE accounts SET trouble = $2 WHERE account = $1"
                                  " AND trouble IS NULL AND provider_id IS NOT NULL";

int sl_accounts_trouble(struct sl_db *db, const char *account, const char *event,
                        struct sl_err *err)
{
    return sl_db_run(db, trouble_sql, SL_PARAMS(SL_TEXT(account), SL_TEXT(event)), err);
}

static const char read_trouble_sql[] = "SELECT trouble FROM accounts WHERE account = $1"
                                       " AND trouble IS NOT NULL AND blocked IS NULL";
static const char end_trouble_sql[] = "UPDATE accounts SET trouble = NULL WHERE account = $1";

int sl_accounts_recovered(struct sl_db *db, struct sl_arena *arena, const char *account,
                          const char **event, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, read_trouble_sql, SL_PARAMS(SL_TEXT(account)), err);

    if (more <= 0)
        return more;
    *event = sl_arena_strdup(arena, sl_row_text(&rows, 0));
    return sl_db_run(db, end_trouble_sql, SL_PARAMS(SL_TEXT(account)), err) < 0 ? -1 : 1;
}

/* Where another school's settings still name the old one, it stays in trouble. */
static const char inherit_sql[] =
    "UPDATE accounts SET trouble = (SELECT trouble FROM accounts WHERE account = $2)"
    " WHERE account = $1 AND trouble IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM integration_configs WHERE account = $2)";
static const char leave_sql[] =
    "UPDATE accounts SET trouble = NULL WHERE account = $1"
    " AND NOT EXISTS (SELECT 1 FROM integration_configs WHERE account = $1)";

int sl_accounts_replaced(struct sl_db *db, const char *old, const char *account, struct sl_err *err)
{
    if (!old || strcmp(old, account) == 0)
        return 0;
    if (sl_db_run(db, inherit_sql, SL_PARAMS(SL_TEXT(account), SL_TEXT(old)), err) < 0)
        return -1;
    return sl_db_run(db, leave_sql, SL_PARAMS(SL_TEXT(old)), err) < 0 ? -1 : 0;
}

static const char hold_sql[] =
    "UPDATE accounts SET hold_boot_ms = $2, held = $3 WHERE account = $1";

int sl_accounts_hold(struct sl_db *db, const char *account, int64_t wait_ms, const char *why,
                     const struct sl_boot_now *now, struct sl_err *err)
{
    struct state state;
    int64_t until_ms = now->ms + (wait_ms < LONGEST_HOLD_MS ? wait_ms : LONGEST_HOLD_MS);

    if (read_state(db, account, now, &state, err) < 0)
        return -1;
    if (state.hold_ms >= until_ms) /* a longer one holds already */
        return 0;
    return sl_db_run(db, hold_sql, SL_PARAMS(SL_TEXT(account), SL_INT(until_ms), SL_TEXT(why)),
                     err) < 0
               ? -1
               : 0;
}

static const char block_sql[] = "UPDATE accounts SET blocked = $2 WHERE account = $1";

int sl_accounts_block(struct sl_db *db, const char *account, const char *why, struct sl_err *err)
{
    return sl_db_run(db, block_sql, SL_PARAMS(SL_TEXT(account), SL_TEXT(why)), err) < 0 ? -1 : 0;
}

static const char lift_sql[] =
    "UPDATE accounts SET blocked = NULL, held = NULL, hold_boot_ms = 0, failures = 0, opened = 0,"
    " open_boot_ms = 0, probe_runner = NULL, probe_boot_ms = 0 WHERE account = $1"
    " AND (blocked IS NOT NULL OR hold_boot_ms > 0 OR failures > 0 OR opened > 0)";

int sl_accounts_lift(struct sl_db *db, const char *account, struct sl_err *err)
{
    return sl_db_run(db, lift_sql, SL_PARAMS(SL_TEXT(account)), err);
}

static const char resume_sql[] =
    "UPDATE accounts SET held = NULL, hold_boot_ms = 0 WHERE held IS NOT NULL AND EXISTS"
    " (SELECT 1 FROM integration_queue q WHERE q.batch_id = $1 AND q.status = 'pending'"
    "  AND q.account = accounts.account)";

int sl_accounts_resume(struct sl_db *db, int64_t batch_id, struct sl_err *err)
{
    return sl_db_run(db, resume_sql, SL_PARAMS(SL_INT(batch_id)), err) < 0 ? -1 : 0;
}

/* ---- The lock of the grant -------------------------------------------------------------- */

static const char lock_sql[] =
    "UPDATE accounts SET lock_runner = $2, lock_boot_ms = $3 WHERE account = $1 AND"
    " (lock_runner IS NULL OR lock_runner = $2 OR lock_boot_ms <= $4 OR lock_boot_ms > $5"
    "  OR NOT EXISTS (SELECT 1 FROM runners r WHERE r.id = accounts.lock_runner"
    "   AND r.boot_id = $6 AND r.lease_boot_ms > $4))";

int sl_tokens_lock(struct sl_db *db, const char *account, int64_t runner,
                   const struct sl_boot_now *now, int64_t lease_ms, struct sl_err *err)
{
    if (adopt(db, account, now, err) < 0)
        return -1;
    return sl_db_run(db, lock_sql,
                     SL_PARAMS(SL_TEXT(account), SL_INT(runner), SL_INT(now->ms + lease_ms),
                               SL_INT(now->ms), SL_INT(now->ms + LONGEST_LOCK_MS),
                               SL_TEXT(now->id)),
                     err);
}

static const char unlock_sql[] = "UPDATE accounts SET lock_runner = NULL, lock_boot_ms = 0"
                                 " WHERE account = $1 AND lock_runner = $2";

int sl_tokens_unlock(struct sl_db *db, const char *account, int64_t runner, struct sl_err *err)
{
    return sl_db_run(db, unlock_sql, SL_PARAMS(SL_TEXT(account), SL_INT(runner)), err) < 0 ? -1 : 0;
}

/* ---- For people -------------------------------------------------------------------------- */

#define ROW                                                                                        \
    "SELECT a.account, p.code, a.blocked, a.held, a.failures, a.boot_id, a.open_boot_ms,"          \
    " a.hold_boot_ms, a.opened, a.level_milli, a.filled_boot_ms,"                                  \
    " (SELECT ends_at FROM account_days d WHERE d.account = a.account AND d.sent >= d.most)"       \
    " FROM accounts a JOIN integration_providers p ON p.id = a.provider_id"

static const char list_sql[] = ROW " ORDER BY p.code, a.account";
static const char find_sql[] = ROW " WHERE a.account = $1";

int sl_accounts_list(struct sl_rows *rows, struct sl_db *db, struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_NO_PARAMS, err);
}

static int64_t left_ms(int64_t until_ms, const struct sl_boot_now *now, int64_t longest_ms)
{
    until_ms = within(until_ms, now->ms, longest_ms);
    return until_ms > now->ms ? until_ms - now->ms : 0;
}

int sl_accounts_next(struct sl_rows *rows, const struct sl_boot_now *now,
                     struct sl_account_row *row, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more <= 0)
        return more;
    *row = (struct sl_account_row){
        .account = sl_row_text(rows, 0),
        .provider = sl_row_text(rows, 1),
        .blocked = sl_row_text(rows, 2),
        .failures = sl_row_int(rows, 4),
        .day_ends_at = sl_row_int(rows, 11),
    };
    if (strcmp(sl_row_text(rows, 5), now->id) != 0)
        return 1;
    row->open_ms = left_ms(sl_row_int(rows, 6), now, LONGEST_PAUSE_MS);
    row->hold_ms = left_ms(sl_row_int(rows, 7), now, LONGEST_HOLD_MS);
    row->held = row->hold_ms > 0 ? sl_row_text(rows, 3) : NULL;
    row->open = sl_row_int(rows, 8) > 0;
    row->spent = sl_row_int(rows, 9) < 1000 && sl_row_int(rows, 10) > now->ms - 1000;
    return 1;
}

int sl_accounts_find(struct sl_db *db, struct sl_arena *arena, const char *account,
                     const struct sl_boot_now *now, struct sl_account_row *row, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int found;

    if (sl_db_query(&rows, db, find_sql, SL_PARAMS(SL_TEXT(account)), err) < 0)
        return -1;
    found = sl_accounts_next(&rows, now, row, err);
    if (found <= 0)
        return found;
    row->account = sl_arena_strdup(arena, row->account);
    row->provider = sl_arena_strdup(arena, row->provider);
    row->blocked = sl_arena_strdup(arena, row->blocked);
    row->held = sl_arena_strdup(arena, row->held);
    return 1;
}
