/* The spool: what was taken is there under its hash until no row needs it. */
#include "tests/unit/installation.h"

#include <fcntl.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/service/spool.h"
#include "lib/store/queue.h"
#include "tests/unit/expect_ok.h"

const struct sl_adapter *const sl_adapters[] = { NULL };

enum { DAY_MS = 24 * 60 * 60 * 1000, MOST = 1000 };

static const char hello[] = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/* Takes a text as it would come from a pipe. */
static int take(struct installation *in, const char *text, struct sl_file *file)
{
    int ends[2], status;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    assert_int_equal(close(ends[1]), 0);
    *file = (struct sl_file){ .name = "hello.txt", .type = "text/plain" };
    status = sl_spool_take(in->service, in->arena, ends[0], MOST, file, &err);
    assert_int_equal(close(ends[0]), 0);
    return status;
}

static struct sl_item add_row(struct installation *in)
{
    struct sl_item item = { .school_id = in->school.id,
                            .operation = "test",
                            .payload = "{}",
                            .public_id = "01",
                            .account = "a",
                            .lane = "bulk" };

    OK(sl_queue_add(in->service->db, &item, sl_now_ms(), &err));
    return item;
}

static void a_file_is_named_by_its_content(void **state)
{
    struct installation *in = *state;
    struct sl_file file, again, found;
    char bytes[8] = "";
    int fd;

    OK(take(in, "hello", &file));
    assert_string_equal(file.sha256, hello);
    assert_int_equal(file.size, 5);
    OK(take(in, "hello", &again));
    assert_string_equal(again.path, file.path);
    fd = open(file.path, O_RDONLY);
    assert_int_equal(read(fd, bytes, sizeof bytes), 5);
    assert_string_equal(bytes, "hello");
    assert_int_equal(close(fd), 0);

    SL_AUTO(sl_json_free) struct json_object *json = sl_spool_json(&file);

    OK(sl_spool_find(in->service, in->arena, json, &found, &err));
    assert_string_equal(found.path, file.path);
    assert_string_equal(found.name, "hello.txt");
}

static void what_is_too_long_leaves_nothing_behind(void **state)
{
    struct installation *in = *state;
    char text[MOST + 2], command[200];
    struct sl_file file;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(take(in, text, &file), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    (void)snprintf(command, sizeof command, "test -z \"$(ls -A %s-spool)\"", in->database);
    assert_int_equal(system(command), 0);
}

static void it_stays_as_long_as_a_row_may_send_it(void **state)
{
    struct installation *in = *state;
    int64_t now_ms = sl_now_ms();
    struct sl_file file;
    struct sl_item item;

    OK(take(in, "hello", &file));
    assert_int_equal(sl_spool_sweep(in->service, now_ms, &err), 0); /* taken a moment ago */
    item = add_row(in);
    OK(sl_spool_use(in->service, &file, item.id, &err));
    assert_int_equal(sl_spool_sweep(in->service, now_ms + 2LL * DAY_MS, &err), 0);
    assert_int_equal(access(file.path, R_OK), 0);
    assert_int_equal(sl_queue_cancel(in->service->db, item.id, now_ms, &err), 1);
    assert_int_equal(sl_spool_sweep(in->service, now_ms + 2LL * DAY_MS, &err), 1);
    assert_int_equal(access(file.path, R_OK), -1);
}

/* Two files as a killed process leaves them: a copy that is not whole, one that no row names yet. */
static void what_a_killed_process_left_goes_after_a_day(void **state)
{
    struct installation *in = *state;
    const char *const names[] = { "new-0123456789abcdef", hello };
    struct sl_file file;

    OK(take(in, "other", &file));
    for (size_t i = 0; i < 2; i++) {
        const char *path = sl_arena_printf(in->arena, "%s-spool/%s", in->database, names[i]);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);

        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
    }
    assert_int_equal(sl_spool_sweep(in->service, sl_now_ms(), &err), 0); /* it may be at work */
    assert_int_equal(sl_spool_sweep(in->service, sl_now_ms() + 2LL * DAY_MS, &err), 3);
}

static void a_payload_cannot_name_other_files(void **state)
{
    struct installation *in = *state;
    static const char text[] =
        "{\"name\":\"x\",\"type\":\"y\",\"size\":1,\"sha256\":"
        "\"../../../../../../../../../../../../../../../../../../../../etc/p\"}";
    SL_AUTO(sl_json_free) struct json_object *json = sl_json_parse(text, strlen(text));
    struct sl_file file;

    assert_non_null(json);
    assert_int_equal(sl_spool_find(in->service, in->arena, json, &file, &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_named_by_its_content, installation_setup,
                                        installation_teardown),
        cmocka_unit_test_setup_teardown(what_is_too_long_leaves_nothing_behind, installation_setup,
                                        installation_teardown),
        cmocka_unit_test_setup_teardown(it_stays_as_long_as_a_row_may_send_it, installation_setup,
                                        installation_teardown),
        cmocka_unit_test_setup_teardown(what_a_killed_process_left_goes_after_a_day,
                                        installation_setup, installation_teardown),
        cmocka_unit_test_setup_teardown(a_payload_cannot_name_other_files, installation_setup,
                                        installation_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
