/* The power goes before the first, second, third … write, cut, sync or removal of a file, until there
 * is no such one left; the disk (tests/sim/disk.h) then forgets, tears and reorders what was not
 * synced. What was acknowledged before is there, nothing is there by half. Or a sync fails, the disk drops what it had to
 * write, all is done again, and then the power goes: what is acknowledged by then does not stand on what was dropped. */
#include "tests/unit/installation.h"
#include "tests/unit/expect_ok.h"

#include "lib/base/text.h"
#include "lib/service/endpoints.h"
#include "lib/service/inbound.h"
#include "lib/service/rotate.h"
#include "lib/service/sms.h"
#include "lib/service/verify.h"
#include "lib/store/sql.h"
#include "tests/sim/disk.h"

enum { CUTS = 6 /* at each point */, ROUNDS = 3, MOST_FILE = 1 << 20 };

struct bytes {
    char bytes[MOST_FILE];
    size_t n;
};

struct power {
    struct installation *in;
    struct disk disk;
    struct bytes database, rings[2]; /* as every round begins */
    char token[SL_CALLBACK_TOKEN_SIZE];
    int64_t left; /* operations until the power goes; < 0: it is off */
    int64_t good; /* syncs until one fails, of which the disk drops all */
    uint64_t random;
    int64_t acknowledged, points;
};

/* ---- The disk, and its power ------------------------------------------------------------------- */

static bool step(void *opaque, enum disk_op op, const char *name)
{
    struct power *power = opaque;
    bool changes = op == DISK_WRITE || op == DISK_TRUNCATE || op == DISK_SYNC || op == DISK_DELETE;

    (void)name;
    if (power->left > 0 && changes && --power->left == 0)
        power->left = -1;
    if (power->good > 0 && op == DISK_SYNC && --power->good == 0)
        return false;
    return power->left >= 0;
}

/* splitmix64 */
static uint64_t draw(void *opaque)
{
    struct power *power = opaque;
    uint64_t n = power->random += UINT64_C(0x9e3779b97f4a7c15);

    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

static void read_file(const char *path, struct bytes *bytes)
{
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    bytes->n = fread(bytes->bytes, 1, sizeof bytes->bytes, file);
    assert_true(feof(file));
    assert_int_equal(fclose(file), 0);
}

static void write_file(const char *path, const struct bytes *bytes)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes->bytes, 1, bytes->n, file), bytes->n);
    assert_int_equal(fclose(file), 0);
}

static const char *ring(struct power *power, size_t i)
{
    return sl_arena_printf(power->in->arena, "%s%s", power->in->keyring, i ? ".webhook" : "");
}

/* ---- A school that sends, and is called ---------------------------------------------------------- */

static void prepare_school(struct power *power)
{
    static const struct sl_change changes[] = { { "username", "greenhill" },
                                                { "api_key", "key-of-a-test" } };
    const struct sl_config_set set = { .changes = changes, .n_changes = 2 };
    struct installation *in = power->in;
    struct sl_endpoint_made made;

    in->service->settings.public_url = "https://school.example";
    OK(sl_config_set(in->service, &in->school, sl_adapter_find("africastalking"), &set, &err));
    OK(sl_endpoint_add(in->service, in->arena, &in->school, "africastalking", NULL, &made, &err));
    (void)snprintf(power->token, sizeof power->token, "%s", made.token);
}

static int setup(void **state)
{
    struct power *power = calloc(1, sizeof *power);

    if (!power || installation_setup((void **)&power->in) != 0)
        return -1;
    prepare_school(power);
    sl_service_close(&power->in->service);
    read_file(power->in->database, &power->database);
    for (size_t i = 0; i < 2; i++)
        read_file(ring(power, i), &power->rings[i]);
    power->disk = (struct disk){ .step = step, .random = draw, .opaque = power };
    disk_mount(&power->disk);
    *state = power;
    return 0;
}

static int teardown(void **state)
{
    struct power *power = *state;
    void *in = power->in;

    disk_clear(&power->disk);
    disk_unmount();
    free(power);
    return installation_teardown(&in);
}

/* ---- What is done until the power goes ---------------------------------------------------------- */

/* Each returns 0, or -1 if it failed; what was acknowledged is counted. */

static int send_texts(struct power *power, struct sl_service *service)
{
    const char *const numbers[] = { "+254711000001", "+254711000002" };
    struct sl_sending sending;
    struct sl_batch batch = { 0 };
    bool fresh;

    for (int i = 0; i < ROUNDS; i++) {
        const struct sl_sms_options options = {
            .text = "School closes at noon",
            .key = sl_arena_printf(power->in->arena, "key-%d", i),
            .max_segments = 2,
        };

        if (sl_sms_prepare(service, power->in->arena, &power->in->school, &options, numbers, 2,
                           &sending, &err) < 0 ||
            sl_send_record(service, power->in->arena, &power->in->school, &sending, &batch, &fresh,
                           &err) < 0)
            return -1;
        power->acknowledged++;
    }
    return 0;
}

static int hear_callbacks(struct power *power, struct sl_service *service)
{
    SL_AUTO(sl_inbox_free) struct sl_inbox *inbox = sl_inbox_new(service);

    for (int i = 0; i < ROUNDS; i++) {
        struct sl_received received = {
            .arena = power->in->arena,
            .method = "POST",
            .path = sl_arena_printf(power->in->arena, "/hooks/at/%s/dlr", power->token),
            .query = "",
            .content_type = "application/x-www-form-urlencoded",
            .body = sl_arena_printf(power->in->arena, "id=ATXid_%d&status=Success", i),
        };
        struct sl_received *const one = &received;

        received.n_body = strlen(received.body);
        (void)sl_inbound_receive_all(inbox, &one, 1, &err);
        if (received.reply.status != 200)
            return -1;
        power->acknowledged++;
    }
    return 0;
}

static int rotate_keys(struct power *power, struct sl_service *service)
{
    struct sl_rotation rotation;

    if (sl_keys_rotate(service, &rotation, &err) < 0)
        return -1;
    power->acknowledged++;
    return 0;
}

/* ---- What must be there then --------------------------------------------------------------------- */

static int64_t number(const struct sl_service *service, const char *sql)
{
    int64_t n = -1;

    OK(sl_db_number(service->db, sql, SL_NO_PARAMS, &n, &err));
    return n;
}

static void check_texts(struct power *power, struct sl_service *service)
{
    int64_t n = number(service, "SELECT count(*) FROM message_batches WHERE state = 'ready'");

    assert_in_range(n, power->acknowledged, ROUNDS);
    assert_int_equal(number(service, "SELECT count(*) FROM message_batches"), n);
    assert_int_equal(number(service, "SELECT count(*) FROM messages WHERE queue_id > 0"), 2 * n);
    assert_int_equal(number(service, "SELECT count(*) FROM integration_queue"), n);
}

static void check_callbacks(struct power *power, struct sl_service *service)
{
    int64_t n = number(service, "SELECT count(*) FROM webhook_requests");

    assert_in_range(n, power->acknowledged, ROUNDS);
    assert_int_equal(number(service, "SELECT count(*) FROM webhook_events"), n);
}

/* Whatever was sealed opens, by the ring as it is; and the rotation can be ended. */
static void check_keys(struct power *power, struct sl_service *service)
{
    struct sl_rotation rotation;
    struct sl_account account;

    OK(sl_config_open(service, power->in->arena, power->in->school.id,
                      number(service, "SELECT provider_id FROM integration_configs"), &account,
                      &err));
    OK(sl_keys_rotate(service, &rotation, &err));
    for (size_t i = 0; i < SL_SEALED_COLUMNS; i++)
        assert_int_equal(rotation.unopened[i], 0);
    for (size_t i = 0; i < 2; i++) /* for the next round */
        write_file(ring(power, i), &power->rings[i]);
}

static void check_whole(struct power *power, struct sl_service *service)
{
    struct sl_verified *verified = SL_NEW(power->in->arena, struct sl_verified, 1);
    const struct sl_expected nothing = { 0 };

    assert_int_equal(
        number(service,
               "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
        0);
    assert_int_equal(number(service, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    OK(sl_verify(service, &nothing, verified, &err));
    assert_int_equal(verified->n_breaks, 0);
}

/* ---- The loop ------------------------------------------------------------------------------------- */

static struct sl_service *start(struct power *power)
{
    disk_clear(&power->disk);
    disk_put(&power->disk, power->in->database, power->database.bytes, power->database.n);
    power->left = 0;
    power->acknowledged = 0;
    return open_again(power->in, SL_ALL_KEYS);
}

typedef int act_fn(struct power *power, struct sl_service *service);
typedef void check_fn(struct power *power, struct sl_service *service);

/* Closing writes too: what the WAL has goes into the database. False: the power never went. */
static bool cut_at(struct power *power, int64_t point, uint64_t seed, act_fn *act, check_fn *check)
{
    SL_AUTO(sl_service_close) struct sl_service *service = start(power);
    int done;
    bool went;

    power->random = seed;
    power->left = point;
    done = act(power, service);
    sl_service_close(&service);
    went = power->left < 0;
    assert_true(went || done == 0);
    disk_cut(&power->disk);
    power->left = 0;
    service = open_again(power->in, SL_ALL_KEYS);
    check_whole(power, service);
    check(power, service);
    return went;
}

static void cut_everywhere(struct power *power, act_fn *act, check_fn *check)
{
    bool went = true;

    for (int64_t point = 1; went; point++) {
        for (uint64_t cut = 0; cut < CUTS; cut++)
            went = cut_at(power, point, (uint64_t)point * 1000 + cut, act, check);
        power->points = point;
    }
    print_message("the power went at %lld points\n", (long long)power->points - 1);
    assert_true(power->points > 10);
}

/* By another process, or by the same, as the daemon does. */
static void do_again(struct power *power, struct sl_service **service, bool anew, act_fn *act)
{
    if (anew) {
        sl_service_close(service);
        *service = open_again(power->in, SL_ALL_KEYS);
    }
    power->acknowledged = 0;
    OK(act(power, *service));
}

/* False: it was not reached. */
static bool drop_at(struct power *power, int64_t point, uint64_t seed, act_fn *act, check_fn *check)
{
    SL_AUTO(sl_service_close) struct sl_service *service = start(power);
    bool failed;

    power->random = seed;
    power->good = point;
    power->disk.drops = true;
    failed = act(power, service) < 0;
    assert_int_equal(failed, power->good == 0);
    power->good = 0;
    power->disk.drops = false;
    do_again(power, &service, seed % 2 == 0, act);
    power->left = -1;
    sl_service_close(&service);
    disk_cut(&power->disk);
    power->left = 0;
    service = open_again(power->in, SL_ALL_KEYS);
    check_whole(power, service);
    check(power, service);
    return failed;
}

static void drop_everywhere(struct power *power, act_fn *act, check_fn *check)
{
    bool failed = true;

    for (int64_t point = 1; failed; point++) {
        for (uint64_t cut = 0; cut < CUTS; cut++)
            failed = drop_at(power, point, (uint64_t)point * 1000 + cut, act, check);
        power->points = point;
    }
    print_message("a sync failed at %lld points\n", (long long)power->points - 1);
    assert_true(power->points > 2);
}

static void texts_that_were_taken_are_there(void **state)
{
    cut_everywhere(*state, send_texts, check_texts);
}

static void callbacks_that_were_answered_are_there(void **state)
{
    cut_everywhere(*state, hear_callbacks, check_callbacks);
}

static void what_is_sealed_opens_after_half_a_rotation(void **state)
{
    cut_everywhere(*state, rotate_keys, check_keys);
}

static void texts_do_not_stand_on_a_sync_that_failed(void **state)
{
    drop_everywhere(*state, send_texts, check_texts);
}

static void callbacks_do_not_stand_on_a_sync_that_failed(void **state)
{
    drop_everywhere(*state, hear_callbacks, check_callbacks);
}

static void keys_do_not_stand_on_a_sync_that_failed(void **state)
{
    drop_everywhere(*state, rotate_keys, check_keys);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(texts_that_were_taken_are_there),
        PROMISE(callbacks_that_were_answered_are_there),
        PROMISE(what_is_sealed_opens_after_half_a_rotation),
        PROMISE(texts_do_not_stand_on_a_sync_that_failed),
        PROMISE(callbacks_do_not_stand_on_a_sync_that_failed),
        PROMISE(keys_do_not_stand_on_a_sync_that_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
