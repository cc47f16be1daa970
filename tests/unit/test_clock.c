/* Times as people and files write them: what is taken, and what is refused. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"

static const int64_t now_ms = 1795512852000;

static void a_time_is_read_in_its_zone(void **state)
{
    static const struct {
        const char *text, *utc;
    } times[] = {
        { "2026-11-24T08:30:00+03:00", "2026-11-24T05:30:00Z" },
        { "2026-11-24 05:30:00Z", "2026-11-24T05:30:00Z" },
        { "2026-11-24T05:30:00.999z", "2026-11-24T05:30:00Z" },
        { "2026-11-24", "2026-11-23T21:00:00Z" },
    };
    char utc[SL_TIME_SIZE];
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(times); i++) {
        assert_int_equal(sl_time_parse(times[i].text, "Africa/Nairobi", now_ms, &ms), 0);
        sl_time_utc(ms, utc);
        assert_string_equal(utc, times[i].utc);
    }
}

static void what_is_nearly_a_time_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "0-1-1",
        "26-11-24",
        "2026-1-1",
        " 2026-11-24",
        "2026-11- 4",
        "2026-02-30",
        "2026-11-24T05:30:00",
        "2026-11-24T5:30:00Z",
        "2026-11-24T05:30Z",
        "2026-11-24T05:30:00+3:00",
        "1h ago",
    };
    int64_t ms = 7;

    (void)state;
    for (size_t i = 0; i < SL_COUNT(texts); i++)
        assert_int_equal(sl_time_parse(texts[i], "UTC", now_ms, &ms), -1);
    assert_int_equal(ms, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_read_in_its_zone),
        cmocka_unit_test(what_is_nearly_a_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
