/* What the store promises of the queue: who may claim, mark and settle a row, and when. */
#include "tests/unit/fixture.h"

#include "lib/store/messages.h"
#include "lib/store/queue.h"
#include "lib/store/runners.h"

static const struct sl_work_filter everything = { 0 };

static struct sl_boot_now at(int64_t ms)
{
    struct sl_boot_now now = { .ms = ms };

    (void)strcpy(now.id, "11111111-2222-3333-4444-555555555555");
    return now;
}

static int64_t start_runner(struct sl_db *db, int64_t ms)
{
    struct sl_boot_now now = at(ms);
    struct sl_err err;
    int64_t runner = 0;

    assert_int_equal(sl_runners_start(db, "test", &now, test_now_ms, 60000, &runner, &err), 0);
    return runner;
}

static struct sl_item new_item(void)
{
    return (struct sl_item){ .school_id = GREENHILL,
                             .provider_id = AFRICASTALKING,
                             .operation = "balance",
                             .payload = "{}",
                             .public_id = "01TEST",
                             .account = "a" };
}

static int64_t add(struct sl_db *db, struct sl_item item)
{
    struct sl_err err;

    assert_int_equal(sl_queue_add(db, &item, test_now_ms, &err), 1);
    return item.id;
}

static int claim(struct sl_db *db, struct sl_arena *arena, int64_t runner, size_t n,
                 struct sl_item *items)
{
    struct sl_source *sources;
    struct sl_err err;

    if (sl_queue_sources(db, arena, &everything, test_now_ms, &sources, &err) < 1)
        return 0;
    return sl_queue_claim(db, arena, &sources[0], &everything, runner, test_now_ms, n, items, &err);
}

static const char *status_of(struct sl_db *db, struct sl_arena *arena, int64_t id)
{
    struct sl_item item;
    struct sl_err err;

    assert_int_equal(sl_queue_get(db, arena, id, &item, &err), 1);
    return item.status;
}

static void a_row_is_claimed_by_one_runner(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int64_t first = start_runner(db, 1000), second = start_runner(db, 1000);
    struct sl_item item;

    (void)state;
    (void)add(db, new_item());
    assert_int_equal(claim(db, arena, first, 1, &item), 1);
    assert_int_equal(claim(db, arena, second, 1, &item), 0);
}

static void a_row_that_is_not_due_is_nobodys(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_item item = new_item();

    (void)state;
    item.next_attempt_at = test_now_ms + 1;
    (void)add(db, item);
    assert_int_equal(claim(db, arena, start_runner(db, 1000), 1, &item), 0);
}

static void a_mark_needs_the_claim_and_counts_the_attempt(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int64_t runner = start_runner(db, 1000), id = add(db, new_item());
    struct sl_item item;
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_queue_mark(db, id, runner, test_now_ms, &err), 0);
    assert_int_equal(claim(db, arena, runner, 1, &item), 1);
    assert_int_equal(sl_queue_mark(db, id, runner + 1, test_now_ms, &err), 0);
    assert_int_equal(sl_queue_mark(db, id, runner, test_now_ms, &err), 1);
    assert_int_equal(sl_queue_mark(db, id, runner, test_now_ms, &err), 0); /* once */
    assert_int_equal(sl_queue_get(db, arena, id, &item, &err), 1);
    assert_int_equal(item.attempts, 1);
    assert_true(item.in_flight);
}

static void what_was_cancelled_or_is_too_old_gets_no_mark(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int64_t runner = start_runner(db, 1000), cancelled = add(db, new_item()), old;
    struct sl_item item = new_item(), items[2];
    struct sl_err err;

    (void)state;
    item.expires_at = test_now_ms + 5;
    old = add(db, item);
    assert_int_equal(claim(db, arena, runner, 2, items), 2);
    assert_int_equal(sl_queue_cancel(db, cancelled, test_now_ms, &err), 1);
    assert_int_equal(sl_queue_mark(db, cancelled, runner, test_now_ms, &err), 0);
    assert_int_equal(sl_queue_mark(db, old, runner, test_now_ms + 5, &err), 0);
}

static void what_is_in_flight_cannot_be_cancelled(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    int64_t runner = start_runner(db, 1000), id = add(db, new_item());
    struct sl_item item;
    struct sl_err err;

    (void)state;
    assert_int_equal(claim(db, arena, runner, 1, &item), 1);
    assert_int_equal(sl_queue_mark(db, id, runner, test_now_ms, &err), 1);
    assert_int_equal(sl_queue_cancel(db, id, test_now_ms, &err), 0);
}

static void only_the_runner_that_has_it_settles_a_row(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_settlement done = { .status = "completed" };
    int64_t runner = start_runner(db, 1000), id = add(db, new_item());
    struct sl_item item;
    struct sl_err err;

    (void)state;
    assert_int_equal(claim(db, arena, runner, 1, &item), 1);
    assert_int_equal(sl_queue_settle(db, &item, runner + 1, &done, test_now_ms, &err), 0);
    assert_string_equal(status_of(db, arena, id), "processing");
    assert_int_equal(sl_queue_settle(db, &item, runner, &done, test_now_ms, &err), 1);
    assert_string_equal(status_of(db, arena, id), "completed");
}

static void every_attempts_reason_is_kept(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_settlement again = { .status = "pending", .next_attempt_at = test_now_ms };
    int64_t runner = start_runner(db, 1000), id = add(db, new_item());
    struct sl_item item;
    struct sl_err err;

    (void)state;
    for (int i = 0; i < 2; i++) {
        again.error = i ? "second \"reason\"" : "first";
        assert_int_equal(claim(db, arena, runner, 1, &item), 1);
        assert_int_equal(sl_queue_mark(db, id, runner, test_now_ms, &err), 1);
        assert_int_equal(sl_queue_settle(db, &item, runner, &again, test_now_ms, &err), 1);
    }
    assert_int_equal(sl_queue_get(db, arena, id, &item, &err), 1);
    assert_string_equal(
        item.error_log,
        "[{\"attempt\":1,\"at\":1795500000000,\"error\":\"first\"},"
        "{\"attempt\":2,\"at\":1795500000000,\"error\":\"second \\\"reason\\\"\"}]");
}

static void what_a_dead_runner_claimed_is_pending_again(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_boot_now alive = at(60999), dead = at(61001);
    int64_t runner = start_runner(db, 1000), id = add(db, new_item());
    struct sl_item item;
    struct sl_err err;

    (void)state;
    assert_int_equal(claim(db, arena, runner, 1, &item), 1);
    assert_int_equal(sl_runners_reap(db, &alive, &err), 0);
    assert_int_equal(sl_runners_reap(db, &dead, &err), 1);
    assert_string_equal(status_of(db, arena, id), "pending");
}

static void what_a_dead_runner_had_in_flight_is_an_orphan(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_boot_now alive = at(60999), dead = at(61001);
    int64_t runner = start_runner(db, 1000), id = add(db, new_item()), next;
    struct sl_item item;
    struct sl_err err;

    (void)state;
    assert_int_equal(claim(db, arena, runner, 1, &item), 1);
    assert_int_equal(sl_queue_mark(db, id, runner, test_now_ms, &err), 1);
    next = start_runner(db, 60999);
    assert_int_equal(sl_queue_orphans(db, arena, next, &alive, 1, &item, &err), 0);
    assert_int_equal(sl_runners_reap(db, &dead, &err), 0); /* it may have left */
    assert_int_equal(sl_queue_orphans(db, arena, next, &dead, 1, &item, &err), 1);
    assert_int_equal(item.id, id);
    assert_int_equal(sl_queue_orphans(db, arena, next, &dead, 1, &item, &err), 0);
}

/* Its holder cannot be alive, whatever the number says. */
static void a_lease_of_another_boot_or_too_far_ahead_is_void(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_boot_now rebooted = at(1000), set_back = at(900);
    int64_t claimed = add(db, new_item()), marked = add(db, new_item());
    int64_t runner = start_runner(db, 1000), next = start_runner(db, 1000);
    struct sl_item items[2];
    struct sl_err err;

    (void)state;
    (void)strcpy(rebooted.id, "99999999-2222-3333-4444-555555555555");
    for (int i = 0; i < 2; i++) {
        const struct sl_boot_now *now = i ? &set_back : &rebooted;

        assert_int_equal(claim(db, arena, runner, 2, items), 2);
        assert_int_equal(sl_queue_mark(db, marked, runner, test_now_ms, &err), 1);
        assert_int_equal(sl_runners_reap(db, now, &err), 1);
        assert_string_equal(status_of(db, arena, claimed), "pending");
        assert_int_equal(sl_queue_orphans(db, arena, next, now, 2, items, &err), 1);
        assert_int_equal(items[0].id, marked);
        assert_int_equal(sl_queue_settle(db, items, next,
                                         &(struct sl_settlement){ .status = "pending",
                                                                  .next_attempt_at = test_now_ms },
                                         test_now_ms, &err),
                         1);
    }
}

/* What was to come in two seconds comes in two, what ends in ten minutes ends in ten, and what was
 * due is due: whatever the clock showed when they were written. */
static void rows_of_a_clock_that_was_set_back_wait_from_now(void **state)
{
    const int64_t ten_years = 315360000000, minute = 60000, before = test_now_ms - ten_years;
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_settlement again = { .status = "pending", .next_attempt_at = test_now_ms + 2000 };
    struct sl_item item = new_item(), found;
    int64_t runner = start_runner(db, 1000), tried, fresh;
    struct sl_err err;

    (void)state;
    item.expires_at = test_now_ms + 10 * minute;
    tried = add(db, item);
    assert_int_equal(claim(db, arena, runner, 1, &found), 1);
    assert_int_equal(sl_queue_mark(db, tried, runner, test_now_ms, &err), 1);
    assert_int_equal(sl_queue_settle(db, &found, runner, &again, test_now_ms, &err), 1);
    fresh = add(db, item);
    assert_int_equal(sl_queue_rebase(db, test_now_ms, &err), 0);
    assert_int_equal(sl_queue_rebase(db, test_now_ms - minute, &err), 0); /* a clock that is kept */
    assert_int_equal(sl_queue_rebase(db, before, &err), 2);
    assert_int_equal(sl_queue_rebase(db, before, &err), 0); /* once */
    assert_int_equal(sl_queue_get(db, arena, tried, &found, &err), 1);
    assert_int_equal(found.next_attempt_at, before + 2000);
    assert_int_equal(found.last_attempt_at, before);
    assert_int_equal(found.expires_at, before + 10 * minute);
    assert_int_equal(sl_queue_get(db, arena, fresh, &found, &err), 1);
    assert_int_equal(found.next_attempt_at, before);
    assert_int_equal(found.expires_at, before + 10 * minute);
    assert_int_equal(found.attempts, 0);
}

static void a_lease_that_is_over_is_not_renewed(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    struct sl_boot_now in_time = at(60999), late = at(121000);
    int64_t runner = start_runner(db, 1000);
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_runners_renew(db, runner, &in_time, 60000, &err), 1);
    assert_int_equal(sl_runners_renew(db, runner, &late, 60000, &err), 0);
}

static void an_open_row_stands_for_its_like(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    struct sl_item item = new_item(), again = new_item();
    struct sl_err err;

    (void)state;
    item.dedupe_key = again.dedupe_key = "payment.verify:7";
    assert_int_equal(sl_queue_add(db, &item, test_now_ms, &err), 1);
    assert_int_equal(sl_queue_add(db, &again, test_now_ms, &err), 0);
    assert_int_equal(again.id, item.id);
    assert_int_equal(sl_queue_cancel(db, item.id, test_now_ms, &err), 1);
    assert_int_equal(sl_queue_add(db, &again, test_now_ms, &err), 1);
}

static void rows_of_a_list_that_is_still_read_are_nobodys(void **state)
{
    SL_AUTO(sl_db_close) struct sl_db *db = fixture_open();
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_batch batch = { .public_id = "01BATCH",
                              .school_id = GREENHILL,
                              .provider_id = AFRICASTALKING,
                              .kind = "sms.bulk",
                              .text_hash = "x" };
    struct sl_item item = new_item();
    int64_t runner = start_runner(db, 1000), due;
    struct sl_err err;

    (void)state;
    assert_int_equal(sl_batches_add(db, &batch, test_now_ms, &err), 0);
    item.batch_id = batch.id;
    (void)add(db, item);
    assert_int_equal(claim(db, arena, runner, 1, &item), 0);
    assert_int_equal(sl_queue_next_due(db, &everything, &due, &err), 0);
    assert_int_equal(due, 0);
    assert_int_equal(sl_batches_ready(db, batch.id, "y", test_now_ms, &err), 1);
    assert_int_equal(claim(db, arena, runner, 1, &item), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_claimed_by_one_runner),
        cmocka_unit_test(a_row_that_is_not_due_is_nobodys),
        cmocka_unit_test(a_mark_needs_the_claim_and_counts_the_attempt),
        cmocka_unit_test(what_was_cancelled_or_is_too_old_gets_no_mark),
        cmocka_unit_test(what_is_in_flight_cannot_be_cancelled),
        cmocka_unit_test(only_the_runner_that_has_it_settles_a_row),
        cmocka_unit_test(every_attempts_reason_is_kept),
        cmocka_unit_test(what_a_dead_runner_claimed_is_pending_again),
        cmocka_unit_test(what_a_dead_runner_had_in_flight_is_an_orphan),
        cmocka_unit_test(a_lease_of_another_boot_or_too_far_ahead_is_void),
        cmocka_unit_test(rows_of_a_clock_that_was_set_back_wait_from_now),
        cmocka_unit_test(a_lease_that_is_over_is_not_renewed),
        cmocka_unit_test(an_open_row_stands_for_its_like),
        cmocka_unit_test(rows_of_a_list_that_is_still_read_are_nobodys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
