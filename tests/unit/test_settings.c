/* What lib/service/settings.h promises: which of option, variable, file and default counts. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/service/address.h"
#include "lib/service/settings.h"

struct place {
    struct sl_arena *arena;
    char folder[64], file[96];
};

static int make_place(void **state)
{
    static const char *const variables[] = { "SL_CONFIG", "SL_DATABASE", "SL_KEYRING",
                                             "CREDENTIALS_DIRECTORY" };
    static struct place place;

    for (size_t i = 0; i < SL_COUNT(variables); i++)
        (void)unsetenv(variables[i]);
    (void)strcpy(place.folder, "/tmp/sl-settings-XXXXXX");
    assert_non_null(mkdtemp(place.folder));
    (void)snprintf(place.file, sizeof place.file, "%s/sl.yaml", place.folder);
    place.arena = sl_arena_new();
    *state = &place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;

    sl_arena_free(&place->arena);
    (void)unlink(place->file);
    (void)rmdir(place->folder);
    return 0;
}

static void write_file(const struct place *place, const char *text)
{
    FILE *file = fopen(place->file, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct sl_installation read_all(struct place *place, const char *database)
{
    struct sl_installation found;
    struct sl_err err;

    if (sl_settings_read(place->arena, place->file, database, &found, &err) < 0)
        fail_msg("%s", err.text);
    return found;
}

static const char *source_of(const struct sl_installation *settings, const char *name)
{
    for (size_t i = 0; i < settings->n_all; i++)
        if (strcmp(settings->all[i].name, name) == 0)
            return settings->all[i].source;
    return NULL;
}

static void a_missing_file_leaves_the_defaults(void **state)
{
    struct sl_installation found = read_all(*state, NULL);

    assert_int_equal(found.lease_seconds, 60);
    assert_int_equal(found.log_keep_days, 365);
    assert_null(found.public_url);
    assert_non_null(found.database);
    assert_non_null(found.keyring);
    assert_string_equal(source_of(&found, "database"), "default");
}

static void a_user_has_things_in_the_xdg_folders(void **state)
{
    struct place *place = *state;
    struct sl_installation found;
    struct sl_err err;

    if (geteuid() == 0) {
        assert_int_equal(sl_settings_read(place->arena, NULL, NULL, &found, &err), 0);
        assert_string_equal(found.config, "/etc/shulelabs/shulelabs.yaml");
        assert_string_equal(found.database, "/var/lib/shulelabs/shulelabs.db");
        assert_string_equal(found.keyring, "/etc/shulelabs/keyring");
        return;
    }
    (void)setenv("XDG_CONFIG_HOME", place->folder, 1);
    (void)setenv("XDG_DATA_HOME", "relative", 1);
    (void)setenv("HOME", "/home/wanjiku", 1);
    assert_int_equal(sl_settings_read(place->arena, NULL, NULL, &found, &err), 0);
    assert_string_equal(found.database, "/home/wanjiku/.local/share/shulelabs/shulelabs.db");
}

static void an_option_counts_more_than_a_variable_and_that_more_than_the_file(void **state)
{
    struct place *place = *state;
    struct sl_installation found;

    write_file(place, "database: /from/file.db\nkeyring: ring\n");
    found = read_all(place, NULL);
    assert_string_equal(found.database, "/from/file.db");
    assert_non_null(strstr(source_of(&found, "database"), "line 1"));
    assert_string_equal(found.keyring, sl_arena_printf(place->arena, "%s/ring", place->folder));
    (void)setenv("SL_DATABASE", "/from/variable.db", 1);
    found = read_all(place, NULL);
    assert_string_equal(found.database, "/from/variable.db");
    assert_string_equal(source_of(&found, "database"), "environment");
    found = read_all(place, "/from/option.db");
    assert_string_equal(found.database, "/from/option.db");
    assert_string_equal(source_of(&found, "database"), "option");
}

static void every_setting_of_the_file_is_read(void **state)
{
    struct place *place = *state;
    struct sl_installation found;

    write_file(
        place,
        "# a comment\npublic_url: https://school.example/\n"
        "trust_proxy: 10.0.0.0/8, ::1\nprivate_networks: 192.168.10.0/24\nlease_seconds: 5\nlog_keep_days: \"30\"\n"
        "keep_days: bodies=90, messages=365\n"
        "database:\n");
    found = read_all(place, NULL);
    assert_string_equal(found.public_url, "https://school.example");
    assert_string_equal(found.trust_proxy, "10.0.0.0/8, ::1");
    assert_string_equal(found.private_networks, "192.168.10.0/24");
    assert_int_equal(found.lease_seconds, 5);
    assert_int_equal(found.log_keep_days, 30);
    assert_string_equal(found.keep_days, "bodies=90, messages=365");
    assert_string_equal(source_of(&found, "database"), "default");
}

static void what_is_wrong_in_the_file_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *line, *says;
    } cases[] = {
        { "# x\ndatabse: /x\n", "line 2", "databse" },
        { "lease_seconds: 61\n", "line 1", "61" },
        { "lease_seconds: 5\n\nlease_seconds: 6\n", "line 3", "line 1" },
        { "public_url: http://school.example\n", "line 1", "https" },
        { "trust_proxy: everybody\n", "line 1", "everybody" },
        { "private_networks: 10.0.0.0/33\n", "line 1", "10.0.0.0/33" },
        { "keep_days: bodies=90 messages=1\n", "line 1", "bodies=90 messages=1" },
        { "database: [a, b]\n", "line 1", "database" },
        { "- a\n", "line 1", "name: value" },
        { "database: \"\n", "line", "" },
        { "database: ''\n", "line 1", "empty" },
    };
    struct place *place = *state;
    struct sl_installation found;
    struct sl_err err;

    for (size_t i = 0; i < SL_COUNT(cases); i++) {
        write_file(place, cases[i].text);
        assert_int_equal(sl_settings_read(place->arena, place->file, NULL, &found, &err), -1);
        assert_int_equal(err.code, SL_ERR_CONFIG);
        assert_non_null(strstr(err.text, cases[i].line));
        assert_non_null(strstr(err.text, cases[i].says));
    }
    write_file(place, "databse: /x\n");
    assert_int_equal(sl_settings_read(place->arena, place->file, NULL, &found, &err), -1);
    assert_string_equal(err.hint, "did you mean 'database'?");
}

static void plain_http_is_for_loopback_only(void **state)
{
    static const struct {
        const char *url;
        int status;
    } cases[] = {
        { "https://school.example", 0 },
        { "HTTPS://school.example:8443/a/b", 0 },
        { "http://127.0.0.1:8490", 0 },
        { "http://127.8.0.1", 0 },
        { "http://localhost:1/x", 0 },
        { "http://[::1]:8490/x", 0 },
        { "https://[2001:db8::1]/", 0 },
        { "http://school.example", -1 },
        { "http://127.0.0.1.evil.example", -1 },
        { "http://localhost.evil.example", -1 },
        { "http://[2001:db8::1]", -1 },
        { "http://user@127.0.0.1", -1 },
        { "https://user:pass@school.example", -1 },
        { "https://", -1 },
        { "https://host:0", -1 },
        { "https://host:99999", -1 },
        { "https://host:port", -1 },
        { "https://ho st/", -1 },
        { "https://host/a#b", -1 },
        { "https://host\\@evil", -1 },
        { "ftp://host", -1 },
        { "school.example", -1 },
        { "", -1 },
    };
    struct sl_err err;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(cases); i++)
        if (sl_address_check_url(cases[i].url, &err) != cases[i].status)
            fail_msg("%s", cases[i].url);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_missing_file_leaves_the_defaults),
        TEST(a_user_has_things_in_the_xdg_folders),
        TEST(an_option_counts_more_than_a_variable_and_that_more_than_the_file),
        TEST(every_setting_of_the_file_is_read),
        TEST(what_is_wrong_in_the_file_is_named_with_its_line),
        TEST(plain_http_is_for_loopback_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
