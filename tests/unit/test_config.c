/* What lib/service/config.h promises, on a whole installation in a temporary folder. */
#include "fake_adapters.h"
#include "installation.h"

#include "lib/base/json.h"
#include "lib/store/accounts.h"
#include "lib/store/sql.h"

static struct sl_change good[] = {
    { "username", "greenhill" },
    { "api_key", "key-of-greenhill-1234" },
};

static int set_all(struct installation *in, const struct sl_school *school,
                   const struct sl_adapter *adapter, const struct sl_config_set *set,
                   struct sl_err *err)
{
    return sl_config_set(in->service, school, adapter, set, err);
}

static void set(struct installation *in, const struct sl_school *school, const char *name,
                const char *value)
{
    struct sl_change changes[] = { good[0], good[1], { name, value } };
    const struct sl_config_set all = { .changes = changes, .n_changes = name ? 3 : 2 };
    struct sl_err err;

    if (set_all(in, school, &fake, &all, &err) < 0)
        fail_msg("%s", err.text);
}

static void refused(struct installation *in, const char *name, const char *value, const char *says)
{
    struct sl_change changes[] = { good[0], good[1], { name, value } };
    const struct sl_config_set all = { .changes = changes, .n_changes = 3 };
    struct sl_err err;

    if (set_all(in, &in->school, &fake, &all, &err) == 0)
        fail_msg("%s=%s was taken", name, value);
    assert_int_equal(err.code, SL_ERR_DATA);
    if (!strstr(err.text, says) && !strstr(err.hint, says))
        fail_msg("'%s' is not in '%s' (%s)", says, err.text, err.hint);
}

static int64_t provider_id(struct installation *in, const char *code)
{
    struct sl_provider provider;
    struct sl_err err;

    assert_int_equal(sl_providers_find(in->service->db, in->arena, code, &provider, &err), 0);
    return provider.id;
}

static struct sl_account open_account(struct installation *in, const struct sl_school *school)
{
    struct sl_account account;
    struct sl_err err;

    if (sl_config_open(in->service, in->arena, school->id, provider_id(in, "fake"), &account,
                       &err) < 0)
        fail_msg("%s", err.text);
    return account;
}

static struct sl_config_row row_of(struct installation *in, const struct sl_school *school,
                                   const char *code)
{
    struct sl_config_row row;
    struct sl_err err;

    assert_int_equal(sl_config_find(in->service, in->arena, school, code, &row, &err), 0);
    return row;
}

/* ---- Setting and opening ------------------------------------------------------------- */

static void settings_open_as_they_were_set_with_defaults_in(void **state)
{
    struct installation *in = *state;
    struct sl_account account;

    set(in, &in->school, "burst", "3");
    account = open_account(in, &in->school);
    assert_string_equal(account.settings.values[0], "greenhill");
    assert_string_equal(account.settings.values[1], "key-of-greenhill-1234");
    assert_null(account.settings.values[2]);
    assert_string_equal(account.settings.values[3], "25");
    assert_string_equal(account.settings.environment, "production");
    assert_string_equal(account.settings.currency, "KES");
    assert_int_equal(account.limits.rate_per_second, 7);
    assert_int_equal(account.limits.burst, 3);
    assert_int_equal(account.n_secrets, 1);
    assert_string_equal(account.secrets[0], "key-of-greenhill-1234");
}

static void values_are_trimmed_and_empty_ones_are_none(void **state)
{
    struct installation *in = *state;
    struct sl_account account;

    set(in, &in->school, "base_url", "  http://127.0.0.1:8490//  ");
    set(in, &in->school, "mode", "fast");
    account = open_account(in, &in->school);
    assert_string_equal(account.settings.base_url, "http://127.0.0.1:8490");
    assert_string_equal(account.settings.values[5], "fast");
    set(in, &in->school, "mode", "   ");
    assert_null(open_account(in, &in->school).settings.values[5]);
}

static void a_value_that_is_not_of_its_kind_is_refused_and_named(void **state)
{
    struct installation *in = *state;

    refused(in, "port", "0", "port");
    refused(in, "port", "25x", "1 to 65535");
    refused(in, "tls", "yes", "true nor false");
    refused(in, "mode", "medium", "fast slow");
    refused(in, "callback_cidrs", "10.0.0.0/33", "10.0.0.0/33");
    refused(in, "base_url", "http://sms.example", "https");
    refused(in, "batch_size", "1001", "1000");
    refused(in, "ca_file", "relative.pem", "/");
    refused(in, "username", "two\nlines", "username");
    refused(in, "username", "nobody", "nobody is no user");
    refused(in, "environment", "test", "sandbox");
    refused(in, "usrname", "x", "username");
    refused(in, "pin", "12345", "pin");
}

static void no_error_quotes_a_secret(void **state)
{
    struct installation *in = *state;
    struct sl_change change = { "pin", "hunter2" };
    const struct sl_config_set all = { .changes = &change, .n_changes = 1, .partial = true };
    struct sl_err err;

    assert_int_equal(set_all(in, &in->school, &fake, &all, &err), -1);
    assert_null(strstr(err.text, "hunter2"));
    assert_null(strstr(err.hint, "hunter2"));
}

static void what_is_refused_changes_nothing(void **state)
{
    struct installation *in = *state;

    set(in, &in->school, "port", "99");
    refused(in, "port", "x", "port");
    assert_string_equal(open_account(in, &in->school).settings.values[3], "99");
}

static void what_is_required_is_named_unless_it_may_come_later(void **state)
{
    struct installation *in = *state;
    struct sl_config_set one = { .changes = &good[0], .n_changes = 1 };
    struct sl_account account;
    struct sl_err err;

    assert_int_equal(set_all(in, &in->school, &fake, &one, &err), -1);
    assert_non_null(strstr(err.text, "api_key"));
    one.partial = true;
    assert_int_equal(set_all(in, &in->school, &fake, &one, &err), 0);
    assert_int_equal(sl_config_open(in->service, in->arena, in->school.id, provider_id(in, "fake"),
                                    &account, &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    assert_non_null(strstr(err.text, "api_key"));
}

static void the_database_holds_no_secret_in_the_clear(void **state)
{
    static const char find_sql[] =
        "SELECT count(*) FROM integration_configs c, integration_logs l"
        " WHERE c.config_encrypted LIKE '%greenhill%' OR l.request_data LIKE '%key-of%'"
        " OR l.request_data NOT LIKE '%••••1234%'";
    struct installation *in = *state;
    int64_t n = -1;
    struct sl_err err;

    set(in, &in->school, NULL, NULL);
    assert_int_equal(sl_db_number(in->service->db, find_sql, SL_NO_PARAMS, &n, &err), 1);
    assert_int_equal(n, 0);
}

static void settings_of_another_school_do_not_open_when_moved(void **state)
{
    static const char move_sql[] =
        "UPDATE integration_configs SET config_encrypted = (SELECT config_encrypted FROM"
        " integration_configs ORDER BY id LIMIT 1)";
    struct installation *in = *state;
    struct sl_account account;
    struct sl_school hilltop;
    struct sl_err err;

    add_school(in, "hilltop", &hilltop);
    set(in, &in->school, NULL, NULL);
    set(in, &hilltop, NULL, NULL);
    assert_true(sl_db_run(in->service->db, move_sql, SL_NO_PARAMS, &err) > 0);
    assert_int_equal(sl_config_open(in->service, in->arena, hilltop.id, provider_id(in, "fake"),
                                    &account, &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
}

/* What no key opens any more is given anew, all of it. */
static void lost_settings_can_be_given_again(void **state)
{
    static const char spoil_sql[] = "UPDATE integration_configs SET config_encrypted = 'sl1:x:y'";
    struct installation *in = *state;
    struct sl_change port = { "port", "26" };
    const struct sl_config_set one = { .changes = &port, .n_changes = 1 };
    struct sl_err err;

    set(in, &in->school, NULL, NULL);
    assert_true(sl_db_run(in->service->db, spoil_sql, SL_NO_PARAMS, &err) > 0);
    assert_int_equal(set_all(in, &in->school, &fake, &one, &err), -1);
    assert_non_null(strstr(err.text, "lost"));
    set(in, &in->school, NULL, NULL);
    assert_string_equal(open_account(in, &in->school).settings.values[0], "greenhill");
}

/* ---- Accounts ------------------------------------------------------------------------ */

static void schools_with_one_identity_share_an_account(void **state)
{
    struct installation *in = *state;
    struct sl_school hilltop;
    const char *account;

    add_school(in, "hilltop", &hilltop);
    set(in, &in->school, "port", "1");
    set(in, &hilltop, "port", "2");
    account = open_account(in, &in->school).account;
    assert_string_equal(open_account(in, &hilltop).account, account);
    set(in, &hilltop, "api_key", "another key");
    assert_string_not_equal(open_account(in, &hilltop).account, account);
    set(in, &hilltop, "base_url", "https://elsewhere.example");
    assert_string_not_equal(open_account(in, &hilltop).account, account);
    set(in, &hilltop, "base_url", NULL);
    assert_string_equal(open_account(in, &hilltop).account, account);
    set(in, &hilltop, "environment", "sandbox");
    assert_string_not_equal(open_account(in, &hilltop).account, account);
}

static void a_grants_secret_is_part_of_who_we_are(void **state)
{
    struct installation *in = *state;
    struct sl_change change = { "secret", "one" };
    const struct sl_config_set all = { .changes = &change, .n_changes = 1 };
    struct sl_err err;
    const char *account;

    assert_int_equal(set_all(in, &in->school, &other, &all, &err), 0);
    account = row_of(in, &in->school, "other").account;
    change.value = "two";
    assert_int_equal(set_all(in, &in->school, &other, &all, &err), 0);
    assert_string_not_equal(row_of(in, &in->school, "other").account, account);
}

static void setting_lifts_the_block_and_takes_the_queue_along(void **state)
{
    static const char queue_sql[] =
        "INSERT INTO integration_queue (school_id, provider_id, operation, payload, public_id,"
        " account, status, created_at) VALUES ($1, $2, 'sms.send', '{}', 'a', 'old', 'pending', 1),"
        " ($1, $2, 'sms.send', '{}', 'b', 'old', 'completed', 1)";
    static const char block_sql[] = "UPDATE accounts SET blocked = 'refused'";
    static const char blocked_sql[] = "SELECT count(*) FROM accounts WHERE blocked IS NOT NULL";
    static const char moved_sql[] =
        "SELECT count(*) FROM integration_queue WHERE account = $1 AND status = 'pending'";
    struct installation *in = *state;
    struct sl_db *db = in->service->db;
    int64_t n = -1;
    struct sl_err err;

    set(in, &in->school, NULL, NULL);
    assert_true(sl_db_run(db, block_sql, SL_NO_PARAMS, &err) > 0);
    assert_int_equal(sl_db_run(db, queue_sql,
                               SL_PARAMS(SL_INT(in->school.id), SL_INT(provider_id(in, "fake"))),
                               &err),
                     2);
    set(in, &in->school, NULL, NULL);
    assert_int_equal(sl_db_number(db, blocked_sql, SL_NO_PARAMS, &n, &err), 1);
    assert_int_equal(n, 0);
    assert_int_equal(sl_db_number(db, moved_sql,
                                  SL_PARAMS(SL_TEXT(open_account(in, &in->school).account)), &n,
                                  &err),
                     1);
    assert_int_equal(n, 1);
}

/* ---- Choosing ------------------------------------------------------------------------ */

static void the_first_of_a_category_is_primary_until_another_is_made_so(void **state)
{
    struct installation *in = *state;
    struct sl_change secret = { "secret", "one" };
    struct sl_config_set all = { .changes = &secret, .n_changes = 1 };
    struct sl_config_row row;
    struct sl_err err;

    set(in, &in->school, NULL, NULL);
    assert_int_equal(set_all(in, &in->school, &other, &all, &err), 0);
    assert_int_equal(sl_config_choose(in->service, in->arena, &in->school, SL_SMS, NULL, &row,
                                      &err),
                     0);
    assert_string_equal(row.provider_code, "fake");
    assert_int_equal(sl_config_choose(in->service, in->arena, &in->school, SL_SMS, "other", &row,
                                      &err),
                     0);
    assert_string_equal(row.provider_code, "other");
    all.make_primary = true;
    assert_int_equal(set_all(in, &in->school, &other, &all, &err), 0);
    assert_true(row_of(in, &in->school, "other").is_primary);
    assert_false(row_of(in, &in->school, "fake").is_primary);
}

static void choice_fails(struct installation *in, enum sl_category category, const char *code,
                         const char *says)
{
    struct sl_config_row row;
    struct sl_err err;

    assert_int_equal(sl_config_choose(in->service, in->arena, &in->school, category, code, &row,
                                      &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    if (!strstr(err.text, says) && !strstr(err.hint, says))
        fail_msg("'%s' is not in '%s' (%s)", says, err.text, err.hint);
}

static void what_cannot_serve_is_told_with_the_line_that_cures_it(void **state)
{
    struct installation *in = *state;
    struct sl_err err;

    choice_fails(in, SL_SMS, NULL, "sl-config set -s greenhill -p fake");
    choice_fails(in, SL_SMS, "fake", "sl-config set -s greenhill -p fake");
    choice_fails(in, SL_SMS, "fak", "did you mean 'fake'");
    choice_fails(in, SL_SMS, "smtp", "cannot talk");
    set(in, &in->school, NULL, NULL);
    choice_fails(in, SL_PAYMENT, "fake", "is for sms");
    assert_int_equal(sl_config_act(in->service, &in->school, "fake", SL_CONFIG_DISABLE, &err), 0);
    choice_fails(in, SL_SMS, "fake", "sl-config enable");
    choice_fails(in, SL_SMS, NULL, "sl-config primary");
    in->school.status = "closed";
    choice_fails(in, SL_SMS, "fake", "closed");
}

static void everyones_settings_serve_a_school_without_its_own(void **state)
{
    struct installation *in = *state;
    struct sl_school everyone;
    struct sl_account account;
    struct sl_err err;

    assert_int_equal(sl_schools_find(in->service->db, in->arena, "everyone", &everyone, &err), 0);
    set(in, &everyone, "port", "1");
    account = open_account(in, &in->school);
    assert_string_equal(account.settings.values[3], "1");
    assert_int_equal(account.config_school_id, everyone.id);
    assert_string_equal(account.school.code, "greenhill");
    set(in, &in->school, "port", "2");
    account = open_account(in, &in->school);
    assert_string_equal(account.settings.values[3], "2");
    assert_int_equal(account.config_school_id, in->school.id);
}

static void the_schema_says_what_is_required_and_what_is_secret(void **state)
{
    struct installation *in = *state;
    const char *text = sl_config_schema(in->arena, &fake);
    SL_AUTO(sl_json_free) struct json_object *schema = sl_json_parse(text, strlen(text));

    assert_non_null(schema);
    assert_int_equal(sl_json_length(sl_json_at(schema, "required")), 2);
    assert_non_null(sl_json_at(schema, "properties.api_key.writeOnly"));
    assert_null(sl_json_at(schema, "properties.username.writeOnly"));
    assert_int_equal(sl_json_int(schema, "properties.port.maximum", 0), 65535);
    assert_int_equal(sl_json_int(schema, "properties.rate_per_second.default", 0), 7);
    assert_int_equal(sl_json_length(sl_json_at(schema, "properties.mode.enum")), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, installation_setup, installation_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(settings_open_as_they_were_set_with_defaults_in),
        TEST(values_are_trimmed_and_empty_ones_are_none),
        TEST(a_value_that_is_not_of_its_kind_is_refused_and_named),
        TEST(no_error_quotes_a_secret),
        TEST(what_is_refused_changes_nothing),
        TEST(what_is_required_is_named_unless_it_may_come_later),
        TEST(the_database_holds_no_secret_in_the_clear),
        TEST(settings_of_another_school_do_not_open_when_moved),
        TEST(lost_settings_can_be_given_again),
        TEST(schools_with_one_identity_share_an_account),
        TEST(a_grants_secret_is_part_of_who_we_are),
        TEST(setting_lifts_the_block_and_takes_the_queue_along),
        TEST(the_first_of_a_category_is_primary_until_another_is_made_so),
        TEST(what_cannot_serve_is_told_with_the_line_that_cures_it),
        TEST(everyones_settings_serve_a_school_without_its_own),
        TEST(the_schema_says_what_is_required_and_what_is_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
