#include "lib/service/awaited.h"

static const char *until(struct sl_arena *arena, int64_t ms)
{
    char text[SL_TIME_SIZE];

    sl_time_utc(ms / 1000 * 1000, text);
    return sl_arena_strdup(arena, text);
}

const char *sl_awaited_account(struct sl_arena *arena, const struct sl_account_row *row,
                               int64_t now_ms)
{
    if (row->blocked)
        return sl_arena_printf(arena, "blocked: %s", row->blocked);
    if (row->hold_ms > row->open_ms)
        return sl_arena_printf(arena, "held until %s: %s", until(arena, now_ms + row->hold_ms),
                               row->held ? row->held : "the provider asked to wait");
    if (row->open_ms > 0)
        return sl_arena_printf(arena, "left alone until %s: it fails",
                               until(arena, now_ms + row->open_ms));
    return row->open ? "left alone until one request has tried it: it failed" : NULL;
}
