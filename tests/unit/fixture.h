/* A database with one school and its providers, for tests of the store. */
#ifndef SL_TESTS_FIXTURE_H
#define SL_TESTS_FIXTURE_H

#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/arena.h"
#include "lib/store/migrate.h"
#include "lib/store/schools.h"

static const int64_t test_now_ms = 1795500000000; /* 24 November 2026 */

static inline struct sl_db *fixture_open(void)
{
    const struct sl_school school = { .code = "greenhill",
                                      .name = "Greenhill School",
                                      .country = "KE",
                                      .timezone = "Africa/Nairobi",
                                      .currency = "KES",
                                      .status = "active" };
    struct sl_db *db = NULL;
    struct sl_err err;

    assert_int_equal(sl_db_create(&db, ":memory:", &err), 0);
    assert_int_equal(sl_store_create(db, test_now_ms, &err), 0);
    assert_int_equal(sl_schools_add(db, &school, test_now_ms, &err), 0);
    return db;
}

/* The ids that fixture_open() gives: `everyone` is the first school, greenhill the second. */
enum { GREENHILL = 2, MPESA = 1, AFRICASTALKING = 4 };

#endif
