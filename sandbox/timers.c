/* A binary heap by due time, then by order of arrival. */
#include "sandbox/timers.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"

struct timer {
    int64_t due_ms; /* since boot */
    uint64_t order;
    sl_timer_fn *run;
    void *thing;
};

struct sl_timers {
    struct sl_sandbox *box;
    struct timer *heap;
    size_t n, room;
    uint64_t n_added;
};

struct sl_timers *sl_timers_new(struct sl_sandbox *box)
{
    struct sl_timers *timers = calloc(1, sizeof *timers);

    if (!timers)
        sl_out_of_memory();
    timers->box = box;
    return timers;
}

void sl_timers_free(struct sl_timers **timers)
{
    if (!*timers)
        return;
    sl_timers_cancel(*timers);
    free((*timers)->heap);
    free(*timers);
    *timers = NULL;
}

static bool before(const struct timer *a, const struct timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

void sl_timers_add(struct sl_timers *timers, int64_t delay_ms, sl_timer_fn *run, void *thing)
{
    struct timer timer = { sl_boot_ms() + delay_ms, timers->n_added++, run, thing };
    size_t i = timers->n++;

    if (i == timers->room) {
        timers->room = timers->room ? timers->room * 2 : 64;
        timers->heap = reallocarray(timers->heap, timers->room, sizeof *timers->heap);
        if (!timers->heap)
            sl_out_of_memory();
    }
    for (; i > 0 && before(&timer, &timers->heap[(i - 1) / 2]); i = (i - 1) / 2)
        timers->heap[i] = timers->heap[(i - 1) / 2];
    timers->heap[i] = timer;
}

static struct timer take_first(struct sl_timers *timers)
{
    struct timer first = timers->heap[0], last = timers->heap[--timers->n];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < timers->n) {
        if (child + 1 < timers->n && before(&timers->heap[child + 1], &timers->heap[child]))
            child++;
        if (!before(&timers->heap[child], &last))
            break;
        timers->heap[i] = timers->heap[child];
        i = child;
    }
    timers->heap[i] = last;
    return first;
}

/* What they add with no delay has its turn in the next round: the loop goes on meanwhile. */
void sl_timers_run(struct sl_timers *timers)
{
    int64_t now_ms = timers->n > 0 ? sl_boot_ms() : 0;
    uint64_t first_new = timers->n_added;

    while (timers->n > 0 && timers->heap[0].due_ms <= now_ms && timers->heap[0].order < first_new) {
        struct timer timer = take_first(timers);

        timer.run(timers->box, timer.thing, SL_TIMER_DUE);
    }
}

void sl_timers_cancel(struct sl_timers *timers)
{
    while (timers->n > 0) {
        struct timer timer = timers->heap[--timers->n];

        timer.run(timers->box, timer.thing, SL_TIMER_CANCELLED);
    }
}

int64_t sl_timers_wait_ms(const struct sl_timers *timers)
{
    int64_t wait_ms = timers->n > 0 ? timers->heap[0].due_ms - sl_boot_ms() : -1;

    return timers->n > 0 && wait_ms < 0 ? 0 : wait_ms;
}
