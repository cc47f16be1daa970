/* An audit trail in a temporary folder, with what tests of it do to it. */
#ifndef SL_TESTS_TRAIL_H
#define SL_TESTS_TRAIL_H

#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/crypto.h"
#include "lib/service/audit.h"
#include "lib/service/forget.h"
#include "lib/service/prune.h"
#include "lib/service/verify.h"
#include "lib/store/migrate.h"
#include "lib/store/sql.h"

enum { GREENHILL = 2, OTHER = 3, AFRICASTALKING = 4 };

static const int64_t now_ms = 1795500000000;
static const char *const family[] = { "+254711000001", "+254711000002" };

struct trail {
    char folder[64], database[96], keyring[96];
    struct sl_service *service;
};

static inline void must(int status, const struct sl_err *err)
{
    if (status < 0)
        fail_msg("%s", err->text);
}

static inline struct sl_service *open_service(const struct trail *trail)
{
    struct sl_service *service = calloc(1, sizeof *service);
    struct sl_err err;

    assert_non_null(service);
    service->arena = sl_arena_new();
    must(sl_db_open(&service->db, trail->database, &err), &err);
    must(sl_keyring_load(&service->keyring, trail->keyring, SL_KEYRING_WEBHOOK, &err), &err);
    return service;
}

static inline void close_service(struct sl_service *service)
{
    sl_keyring_free(&service->keyring);
    sl_db_close(&service->db);
    sl_arena_free(&service->arena);
    free(service);
}

static inline void add_school(struct sl_db *db, const char *code)
{
    const struct sl_school school = { .code = code,
                                      .name = "A School",
                                      .country = "KE",
                                      .timezone = "Africa/Nairobi",
                                      .currency = "KES",
                                      .status = "active" };
    struct sl_err err;

    must(sl_schools_add(db, &school, now_ms, &err), &err);
}

static inline int setup(void **state)
{
    struct trail *trail = calloc(1, sizeof *trail);
    struct sl_keyring_made made;
    struct sl_db *db = NULL;
    struct sl_err err;

    (void)strcpy(trail->folder, "/tmp/shulelabs-XXXXXX");
    assert_non_null(mkdtemp(trail->folder));
    (void)snprintf(trail->database, sizeof trail->database, "%s/sl.db", trail->folder);
    (void)snprintf(trail->keyring, sizeof trail->keyring, "%s/keyring", trail->folder);
    must(sl_keyring_create(trail->keyring, now_ms, &made, &err), &err);
    must(sl_db_create(&db, trail->database, &err), &err);
    must(sl_store_create(db, now_ms, &err), &err);
    add_school(db, "greenhill");
    add_school(db, "other");
    sl_db_close(&db);
    trail->service = open_service(trail);
    *state = trail;
    return 0;
}

static inline int teardown(void **state)
{
    static const char *const files[] = { "sl.db", "sl.db-wal", "sl.db-shm", "keyring",
                                         "keyring.webhook" };
    struct trail *trail = *state;
    char path[160];

    close_service(trail->service);
    for (size_t i = 0; i < SL_COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", trail->folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(trail->folder);
    free(trail);
    return 0;
}

static inline struct sl_log example(void)
{
    return (struct sl_log){
        .school_id = GREENHILL,
        .provider_id = AFRICASTALKING,
        .direction = "outbound",
        .operation = "sms.send",
        .reference_type = "message",
        .reference_id = "01KAXYZ",
        .request_data = "{\"to\":\"2547••••0001\"}",
        .response_data = "{\"ok\":1}",
        .status = "success",
        .status_code = 201,
        .error_message = "none for +254711000001",
        .duration_ms = 12,
        .external_reference = "ATXid_1",
        .ip_address = "10.0.0.1",
        .attempt = 1,
        .actor = "root",
        .phones = family,
        .n_phones = SL_COUNT(family),
        .created_at = now_ms,
    };
}

/* One transaction of n rows; nothing stays if `undone`. */
static inline void add_logs(struct sl_service *service, const struct sl_log *log, int n,
                            bool undone)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_err err;

    must(sl_tx_begin(&tx, service->db, &err), &err);
    for (int i = 0; i < n; i++)
        must(sl_audit_add(service, log, &err), &err);
    if (!undone)
        must(sl_tx_commit(&tx, &err), &err);
}

static inline void add_rows(struct sl_service *service, int n)
{
    const struct sl_log log = example();

    add_logs(service, &log, n, false);
}

static inline void add_plain_rows(struct sl_service *service, int n)
{
    const struct sl_log log = { .direction = "inbound",
                                .operation = "key.rotate",
                                .status = "success",
                                .duration_ms = -1,
                                .created_at = now_ms };

    add_logs(service, &log, n, false);
}

static inline struct sl_verified verify_expecting(struct sl_service *service,
                                                  const struct sl_log_link *noted)
{
    struct sl_expected expected = { .id = noted ? noted->id : 0 };
    struct sl_verified verified;
    struct sl_err err;

    if (noted)
        (void)snprintf(expected.hash, sizeof expected.hash, "%s", noted->hash);
    must(sl_verify(service, &expected, &verified, &err), &err);
    return verified;
}

static inline struct sl_verified verify(struct sl_service *service)
{
    return verify_expecting(service, NULL);
}

static inline void assert_whole(struct sl_service *service, int64_t rows)
{
    const struct sl_verified verified = verify(service);

    if (verified.n_breaks > 0)
        fail_msg("%s", verified.breaks[0].text);
    assert_int_equal(verified.rows, rows);
}

/* Does it, and looks, and undoes it. */
static inline struct sl_verified verify_after(struct sl_service *service, const char *sql)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_err err;

    must(sl_tx_begin(&tx, service->db, &err), &err);
    if (sl_db_script(service->db, sql, &err) < 0)
        fail_msg("%s: %s", err.text, sql);
    return verify(service);
}

static inline void assert_broken(struct sl_service *service, const char *sql,
                                 enum sl_break_kind kind, int64_t id)
{
    const struct sl_verified verified = verify_after(service, sql);

    if (verified.n_breaks == 0)
        fail_msg("not found: %s", sql);
    if (verified.breaks[0].kind != kind || verified.breaks[0].id != id)
        fail_msg("%s: %s", sql, verified.breaks[0].text);
}

/* An attacker is held up by no constraint. */
static inline void lift_constraints(struct sl_service *service)
{
    struct sl_err err;

    must(sl_db_script(service->db,
                      "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF", &err),
         &err);
}

static inline struct sl_pruned prune(struct sl_service *service, int64_t before)
{
    struct sl_pruned pruned;
    struct sl_err err;

    must(sl_prune(service, before, false, now_ms, &pruned, &err), &err);
    return pruned;
}

static inline void add_old_rows(struct sl_service *service, int n, int64_t created_at)
{
    struct sl_log log = example();

    log.created_at = created_at;
    add_logs(service, &log, n, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
