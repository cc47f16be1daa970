/* Any bytes as a time or a duration: no crash, and what is accepted is printed and read as the same. */
#include "tests/fuzz/fuzz.h"

#include "lib/base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t now_ms = 1795512852000, century_ms = 100LL * 366 * 86400 * 1000;
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *text = fuzz_rest(&fuzz);
    char printed[SL_TIME_SIZE], zone[SL_TIME_SIZE], compact[SL_TIME_SIZE];
    int64_t ms, again, duration = sl_duration_ms(text);

    must(duration >= -1 && duration <= century_ms);
    if (sl_time_parse(text, "Africa/Nairobi", now_ms, &ms) < 0)
        return 0;
    sl_time_utc(ms, printed);
    must(sl_time_parse(printed, "UTC", now_ms, &again) == 0 && again == ms);
    sl_time_zone(ms, "Africa/Nairobi", zone);
    sl_time_compact(ms, 180, compact);
    must(strlen(zone) < sizeof zone && strlen(compact) < sizeof compact);
    return 0;
}
