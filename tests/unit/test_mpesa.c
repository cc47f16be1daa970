/* M-Pesa's table: what the library is told to do with an outcome, which no wire case shows. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "adapters/registry.h"

static const struct sl_op *op(const char *name)
{
    for (size_t i = 0; i < sl_mpesa.n_ops; i++)
        if (strcmp(sl_mpesa.ops[i].name, name) == 0)
            return &sl_mpesa.ops[i];
    fail_msg("there is no operation %s", name);
    return NULL;
}

static const struct sl_field *field(const char *name)
{
    for (size_t i = 0; i < sl_mpesa.n_fields; i++)
        if (strcmp(sl_mpesa.fields[i].name, name) == 0)
            return &sl_mpesa.fields[i];
    fail_msg("there is no setting %s", name);
    return NULL;
}

static void assert_asks(const struct sl_settle *settle, const int *times, size_t n)
{
    assert_true(n < SL_MOST_ASKS);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(settle->ask_at_s[i], times[i]);
    assert_int_equal(settle->ask_at_s[n], 0);
    assert_int_equal(settle->ask_every_s, 3600);
    assert_int_equal(settle->until_s, 86400);
}

static void a_push_whose_answer_was_lost_waits_three_minutes_and_then_for_a_person(void **state)
{
    const struct sl_settle *settle = &op("payment.request")->steps[0].ambiguous;

    (void)state;
    assert_string_equal(settle->callback, "stk");
    assert_int_equal(settle->wait_s, 180);
    assert_null(settle->query); /* there is no id to ask by */
    assert_int_equal(settle->last, SL_HOLD);
}

static void a_push_that_was_accepted_is_asked_about_for_a_day(void **state)
{
    static const int times[] = { 20, 50, 80, 120, 180, 240, 300 };
    const struct sl_op *request = op("payment.request");

    (void)state;
    assert_true(request->accepts && request->callback);
    assert_int_equal(request->stale_s, 600);
    assert_string_equal(request->accepted.callback, "stk");
    assert_string_equal(request->accepted.query, "payment.verify");
    assert_asks(&request->accepted, times, SL_COUNT(times));
    assert_int_equal(request->accepted.last, SL_HOLD);
}

static void a_reversal_may_be_repeated_once_its_result_was_waited_for(void **state)
{
    static const int times[] = { 600, 3600 };
    const struct sl_op *refund = op("payment.refund");
    const struct sl_settle *lost = &refund->steps[0].ambiguous;

    (void)state;
    assert_true(refund->accepts && refund->callback);
    assert_string_equal(lost->callback, "result");
    assert_int_equal(lost->wait_s, 300);
    assert_int_equal(lost->last, SL_RESEND); /* the second ends in R000001 */
    assert_string_equal(refund->accepted.callback, "result");
    assert_string_equal(refund->accepted.query, "payment.refund_status");
    assert_asks(&refund->accepted, times, SL_COUNT(times));
    assert_int_equal(refund->accepted.last, SL_HOLD);
}

static void what_only_asks_may_be_asked_again(void **state)
{
    static const char *const names[] = { "payment.verify", "payment.refund_status", "c2b.register",
                                         "test.deep" };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(names); i++)
        assert_int_equal(op(names[i])->steps[0].ambiguous.last, SL_RESEND);
    assert_int_equal(sl_mpesa.grant->step.ambiguous.last, SL_RESEND);
}

static void status_and_balance_end_by_a_result(void **state)
{
    static const char *const names[] = { "payment.refund_status", "test.deep" };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(names); i++) {
        assert_true(op(names[i])->accepts && op(names[i])->callback);
        assert_string_equal(op(names[i])->accepted.callback, "result");
        assert_null(op(names[i])->accepted.query);
    }
    assert_int_equal(op("test.deep")->accepted.wait_s, 60);
    assert_false(op("payment.verify")->accepts || op("payment.verify")->callback);
}

static void a_token_is_renewed_a_minute_before_it_ends(void **state)
{
    (void)state;
    assert_int_equal(sl_mpesa.grant->renew_before_s, 60);
    assert_int_equal(sl_mpesa.limits.rate_per_second, 5);
    assert_int_equal(sl_mpesa.limits.burst, 10);
}

static void an_account_is_the_app_of_key_and_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < sl_mpesa.n_fields; i++) {
        const struct sl_field *each = &sl_mpesa.fields[i];
        bool key = strncmp(each->name, "consumer_", 9) == 0;

        assert_int_equal(each->identity, key);
        assert_int_equal(each->required, key || strcmp(each->name, "shortcode") == 0);
    }
}

static void the_daemon_is_given_what_judges_callbacks_and_no_secret(void **state)
{
    static const char *const given[] = { "shortcode", "till_number", "c2b_shortcode",
                                         "c2b_validation", "callback_cidrs" };
    static const char *const secret[] = { "consumer_key", "consumer_secret", "passkey",
                                          "initiator_password", "security_credential" };

    (void)state;
    for (size_t i = 0; i < SL_COUNT(given); i++)
        assert_true(field(given[i])->callback);
    for (size_t i = 0; i < SL_COUNT(secret); i++)
        assert_true(field(secret[i])->secret);
    for (size_t i = 0; i < sl_mpesa.n_fields; i++)
        assert_false(sl_mpesa.fields[i].secret && sl_mpesa.fields[i].callback);
}

/* C2B addresses are fixed when they are registered: only they belong to a school. */
static void all_callbacks_but_those_of_c2b_belong_to_one_operation(void **state)
{
    static const struct {
        const char *word, *endpoint;
        bool per_operation;
    } hooks[] = {
        { "stk", "/webhooks/mpesa/callback", true },
        { "validate", "/webhooks/mpesa/validation", false },
        { "confirm", "/webhooks/mpesa/confirmation", false },
        { "result", "/webhooks/mpesa/result", true },
        { "timeout", "/webhooks/mpesa/timeout", true },
    };

    (void)state;
    assert_int_equal(sl_mpesa.n_hooks, SL_COUNT(hooks));
    for (size_t i = 0; i < SL_COUNT(hooks); i++) {
        assert_string_equal(sl_mpesa.hooks[i].word, hooks[i].word);
        assert_string_equal(sl_mpesa.hooks[i].endpoint, hooks[i].endpoint);
        assert_string_equal(sl_mpesa.hooks[i].methods, "POST");
        assert_int_equal(sl_mpesa.hooks[i].per_operation, hooks[i].per_operation);
        assert_null(strcasestr(sl_mpesa.hooks[i].word, "query"));
    }
    assert_string_equal(sl_mpesa.hook_alias, "k");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push_whose_answer_was_lost_waits_three_minutes_and_then_for_a_person),
        cmocka_unit_test(a_push_that_was_accepted_is_asked_about_for_a_day),
        cmocka_unit_test(a_reversal_may_be_repeated_once_its_result_was_waited_for),
        cmocka_unit_test(what_only_asks_may_be_asked_again),
        cmocka_unit_test(status_and_balance_end_by_a_result),
        cmocka_unit_test(a_token_is_renewed_a_minute_before_it_ends),
        cmocka_unit_test(an_account_is_the_app_of_key_and_secret),
        cmocka_unit_test(the_daemon_is_given_what_judges_callbacks_and_no_secret),
        cmocka_unit_test(all_callbacks_but_those_of_c2b_belong_to_one_operation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
