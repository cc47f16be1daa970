#include "sandbox/visit.h"

#include <string.h>

#include "sandbox/box.h"
#include "sandbox/registry.h"

void sl_visit_begin(struct sl_visit *visit, int status, const char *type)
{
    visit->status = status;
    visit->type = type;
    visit->answer.len = 0;
}

void sl_visit_answer(struct sl_visit *visit, int status, const char *type, const char *text)
{
    sl_visit_begin(visit, status, type);
    sl_buf_text(&visit->answer, text);
}

void sl_visit_add_header(struct sl_visit *visit, const char *name, const char *value)
{
    size_t i = 0;

    while (i < SL_COUNT(visit->headers) - 1 && visit->headers[i].name)
        i++;
    visit->headers[i].name = name;
    visit->headers[i].value = value;
}

void sl_visit_hold(struct sl_visit *visit)
{
    visit->holds++;
}

/* ---- Refusals ----------------------------------------------------------------------- */

/* xorshift64 */
static double draw(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (double)(*random >> 11) / 9007199254740992.0;
}

enum sl_refusal sl_visit_refusal(struct sl_visit *visit)
{
    static const enum sl_refusal always[SL_N_SCENARIOS] = {
        [SL_PLAY_RATE_LIMITED] = SL_REFUSE_RATE,
        [SL_PLAY_BUSY] = SL_REFUSE_BUSY,
        [SL_PLAY_SERVER_ERROR] = SL_REFUSE_BROKEN,
    };
    struct sl_sandbox *box = visit->box;

    if (visit->scenario == SL_PLAY_FLAKY && box->n_flaky++ % 2 == 0)
        return box->n_flaky % 4 == 1 ? SL_REFUSE_BUSY : SL_REFUSE_BROKEN;
    if (always[visit->scenario] != SL_REFUSE_NOT)
        return always[visit->scenario];
    if (box->settings.fail_rate > 0 && draw(&box->random) < box->settings.fail_rate)
        return box->n_unlucky++ % 2 == 0 ? SL_REFUSE_RATE : SL_REFUSE_BUSY;
    return SL_REFUSE_NOT;
}

/* ---- Spoiled answers ---------------------------------------------------------------- */

enum { HUGE_BYTES = 10 * 1024 * 1024, DEEP = 100000 };

static void put_huge(struct sl_visit *visit)
{
    static const char head[] = "{\"padding\":\"", tail[] = "\"}";
    char *bytes = sl_arena_alloc(visit->arena, HUGE_BYTES + 1, 1);
    size_t n_tail = sizeof tail - 1;

    memset(bytes, 'A', HUGE_BYTES);
    memcpy(bytes, head, sizeof head - 1);
    memcpy(bytes + HUGE_BYTES - n_tail, tail, n_tail);
    visit->answer.data = bytes;
    visit->answer.len = HUGE_BYTES;
    visit->answer.capacity = HUGE_BYTES + 1;
}

static void put_deep(struct sl_visit *visit)
{
    char *bytes = sl_arena_alloc(visit->arena, 2 * DEEP + 1, 1);

    memset(bytes, '[', DEEP);
    memset(bytes + DEEP, ']', DEEP);
    visit->answer.data = bytes;
    visit->answer.len = 2 * DEEP;
    visit->answer.capacity = 2 * DEEP + 1;
}

static void put_page(struct sl_visit *visit)
{
    sl_visit_answer(visit, visit->status, "text/html; charset=utf-8",
                    "<!DOCTYPE html>\n<html><head><title>Portal</title></head>"
                    "<body><h1>Please log in to use this network</h1></body></html>\n");
}

static void put_nothing(struct sl_visit *visit)
{
    visit->answer.len = 0;
}

static void cut(struct sl_visit *visit)
{
    visit->ending = SL_ENDING_CUT;
}

static void lose(struct sl_visit *visit)
{
    visit->ending = SL_ENDING_NONE;
    visit->box->counts.lost++;
}

static void release_late(struct sl_sandbox *box, void *thing, enum sl_timer_end end)
{
    (void)box;
    (void)end;
    sl_visit_release(thing);
}

static void delay(struct sl_visit *visit)
{
    sl_visit_hold(visit);
    sl_timers_add(visit->box->timers, visit->box->settings.slow_ms, release_late, visit);
}

void sl_visit_spoil(struct sl_visit *visit)
{
    static void (*const spoilers[SL_N_SCENARIOS])(struct sl_visit *) = {
        [SL_PLAY_LOST_ANSWER] = lose,         [SL_PLAY_HTML_ANSWER] = put_page,
        [SL_PLAY_EMPTY_ANSWER] = put_nothing, [SL_PLAY_TRUNCATED_ANSWER] = cut,
        [SL_PLAY_HUGE_ANSWER] = put_huge,     [SL_PLAY_DEEP_JSON] = put_deep,
        [SL_PLAY_SLOW_ANSWER] = delay,
    };

    if (visit->status < 300 && spoilers[visit->scenario])
        spoilers[visit->scenario](visit);
    if (visit->box->settings.latency_ms > 0) {
        sl_visit_hold(visit);
        sl_timers_add(visit->box->timers, visit->box->settings.latency_ms, release_late, visit);
    }
}

/* ---- From a request to its answer ---------------------------------------------------- */

void sl_visit_run(struct sl_visit *visit)
{
    static const struct sl_seen_kind other = { .operation = "other",
                                               .names = { "status" },
                                               .numbers = 1 };
    struct sl_counts *counts = &visit->box->counts;

    counts->requests++;
    visit->scenario = visit->box->scenario;
    if (!visit->simulator)
        sl_visit_answer(visit, 404, "text/plain", "no provider has this path\n");
    else if (!visit->too_large)
        visit->simulator->answer(visit);
    else if (visit->simulator->too_large)
        visit->simulator->too_large(visit);
    else
        sl_visit_answer(visit, 413, NULL, "");
    counts->refused += visit->status >= 400;
    if (!visit->recorded)
        sl_seen_add(visit, &other,
                    (const char *const[]){ sl_arena_printf(visit->arena, "%d", visit->status) });
    if (visit->simulator)
        sl_visit_spoil(visit);
}
