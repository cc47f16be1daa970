/* Steps on files: nothing outside of the folder, nothing half there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/crypto.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/transfer/confine.h"
#include "lib/transfer/files.h"
#include "lib/transfer/pieces.h"

struct world {
    struct sl_arena *arena;
    char folder[32]; /* …/root is the store; secret lies beside it */
    char root[48], source[48], sink[48];
    struct sl_file file;
    struct sl_exchange exchange;
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void set_source(struct world *world, const char *text)
{
    struct sl_err err;

    write_file(world->source, text);
    world->file = (struct sl_file){
        .path = world->source, .name = "x", .type = "text/plain", .size = (int64_t)strlen(text)
    };
    world->file.sha256 = sl_pieces_digest(world->arena, &world->file, 0, world->file.size, &err);
    assert_non_null(world->file.sha256);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    sl_crypto_init();
    world->arena = sl_arena_new();
    strcpy(world->folder, "/tmp/sl-files-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    (void)snprintf(world->root, sizeof world->root, "%s/root", world->folder);
    (void)snprintf(world->source, sizeof world->source, "%s/source", world->folder);
    (void)snprintf(world->sink, sizeof world->sink, "%s/sink", world->folder);
    assert_int_equal(mkdir(world->root, 0750), 0);
    set_source(world, "hello");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    char command[64];

    (void)snprintf(command, sizeof command, "rm -rf %s", world->folder);
    assert_int_equal(system(command), 0);
    sl_arena_free(&world->arena);
    free(world);
    return 0;
}

/* Does a step; returns its errno. */
static int act(struct world *world, enum sl_file_act act, const char *key, bool no_clobber)
{
    const struct sl_file_step step = { .act = act,
                                       .root = world->root,
                                       .key = key,
                                       .file = &world->file,
                                       .file_mode = 0640,
                                       .dir_mode = 0750,
                                       .most = 3,
                                       .sync = true,
                                       .no_clobber = no_clobber };
    SL_AUTO(sl_files_end)
    struct sl_files *files = sl_files_start(world->arena, &step, world->sink);

    world->exchange = (struct sl_exchange){ .body = "" };
    while (!sl_files_go_on(files, &world->exchange))
        continue;
    return world->exchange.error;
}

static int put(struct world *world, const char *key)
{
    return act(world, SL_FILE_PUT, key, false);
}

static const char *in_root(struct world *world, const char *key)
{
    return sl_arena_printf(world->arena, "%s/%s", world->root, key);
}

static bool told(const struct world *world, const char *fragment)
{
    return strstr(world->exchange.body, fragment) != NULL;
}

static int count(const struct world *world)
{
    char command[96];
    FILE *names;
    int n = -1;

    (void)snprintf(command, sizeof command, "ls -A %s | wc -l", world->root);
    names = popen(command, "r");
    assert_non_null(names);
    assert_int_equal(fscanf(names, "%d", &n), 1);
    (void)pclose(names);
    return n;
}

static void what_is_put_is_got_again(void **state)
{
    struct world *world = *state;
    char bytes[8] = "";
    struct stat status;
    FILE *sink;

    assert_int_equal(put(world, "a/b/c.txt"), 0);
    assert_true(told(world, world->file.sha256));
    assert_int_equal(stat(in_root(world, "a/b/c.txt"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(act(world, SL_FILE_GET, "a/b/c.txt", false), 0);
    assert_int_equal(world->exchange.n_sunk, 5);
    sink = fopen(world->sink, "r");
    assert_non_null(sink);
    assert_int_equal(fread(bytes, 1, sizeof bytes, sink), 5);
    assert_string_equal(bytes, "hello");
    assert_int_equal(fclose(sink), 0);
    assert_int_equal(act(world, SL_FILE_STAT, "a/b/c.txt", false), 0);
    assert_true(told(world, "\"size\":5"));
    assert_int_equal(act(world, SL_FILE_STAT, "a/b", false), EISDIR);
    assert_int_equal(act(world, SL_FILE_GET, "a/none", false), ENOENT);
}

static void the_last_one_stays_unless_it_must_not(void **state)
{
    struct world *world = *state;

    assert_int_equal(put(world, "key"), 0);
    set_source(world, "other");
    assert_int_equal(act(world, SL_FILE_PUT, "key", true), EEXIST);
    assert_int_equal(act(world, SL_FILE_PUT, "new", true), 0);
    assert_int_equal(put(world, "key"), 0);
    assert_true(told(world, world->file.sha256));
    assert_int_equal(count(world), 2); /* and nothing of ours is left */
}

static void a_file_that_changes_is_not_stored(void **state)
{
    struct world *world = *state;

    write_file(world->source, "hellO");
    assert_int_equal(put(world, "key"), ESTALE);
    assert_int_equal(count(world), 0);
}

static void nothing_leads_out_of_the_folder(void **state)
{
    struct world *world = *state;
    const char *secret = sl_arena_printf(world->arena, "%s/secret", world->folder);

    write_file(secret, "secret");
    assert_int_equal(symlink(secret, in_root(world, "link")), 0);
    assert_int_equal(symlink(world->folder, in_root(world, "up")), 0);
    assert_int_equal(act(world, SL_FILE_GET, "link", false), ELOOP);
    assert_int_equal(act(world, SL_FILE_GET, "up/secret", false), ELOOP);
    assert_int_equal(act(world, SL_FILE_GET, "../secret", false), EXDEV);
    assert_int_equal(put(world, "up/new"), ELOOP);
    assert_int_equal(act(world, SL_FILE_REMOVE, "up/secret", false), ELOOP);
    assert_int_equal(access(secret, R_OK), 0);
    assert_int_equal(act(world, SL_FILE_LIST, "", false), 0);
    assert_true(told(world, "\"entries\":[]"));
}

/* Both ways of opening refuse and find the same. */
static void the_slow_way_is_as_strict(void **state)
{
    static const struct {
        const char *path;
        int error;
    } cases[] = {
        { "a/b/c.txt", 0 },       { ".", 0 },           { "../root", EXDEV },
        { "/etc/passwd", EXDEV }, { "link", ELOOP },    { "up/secret", ELOOP },
        { "a/none", ENOENT },     { "none/x", ENOENT }, { "a/b/c.txt/d", ENOTDIR },
    };
    int (*const ways[])(int, const char *, int, mode_t) = { sl_confine_open, sl_confine_walk };
    struct world *world = *state;
    int root;

    assert_int_equal(put(world, "a/b/c.txt"), 0);
    assert_int_equal(symlink("/etc/passwd", in_root(world, "link")), 0);
    assert_int_equal(symlink("..", in_root(world, "up")), 0);
    root = open(world->root, O_RDONLY | O_DIRECTORY);
    for (size_t i = 0; i < SL_COUNT(cases) * SL_COUNT(ways); i++) {
        int fd = ways[i % SL_COUNT(ways)](root, cases[i / SL_COUNT(ways)].path, O_RDONLY, 0);
        int error = fd < 0 ? errno : 0;

        if (error != cases[i / SL_COUNT(ways)].error)
            fail_msg("%s: %s", cases[i / SL_COUNT(ways)].path, strerror(error));
        if (fd >= 0)
            assert_int_equal(close(fd), 0);
    }
    assert_int_equal(close(root), 0);
}

static void a_listing_is_in_the_order_of_bytes_and_goes_on(void **state)
{
    struct world *world = *state;
    struct sl_file_step step = { .act = SL_FILE_LIST, .root = world->root, .key = "", .most = 3 };
    SL_AUTO(sl_files_end) struct sl_files *files = NULL;

    assert_int_equal(put(world, "a0"), 0);
    assert_int_equal(put(world, "a/b"), 0);
    assert_int_equal(put(world, "a-b"), 0);
    assert_int_equal(put(world, "b/c/d"), 0);
    write_file(in_root(world, ".sl-left"), "x");
    assert_int_equal(act(world, SL_FILE_LIST, "", false), 0);
    assert_true(strstr(world->exchange.body, "\"a-b\"") < strstr(world->exchange.body, "\"a/b\""));
    assert_true(strstr(world->exchange.body, "\"a/b\"") < strstr(world->exchange.body, "\"a0\""));
    assert_true(told(world, "\"more\":true"));
    step.after = "a0";
    files = sl_files_start(world->arena, &step, NULL);
    assert_true(sl_files_go_on(files, &world->exchange));
    assert_true(told(world, "{\"entries\":[{\"key\":\"b/c/d\""));
    assert_true(told(world, "\"more\":false"));
    assert_int_equal(act(world, SL_FILE_LIST, "b/c", false), 0);
    assert_true(told(world, "b/c/d") && !told(world, "a0"));
}

static void folders_go_with_their_last_file(void **state)
{
    struct world *world = *state;

    assert_int_equal(put(world, "a/b/c"), 0);
    assert_int_equal(put(world, "a/d"), 0);
    assert_int_equal(act(world, SL_FILE_REMOVE, "a/b/c", false), 0);
    assert_int_equal(access(in_root(world, "a/b"), F_OK), -1);
    assert_int_equal(access(in_root(world, "a/d"), F_OK), 0);
    assert_int_equal(act(world, SL_FILE_REMOVE, "a/b/c", false), 0);
    assert_true(told(world, "\"removed\":false"));
    assert_int_equal(act(world, SL_FILE_REMOVE, "a/d", false), 0);
    assert_int_equal(count(world), 0);
}

static void a_pipe_that_lies_there_is_not_waited_for(void **state)
{
    struct world *world = *state;

    assert_int_equal(mkfifo(in_root(world, "pipe"), 0600), 0);
    assert_int_equal(act(world, SL_FILE_GET, "pipe", false), EINVAL);
}

static void a_folder_that_others_may_write_to_is_refused(void **state)
{
    struct world *world = *state;

    assert_int_equal(act(world, SL_FILE_PROBE, "", false), 0);
    assert_int_equal(count(world), 0);
    assert_int_equal(chmod(world->root, 0757), 0);
    assert_int_equal(act(world, SL_FILE_PROBE, "", false), EPERM);
    assert_int_equal(put(world, "a"), EPERM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_is_got_again),
        TEST(the_last_one_stays_unless_it_must_not),
        TEST(a_file_that_changes_is_not_stored),
        TEST(nothing_leads_out_of_the_folder),
        TEST(the_slow_way_is_as_strict),
        TEST(a_listing_is_in_the_order_of_bytes_and_goes_on),
        TEST(folders_go_with_their_last_file),
        TEST(a_pipe_that_lies_there_is_not_waited_for),
        TEST(a_folder_that_others_may_write_to_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
