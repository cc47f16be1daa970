/* What the store promises of accounts: breaker, bucket, hold, block, the lock of the grant. */
#include "tests/unit/fixture.h"

#include "lib/store/accounts.h"
#include "lib/store/days.h"
#include "lib/store/facts.h"
#include "lib/store/runners.h"

static struct sl_boot_now at(int64_t ms)
{
    struct sl_boot_now now = { .ms = ms };

    (void)strcpy(now.id, "11111111-2222-3333-4444-555555555555");
    return now;
}

static struct sl_db *open_account(void)
{
    struct sl_db *db = fixture_open();
    struct sl_err err;

    assert_int_equal(sl_accounts_ensure(db, "a", AFRICASTALKING, &err), 0);
    return db;
}

static const struct sl_account_limits unlimited = { 0, 0 };
static const struct sl_account_limits ten = { 10, 20 }; /* a second; burst */

static struct sl_gate_state gate(struct sl_db *db, int64_t runner, int64_t ms,
                                 const struct sl_account_limits *limits)
{
    struct sl_boot_now now = at(ms);
    struct sl_gate_state state;
    struct sl_err err;

    assert_int_equal(sl_accounts_gate(db, "a", runner, limits, &now, &state, &err), 0);
    return state;
}

static void fail_times(struct sl_db *db, int n, int64_t ms)
{
    struct sl_boot_now now = at(ms);
    struct sl_err err;

    for (int i = 0; i < n; i++)
        assert_true(sl_accounts_failed(db, "a", &now, &err) >= 0);
}

static void the_fifth_failure_in_a_row_opens_the_breaker(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();

    (void)state;
    fail_times(db, 4, 1000);
    assert_int_equal(gate(db, 1, 1000, &unlimited).gate, SL_GATE_OPEN);
    fail_times(db, 1, 1000);
    assert_int_equal(gate(db, 1, 1000, &unlimited).gate, SL_GATE_BREAKER);
    assert_int_equal(gate(db, 1, 1000, &unlimited).wait_ms, 10000);
}

static void a_success_between_starts_the_count_again(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    struct sl_err err;

    (void)state;
    fail_times(db, 4, 1000);
    assert_int_equal(sl_accounts_succeeded(db, "a", &err), 0);
    fail_times(db, 4, 1000);
    assert_int_equal(gate(db, 1, 1000, &unlimited).gate, SL_GATE_OPEN);
}

static void half_open_lets_one_runner_try_one_request(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    struct sl_gate_state mine, other;

    (void)state;
    fail_times(db, 5, 1000);
    mine = gate(db, 1, 11001, &unlimited);
    other = gate(db, 2, 11001, &unlimited);
    assert_int_equal(mine.gate, SL_GATE_OPEN);
    assert_true(mine.probe);
    assert_int_equal(mine.allowed, 1);
    assert_int_equal(other.gate, SL_GATE_BREAKER);
}

static void a_failed_probe_opens_it_for_twice_as_long(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();

    (void)state;
    fail_times(db, 5, 1000);
    (void)gate(db, 1, 11001, &unlimited);
    fail_times(db, 1, 11001);
    assert_int_equal(gate(db, 1, 11001, &unlimited).wait_ms, 20000);
}

static void what_another_boot_left_is_void(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    struct sl_boot_now later = at(500);
    struct sl_gate_state state_now;
    struct sl_err err;

    (void)state;
    fail_times(db, 5, 100000);
    (void)strcpy(later.id, "99999999-2222-3333-4444-555555555555");
    assert_int_equal(sl_accounts_gate(db, "a", 1, &unlimited, &later, &state_now, &err), 0);
    assert_int_equal(state_now.gate, SL_GATE_OPEN);
    assert_false(state_now.probe);
}

static int lets(struct sl_db *db, int64_t ms)
{
    struct sl_boot_now now = at(ms);
    struct sl_err err;

    return sl_accounts_lets(db, "a", &now, &err);
}

static void what_keeps_an_account_keeps_what_was_claimed_before(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    struct sl_boot_now now = at(1000);
    struct sl_err err;

    (void)state;
    assert_int_equal(lets(db, 1000), 1);
    assert_int_equal(sl_accounts_hold(db, "a", 5000, NULL, &now, &err), 0);
    assert_int_equal(lets(db, 5999), 0);
    assert_int_equal(lets(db, 6000), 1);
    fail_times(db, 5, 10000);
    assert_int_equal(lets(db, 10001), 0);
    assert_int_equal(sl_accounts_lift(db, "a", &err), 1);
    assert_int_equal(sl_accounts_block(db, "a", "refused", &err), 0);
    assert_int_equal(lets(db, 90000000), 0);
}

static int take(struct sl_db *db, int64_t units, int64_t ms)
{
    struct sl_boot_now now = at(ms);
    struct sl_err err;

    return sl_accounts_take(db, "a", units, &ten, &now, &err);
}

static void the_bucket_gives_its_burst_and_then_its_rate(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();

    (void)state;
    assert_int_equal(take(db, 20, 1000), 1);
    assert_int_equal(take(db, 1, 1000), 0);
    assert_int_equal(gate(db, 1, 1000, &ten).gate, SL_GATE_RATE);
    assert_int_equal(take(db, 1, 1099), 0);
    assert_int_equal(take(db, 1, 1101), 1);
    assert_int_equal(take(db, 1, 1101), 0);
    assert_int_equal(gate(db, 1, 2101, &ten).allowed, 10);
}

static void one_larger_than_the_bucket_leaves_when_it_is_full(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();

    (void)state;
    assert_int_equal(take(db, 100, 1000), 1);
    assert_int_equal(take(db, 100, 2000), 0);
    assert_int_equal(take(db, 100, 4000), 1);
}

static void too_many_requests_hold_everybody_at_most_an_hour(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    struct sl_boot_now now = at(1000);
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_accounts_hold(db, "a", INT64_C(99999999999), NULL, &now, &err), 0);
    assert_int_equal(gate(db, 1, 1000, &unlimited).gate, SL_GATE_HOLD);
    assert_int_equal(gate(db, 1, 1000, &unlimited).wait_ms, 3600000);
}

static void a_blocked_account_waits_for_a_person(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_accounts_block(db, "a", "wrong key", &err), 0);
    assert_int_equal(gate(db, 1, 1000, &unlimited).gate, SL_GATE_BLOCKED);
    assert_int_equal(gate(db, 1, INT64_C(1) << 40, &unlimited).gate, SL_GATE_BLOCKED);
    assert_int_equal(sl_accounts_lift(db, "a", &err), 1);
    assert_int_equal(gate(db, 1, 1000, &unlimited).gate, SL_GATE_OPEN);
    assert_int_equal(sl_accounts_lift(db, "a", &err), 0);
}

static void a_hold_tells_why_and_for_how_long(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_boot_now now = at(1000), later = at(7000);
    struct sl_account_row row;
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_accounts_hold(db, "a", 5000, "no money", &now, &err), 0);
    assert_int_equal(sl_accounts_hold(db, "a", 4000, NULL, &now, &err), 0); /* a shorter one */
    assert_int_equal(sl_accounts_find(db, arena, "a", &now, &row, &err), 1);
    assert_string_equal(row.held, "no money");
    assert_int_equal(row.hold_ms, 5000);
    assert_int_equal(sl_accounts_find(db, arena, "a", &later, &row, &err), 1);
    assert_null(row.held);
    assert_int_equal(row.hold_ms, 0);
    assert_int_equal(sl_accounts_find(db, arena, "none", &now, &row, &err), 0);
}

static void what_a_person_proved_to_work_is_not_held_or_left_alone(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    struct sl_boot_now now = at(1000);
    struct sl_err err;

    (void)state;
    fail_times(db, 5, 1000);
    assert_int_equal(sl_accounts_hold(db, "a", 5000, "no money", &now, &err), 0);
    assert_int_equal(sl_accounts_lift(db, "a", &err), 1);
    assert_int_equal(gate(db, 1, 1000, &unlimited).gate, SL_GATE_OPEN);
    assert_false(gate(db, 1, 1000, &unlimited).probe);
}

static int lock(struct sl_db *db, int64_t runner, int64_t ms)
{
    struct sl_boot_now now = at(ms);
    struct sl_err err;

    return sl_tokens_lock(db, "a", runner, &now, 45000, &err);
}

static int64_t start_runner(struct sl_db *db, int64_t lease_ms)
{
    struct sl_boot_now now = at(1000);
    struct sl_err err;
    int64_t runner = 0;

    assert_int_equal(sl_runners_start(db, "test", &now, test_now_ms, lease_ms, &runner, &err), 0);
    return runner;
}

static void the_grant_is_one_runners_until_its_lease_ends(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    int64_t first = start_runner(db, 60000), second = start_runner(db, 60000);
    struct sl_err err;

    (void)state;
    assert_int_equal(lock(db, first, 1000), 1);
    assert_int_equal(lock(db, second, 1000), 0);
    assert_int_equal(lock(db, second, 45999), 0);
    assert_int_equal(lock(db, second, 46001), 1);
    assert_int_equal(sl_tokens_unlock(db, "a", first, &err), 0); /* not its lock any more */
    assert_int_equal(lock(db, first, 46001), 0);
}

static void a_runner_that_died_has_the_grant_no_longer_than_its_lease(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    int64_t dead = start_runner(db, 2000), next = start_runner(db, 60000);

    (void)state;
    assert_int_equal(lock(db, dead, 1000), 1);
    assert_int_equal(lock(db, next, 2999), 0);
    assert_int_equal(lock(db, next, 3000), 1);
}

static struct sl_token_row token(struct sl_db *db, int64_t school)
{
    struct sl_token_row row = { 0 };
    struct sl_err err;

    assert_int_equal(sl_tokens_row(db, "a", school, MPESA, test_now_ms, &row, &err), 0);
    row.access_token = "sealed";
    return row;
}

static void a_token_is_stored_only_by_who_holds_the_lock(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_token_row row = token(db, GREENHILL), found;
    struct sl_err err;

    (void)state;
    assert_int_equal(lock(db, 1, 1000), 1);
    assert_int_equal(sl_tokens_put(db, &row, 2, test_now_ms, &err), 0);
    assert_int_equal(sl_tokens_get(db, arena, "a", &found, &err), 0);
    assert_int_equal(sl_tokens_put(db, &row, 1, test_now_ms, &err), 1);
    assert_int_equal(sl_tokens_put(db, &row, 1, test_now_ms, &err), 0); /* its version passed */
    assert_int_equal(sl_tokens_get(db, arena, "a", &found, &err), 1);
    assert_int_equal(found.version, 1);
}

static void schools_on_one_account_share_its_token(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    struct sl_token_row first = token(db, GREENHILL), second = token(db, 1);

    (void)state;
    assert_int_equal(first.id, second.id);
    assert_int_equal(second.school_id, GREENHILL);
}

/* ---- Facts ------------------------------------------------------------------------------ */

static const char *fact(struct sl_db *db, struct sl_arena *arena, int64_t ms)
{
    const char *value = NULL;
    struct sl_err err;

    assert_true(sl_facts_get(db, arena, "a", "new", "key", ms, &value, &err) >= 0);
    return value;
}

static void a_first_fact_stays_until_it_ends_or_is_forgotten(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = open_account();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_facts_put_first(db, "a", "new", "key", "one", 2000, 1000, &err), 0);
    assert_int_equal(sl_facts_put_first(db, "a", "new", "key", "two", 3000, 1500, &err), 0);
    assert_string_equal(fact(db, arena, 1500), "one");
    assert_null(fact(db, arena, 2000));
    assert_int_equal(sl_facts_put_first(db, "a", "new", "key", "three", 4000, 2000, &err), 0);
    assert_string_equal(fact(db, arena, 2000), "three");
    assert_int_equal(sl_facts_forget(db, "a", "new", "key", &err), 0);
    assert_int_equal(sl_facts_put_first(db, "a", "new", "key", "four", 0, 2000, &err), 0);
    assert_string_equal(fact(db, arena, INT64_MAX), "four");
}

/* ---- The day ------------------------------------------------------------------------------------- */

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static int take_of_day(struct sl_db *db, int64_t n, int64_t now_ms)
{
    struct sl_err err;

    return sl_days_take(db, "a", n, 10, now_ms, &err);
}

static void a_day_gives_its_limit_and_begins_with_the_first(void **state)
{
    struct sl_db *db = open_account();
    int64_t left, ends_at;
    struct sl_err err;

    (void)state;
    assert_int_equal(take_of_day(db, 4, test_now_ms), 1);
    assert_int_equal(take_of_day(db, 4, test_now_ms + 1000), 1);
    assert_int_equal(sl_days_left(db, "a", 10, test_now_ms + 1000, &left, &ends_at, &err), 0);
    assert_int_equal(left, 2);
    assert_int_equal(ends_at, test_now_ms + DAY_MS);
    assert_int_equal(take_of_day(db, 3, test_now_ms + 2000), 0);
    assert_int_equal(take_of_day(db, 1, test_now_ms + 3000), 0); /* it would overtake */
    assert_int_equal(take_of_day(db, 3, test_now_ms + DAY_MS), 1);
    sl_db_close(&db);
}

static void more_than_a_days_limit_leaves_when_a_day_begins(void **state)
{
    struct sl_db *db = open_account();

    (void)state;
    assert_int_equal(take_of_day(db, 11, test_now_ms), 1);
    assert_int_equal(take_of_day(db, 1, test_now_ms), 0);
    sl_db_close(&db);
}

static void a_day_that_ends_too_late_is_void(void **state)
{
    struct sl_db *db = open_account();

    (void)state;
    assert_int_equal(take_of_day(db, 10, test_now_ms + DAY_MS), 1);
    assert_int_equal(take_of_day(db, 10, test_now_ms), 1); /* the clock was set back */
    sl_db_close(&db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fifth_failure_in_a_row_opens_the_breaker),
        cmocka_unit_test(a_success_between_starts_the_count_again),
        cmocka_unit_test(half_open_lets_one_runner_try_one_request),
        cmocka_unit_test(a_failed_probe_opens_it_for_twice_as_long),
        cmocka_unit_test(what_another_boot_left_is_void),
        cmocka_unit_test(what_keeps_an_account_keeps_what_was_claimed_before),
        cmocka_unit_test(the_bucket_gives_its_burst_and_then_its_rate),
        cmocka_unit_test(one_larger_than_the_bucket_leaves_when_it_is_full),
        cmocka_unit_test(too_many_requests_hold_everybody_at_most_an_hour),
        cmocka_unit_test(a_blocked_account_waits_for_a_person),
        cmocka_unit_test(a_hold_tells_why_and_for_how_long),
        cmocka_unit_test(what_a_person_proved_to_work_is_not_held_or_left_alone),
        cmocka_unit_test(the_grant_is_one_runners_until_its_lease_ends),
        cmocka_unit_test(a_runner_that_died_has_the_grant_no_longer_than_its_lease),
        cmocka_unit_test(a_token_is_stored_only_by_who_holds_the_lock),
        cmocka_unit_test(schools_on_one_account_share_its_token),
        cmocka_unit_test(a_first_fact_stays_until_it_ends_or_is_forgotten),
        cmocka_unit_test(a_day_gives_its_limit_and_begins_with_the_first),
        cmocka_unit_test(more_than_a_days_limit_leaves_when_a_day_begins),
        cmocka_unit_test(a_day_that_ends_too_late_is_void),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
