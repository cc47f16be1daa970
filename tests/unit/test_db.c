/* The database under everything: what it takes of this machine. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/arena.h"

#include "lib/store/sql.h"

#include "tests/unit/expect_ok.h"

static size_t allocated(void)
{
    struct mallinfo2 now = mallinfo2();

    return now.uordblks + now.hblkhd;
}

static void what_it_keeps_in_memory_does_not_grow_with_it(void **state)
{
    static const char eight_mebibytes[] =
        "CREATE TABLE large (bytes BLOB);"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8192)"
        " INSERT INTO large SELECT zeroblob(1024) FROM n;"
        "UPDATE large SET bytes = randomblob(1024)";
    char folder[] = "/tmp/sl-test-XXXXXX", path[64];
    SL_AUTO(sl_db_close) struct sl_db *db = NULL;
    size_t before = allocated();

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/db", folder);
    OK(sl_db_create(&db, path, &err));
    OK(sl_db_script(db, eight_mebibytes, &err));
    assert_in_range(allocated() - before, 0, 4 * 1024 * 1024);
    sl_db_close(&db);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_keeps_in_memory_does_not_grow_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
