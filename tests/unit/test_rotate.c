/* What lib/service/rotate.h and endpoints.h promise: keys change under running programs, callbacks'
 * settings follow, nothing is lost. */
#include "fake_adapters.h"
#include "installation.h"

#include "lib/service/endpoints.h"
#include "lib/service/rotate.h"
#include "lib/store/sql.h"

enum { MANY = 250 }; /* queue rows: more than two pages */

static void set(struct installation *in, const char *secret)
{
    struct sl_change changes[] = { { "username", "greenhill" },
                                   { "api_key", "key-of-greenhill-1234" },
                                   { "hook_secret", secret } };
    const struct sl_config_set all = { .changes = changes, .n_changes = 3 };
    struct sl_err err;

    if (sl_config_set(in->service, &in->school, &fake, &all, &err) < 0)
        fail_msg("%s", err.text);
}

static int64_t provider_id(struct installation *in)
{
    struct sl_provider provider;
    struct sl_err err;

    assert_int_equal(sl_providers_find(in->service->db, in->arena, "fake", &provider, &err), 0);
    return provider.id;
}

static bool opens(struct installation *in, struct sl_service *service)
{
    struct sl_account account;
    struct sl_err err;

    return sl_config_open(service, in->arena, in->school.id, provider_id(in), &account, &err) == 0;
}

static struct sl_seal_place memory_of(struct installation *in, int64_t id)
{
    return (struct sl_seal_place){ "integration_queue", "memory", in->school.id, provider_id(in),
                                   id };
}

/* Queue rows with something sealed to remember. */
static void add_queue(struct installation *in, struct sl_service *service)
{
    static const char insert_sql[] =
        "INSERT INTO integration_queue (school_id, provider_id, operation, payload, public_id,"
        " created_at) VALUES ($1, $2, 'sms.send', '{}', 'x', 1)";
    static const char update_sql[] = "UPDATE integration_queue SET memory = $1 WHERE id = $2";
    struct sl_db *db = in->service->db;
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_err err;
    int64_t id;

    assert_int_equal(sl_tx_begin(&tx, db, &err), 0);
    for (int i = 0; i < MANY; i++) {
        struct sl_seal_place place;
        const char *sealed;

        assert_int_equal(sl_db_insert(db, insert_sql,
                                      SL_PARAMS(SL_INT(in->school.id), SL_INT(provider_id(in))),
                                      &id, &err),
                         1);
        place = memory_of(in, id);
        sealed = sl_seal(service->keyring, SL_KEY_SEAL, in->arena, "{}", 2, &place, &err);
        assert_int_equal(sl_db_run(db, update_sql, SL_PARAMS(SL_TEXT(sealed), SL_INT(id)), &err),
                         1);
    }
    assert_int_equal(sl_tx_commit(&tx, &err), 0);
}

static const char *active(struct installation *in, struct sl_service *service)
{
    return sl_arena_strdup(in->arena, sl_keyring_find(service->keyring, SL_KEY_SEAL, NULL)->id);
}

static int64_t sealed_by(struct installation *in, const char *key_id)
{
    int64_t n = -1;
    struct sl_err err;

    assert_int_equal(sl_sealed_count(in->service->db, key_id, &n, &err), 0);
    return n;
}

/* ---- Keys ---------------------------------------------------------------------------- */

static void a_rotation_seals_everything_with_the_new_key(void **state)
{
    struct installation *in = *state;
    const char *old = active(in, in->service);
    struct sl_rotation rotation;
    struct sl_err err;

    set(in, "s");
    add_queue(in, in->service);
    assert_int_equal(sealed_by(in, old), MANY + 1);
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_false(rotation.continued);
    assert_int_equal(rotation.resealed[SL_SEALED_SETTINGS], 1);
    assert_int_equal(rotation.resealed[SL_SEALED_QUEUE_MEMORY], MANY);
    assert_string_not_equal(rotation.seal_key, old);
    assert_int_equal(sealed_by(in, old), 0);
    assert_int_equal(sealed_by(in, rotation.seal_key), MANY + 1);
    assert_true(opens(in, in->service));
}

#define OWNED                                                                                      \
    " FROM schools s, integration_providers p WHERE s.code = 'greenhill' AND p.code = 'fake'"

/* A row for each column that may hold something sealed. */
static const char *const sealed_rows[] = {
    [SL_SEALED_SETTINGS] =
        "INSERT INTO integration_configs (id, school_id, provider_id, config_encrypted, account,"
        " created_at, updated_at) SELECT 77, s.id, p.id, '', 'a', 1, 1" OWNED,
    [SL_SEALED_ACCESS_TOKENS] =
        "INSERT INTO oauth_tokens (id, school_id, provider_id, access_token, account, version,"
        " created_at, updated_at, renewed_at) SELECT 77, s.id, p.id, '', 'a', 1, 1, 1, 1" OWNED,
    [SL_SEALED_REFRESH_TOKENS] = "", /* the same row */
    [SL_SEALED_QUEUE_MEMORY] =
        "INSERT INTO integration_queue (id, school_id, provider_id, operation, payload, public_id,"
        " created_at) SELECT 77, s.id, p.id, 'sms.send', '{}', 'x', 1" OWNED,
    [SL_SEALED_HOOK_SECRETS] =
        "INSERT INTO hooks (id, school_id, purpose, event, kind, target, created_at)"
        " SELECT 77, s.id, 'hook', '*', 'url', 'https://a.example', 1" OWNED,
    [SL_SEALED_WEBHOOK_SECRETS] =
        "INSERT INTO integration_webhooks (id, school_id, provider_id, endpoint_path, created_at)"
        " SELECT 77, s.id, p.id, 'e', 1" OWNED,
};

static void no_column_is_forgotten(void **state)
{
    struct installation *in = *state;
    struct sl_rotation rotation;
    struct sl_err err;

    for (size_t i = 0; i < SL_SEALED_COLUMNS; i++) {
        const struct sl_sealed_place *names = sl_sealed_place((enum sl_sealed_column)i);
        bool hook = i == SL_SEALED_HOOK_SECRETS;
        const struct sl_seal_place place = { names->table, names->column, in->school.id,
                                             hook ? 0 : provider_id(in), 77 };
        enum sl_key_purpose purpose = i == SL_SEALED_WEBHOOK_SECRETS ? SL_KEY_WEBHOOK : SL_KEY_SEAL;
        const char *sealed =
            sl_seal(in->service->keyring, purpose, in->arena, "{}", 2, &place, &err);

        if (sl_db_script(in->service->db, sealed_rows[i], &err) < 0 ||
            sl_db_script(in->service->db,
                         sl_arena_printf(in->arena, "UPDATE %s SET %s = '%s' WHERE id = 77",
                                         names->table, names->column, sealed),
                         &err) < 0)
            fail_msg("%s", err.text);
    }
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    for (size_t i = 0; i < SL_SEALED_COLUMNS; i++)
        if (rotation.resealed[i] != 1 || rotation.unopened[i] != 0)
            fail_msg("%s: %d sealed anew", sl_sealed_place((enum sl_sealed_column)i)->name,
                     (int)rotation.resealed[i]);
}

static void a_program_with_the_old_ring_reads_it_again(void **state)
{
    struct installation *in = *state;
    SL_AUTO(sl_service_close) struct sl_service *old = open_again(in, SL_ALL_KEYS);
    const char *key = active(in, old);
    struct sl_rotation rotation;
    struct sl_err err;

    set(in, "s");
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_string_equal(active(in, old), key);
    assert_true(opens(in, old));
    assert_string_equal(active(in, old), rotation.seal_key);
}

/* Stopped behind the new key, and half-way through what it seals. */
static void a_stopped_rotation_is_taken_up_without_another_key(void **state)
{
    static const char half_sql[] = "UPDATE integration_queue SET memory = NULL WHERE id % 2 = 0";
    struct installation *in = *state;
    char id[SL_KEY_ID_SIZE];
    struct sl_rotation rotation;
    struct sl_key_info info;
    struct sl_err err;

    set(in, "s");
    add_queue(in, in->service);
    assert_int_equal(sl_keyring_rotate(in->keyring, SL_KEY_SEAL, 1000, id, &err), 0);
    assert_true(sl_db_run(in->service->db, half_sql, SL_NO_PARAMS, &err) > 0);
    assert_int_equal(sl_keyring_reload(&in->service->keyring, &err), 0);
    assert_int_equal(sl_keys_info(in->service, 0, &info, &err), 1);
    assert_string_equal(info.state, "retiring");
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_true(rotation.continued);
    assert_string_equal(rotation.seal_key, id);
    assert_int_equal(rotation.resealed[SL_SEALED_QUEUE_MEMORY], MANY / 2);
    assert_int_equal(sl_keys_info(in->service, 0, &info, &err), 1);
    assert_string_equal(info.state, "retired");
    assert_true(info.retired_at > 0);
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_false(rotation.continued);
}

static void what_changed_meanwhile_is_not_overwritten(void **state)
{
    struct installation *in = *state;
    struct sl_db *db = in->service->db;
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_sealed sealed;
    const char *was;
    int64_t id;
    struct sl_err err;

    set(in, "s");
    assert_int_equal(sl_sealed_list(&rows, db, SL_SEALED_SETTINGS, 0, "none", 10, &err), 0);
    assert_int_equal(sl_sealed_next(&rows, &sealed, &err), 1);
    was = sl_arena_strdup(in->arena, sealed.text);
    id = sealed.id;
    sl_rows_end(&rows);
    set(in, "t");
    assert_int_equal(sl_sealed_swap(db, SL_SEALED_SETTINGS, id, was, "sl1:lost:", &err), 0);
    assert_true(opens(in, in->service));
}

static void what_does_not_open_is_counted_and_left_alone(void **state)
{
    static const char spoil_sql[] =
        "UPDATE integration_configs SET config_encrypted = 'sl1:gone:AAAA'";
    struct installation *in = *state;
    struct sl_rotation rotation;
    struct sl_err err;

    set(in, "s");
    assert_true(sl_db_run(in->service->db, spoil_sql, SL_NO_PARAMS, &err) > 0);
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_int_equal(rotation.unopened[SL_SEALED_SETTINGS], 1);
    assert_int_equal(sealed_by(in, "gone"), 1);
}

static void a_key_is_retired_only_when_nobody_needs_it(void **state)
{
    static const char runner_sql[] =
        "INSERT INTO runners (boot_id, pid, program, lease_boot_ms, started_at)"
        " VALUES ($1, 1, 'sl-queue-run', $2, 1)";
    static const char ended_sql[] = "DELETE FROM runners";
    struct installation *in = *state;
    const char *old = active(in, in->service);
    char boot_id[SL_BOOT_ID_SIZE];
    struct sl_rotation rotation;
    struct sl_err err;

    set(in, "s");
    assert_int_equal(sl_keys_retire(in->service, old, &err), -1); /* it is active */
    assert_int_equal(err.code, SL_ERR_DATA);
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_int_equal(sl_keys_retire(in->service, "k9-none", &err), -1);
    sl_boot_id(boot_id);
    assert_int_equal(sl_db_run(in->service->db, runner_sql,
                               SL_PARAMS(SL_TEXT(boot_id), SL_INT(sl_boot_ms() + 30000)), &err),
                     1);
    assert_int_equal(sl_keys_retire(in->service, old, &err), -1); /* a runner may have it */
    assert_non_null(strstr(err.text, "running"));
    assert_int_equal(sl_db_run(in->service->db, ended_sql, SL_NO_PARAMS, &err), 1);
    assert_int_equal(sl_keys_retire(in->service, old, &err), 0);
    assert_int_equal(sl_keyring_reload(&in->service->keyring, &err), 0);
    assert_null(sl_keyring_find(in->service->keyring, SL_KEY_SEAL, old));
    assert_true(opens(in, in->service));
}

static void a_key_that_still_seals_something_stays(void **state)
{
    struct installation *in = *state;
    SL_AUTO(sl_service_close) struct sl_service *late = open_again(in, SL_ALL_KEYS);
    const char *old = active(in, late);
    struct sl_rotation rotation;
    struct sl_err err;

    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    add_queue(in, late);
    assert_int_equal(sealed_by(in, old), MANY);
    assert_int_equal(sl_keys_retire(in->service, old, &err), -1);
    assert_non_null(strstr(err.text, "still sealed"));
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_int_equal(sl_keys_retire(in->service, old, &err), 0);
}

/* It had loaded the ring, waited at a prompt while the keys were changed, and stores now. */
static void nothing_is_sealed_by_a_key_that_is_gone(void **state)
{
    struct installation *in = *state;
    SL_AUTO(sl_service_close) struct sl_service *late = open_again(in, SL_ALL_KEYS);
    const char *old = active(in, late);
    struct sl_change change = { "port", "26" };
    const struct sl_config_set one = { .changes = &change, .n_changes = 1, .partial = true };
    struct sl_rotation rotation;
    struct sl_err err;

    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_int_equal(sl_keys_retire(in->service, old, &err), 0);
    assert_int_equal(sl_config_set(late, &in->school, &fake, &one, &err), 0);
    assert_int_equal(sealed_by(in, old), 0);
    assert_int_equal(sealed_by(in, rotation.seal_key), 1);
}

/* ---- Endpoints ----------------------------------------------------------------------- */

static const char *hook_secret(struct installation *in, struct sl_service *service,
                               const char *token)
{
    char hash[SL_TOKEN_HASH_SIZE];
    struct sl_endpoint endpoint;
    struct sl_settings settings;
    struct sl_err err;

    sl_callback_hash(token, hash);
    assert_int_equal(sl_endpoints_find(service->db, in->arena, hash, &endpoint, &err), 1);
    if (sl_endpoint_settings(service, in->arena, &endpoint, &fake, &settings, &err) < 0)
        fail_msg("%s", err.text);
    assert_null(settings.values[1]); /* the API key is none of the daemon's business */
    assert_string_equal(settings.currency, "KES");
    return settings.values[2];
}

static void make_endpoint(struct installation *in, struct sl_endpoint_made *made)
{
    struct sl_err err;

    in->service->settings.public_url = "https://school.example";
    if (sl_endpoint_add(in->service, in->arena, &in->school, "fake", NULL, made, &err) < 0)
        fail_msg("%s", err.text);
}

static void an_endpoint_gives_out_its_addresses_and_keeps_only_a_hash(void **state)
{
    static const char find_sql[] = "SELECT count(*) FROM integration_webhooks"
                                   " WHERE endpoint_path = $1 OR secret_key LIKE '%hooked%'";
    struct installation *in = *state;
    struct sl_endpoint_made made;
    const char *token;
    int64_t n = -1;
    struct sl_err err;

    set(in, "hooked");
    make_endpoint(in, &made);
    token = made.token;
    assert_int_equal(made.n_urls, 2); /* the third has a token of its operation's */
    assert_int_equal(strspn(token, "0123456789abcdef"), 32);
    assert_string_equal(made.urls[0].url,
                        sl_arena_printf(in->arena, "https://school.example/hooks/f/%s/told",
                                        token));
    assert_string_equal(made.urls[0].endpoint_url,
                        sl_arena_printf(in->arena, "https://school.example/webhooks/fake/told/%s",
                                        token));
    assert_null(made.urls[1].endpoint_url);
    assert_int_equal(sl_db_number(in->service->db, find_sql, SL_PARAMS(SL_TEXT(token)), &n, &err),
                     1);
    assert_int_equal(n, 0);
    assert_string_equal(hook_secret(in, in->service, token), "hooked");
}

static void the_daemon_reads_new_settings_and_keys_with_the_webhook_ring_alone(void **state)
{
    struct installation *in = *state;
    SL_AUTO(sl_service_close) struct sl_service *daemon = open_again(in, SL_WEBHOOK_KEYS);
    struct sl_endpoint_made made;
    struct sl_rotation rotation;
    struct sl_err err;

    set(in, "first");
    make_endpoint(in, &made);
    set(in, "second");
    assert_string_equal(hook_secret(in, daemon, made.token), "second");
    assert_int_equal(sl_keys_rotate(in->service, &rotation, &err), 0);
    assert_int_equal(rotation.resealed[SL_SEALED_WEBHOOK_SECRETS], 1);
    assert_string_equal(hook_secret(in, daemon, made.token), "second");
    assert_false(opens(in, daemon));
}

static void an_endpoint_holds_what_judges_callbacks_and_nothing_else(void **state)
{
    struct installation *in = *state;
    struct sl_seal_place place = { "integration_webhooks", "secret_key", in->school.id,
                                   provider_id(in), 0 };
    struct sl_endpoint_made made;
    struct sl_endpoint endpoint;
    const char *text;
    struct sl_err err;

    set(in, "hooked");
    make_endpoint(in, &made);
    assert_int_equal(sl_endpoints_get(in->service->db, in->arena, made.id, &endpoint, &err), 1);
    place.row_id = made.id;
    text = sl_unseal(in->service->keyring, SL_KEY_WEBHOOK, in->arena, endpoint.sealed, &place, NULL,
                     &err);
    assert_non_null(text);
    assert_string_equal(text, "{\"hook_secret\":\"hooked\"}");
}

static void a_rotated_endpoint_forgets_its_old_token(void **state)
{
    struct installation *in = *state;
    struct sl_endpoint_made made, again;
    char hash[SL_TOKEN_HASH_SIZE];
    struct sl_endpoint endpoint;
    struct sl_err err;

    set(in, "s");
    make_endpoint(in, &made);
    assert_int_equal(sl_endpoint_rotate(in->service, in->arena, made.id, &again, &err), 0);
    sl_callback_hash(made.token, hash);
    assert_int_equal(sl_endpoints_find(in->service->db, in->arena, hash, &endpoint, &err), 0);
    sl_callback_hash(again.token, hash);
    assert_int_equal(sl_endpoints_find(in->service->db, in->arena, hash, &endpoint, &err), 1);
    assert_int_equal(sl_endpoint_disable(in->service, made.id, &err), 0);
    assert_int_equal(sl_endpoints_find(in->service->db, in->arena, hash, &endpoint, &err), 1);
    assert_false(endpoint.is_active);
}

static void without_a_public_address_there_is_no_endpoint(void **state)
{
    struct installation *in = *state;
    struct sl_endpoint_made made;
    struct sl_err err;

    set(in, "s");
    assert_int_equal(sl_endpoint_add(in->service, in->arena, &in->school, "fake", NULL, &made,
                                     &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_CONFIG);
    assert_non_null(strstr(err.hint, "public_url"));
    assert_int_equal(sl_endpoint_add(in->service, in->arena, &in->school, "other", NULL, &made,
                                     &err),
                     -1);
    assert_int_equal(err.code, SL_ERR_DATA);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, installation_setup, installation_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rotation_seals_everything_with_the_new_key),
        TEST(no_column_is_forgotten),
        TEST(a_program_with_the_old_ring_reads_it_again),
        TEST(a_stopped_rotation_is_taken_up_without_another_key),
        TEST(what_changed_meanwhile_is_not_overwritten),
        TEST(what_does_not_open_is_counted_and_left_alone),
        TEST(a_key_is_retired_only_when_nobody_needs_it),
        TEST(a_key_that_still_seals_something_stays),
        TEST(nothing_is_sealed_by_a_key_that_is_gone),
        TEST(an_endpoint_gives_out_its_addresses_and_keeps_only_a_hash),
        TEST(the_daemon_reads_new_settings_and_keys_with_the_webhook_ring_alone),
        TEST(an_endpoint_holds_what_judges_callbacks_and_nothing_else),
        TEST(a_rotated_endpoint_forgets_its_old_token),
        TEST(without_a_public_address_there_is_no_endpoint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
