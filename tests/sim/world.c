/* Time, chance and processes. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "tests/sim/sim.h"

enum { STACK = 512 * 1024, OVERSLEEP = 20 };

struct sim sim;

/* ---- Chance, and what is told ----------------------------------------------------------------- */

/* splitmix64 */
static uint64_t mix(uint64_t n)
{
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

uint64_t sim_draw(void)
{
    return mix(sim.chance += UINT64_C(0x9e3779b97f4a7c15));
}

int64_t sim_between(int64_t least, int64_t most)
{
    return least + (int64_t)(sim_draw() % (uint64_t)(most - least + 1));
}

bool sim_chance(int in)
{
    return sim.faults && sim_draw() % (uint64_t)in == 0;
}

void sim_trace(uint64_t what)
{
    sim.trace = mix(sim.trace ^ what) + (uint64_t)sim.now_us;
}

void sim_say(const char *format, ...)
{
    char text[512];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    for (const char *at = text; *at; at++)
        sim.trace = (sim.trace ^ (unsigned char)*at) * UINT64_C(1099511628211);
    sim_trace(0);
    if (sim.told)
        (void)printf("%12.6f %-8s %s\n", (double)sim.now_us / 1e6,
                     sim.current ? sim.current->name : "", text);
}

/* ---- The machine (lib/base/machine.c) ----------------------------------------------------------- */

/* 2026-01-05 05:30 UTC */
enum { BEGIN_S = 1767591000 };

int64_t sl_now_ms(void)
{
    return BEGIN_S * INT64_C(1000) + sim.now_us / 1000;
}

/* Outside of our processes it is a provider that asks, whose machine never goes down. */
int64_t sl_boot_ms(void)
{
    return (sim.now_us - (sim.current ? sim.booted_us : 0)) / 1000 + 5000;
}

void sl_boot_id(char id[SL_BOOT_ID_SIZE])
{
    (void)snprintf(id, SL_BOOT_ID_SIZE, "00000000-0000-4000-8000-%012d", (int)sim.n_boots);
}

/* Who waits for a lock may well be kept waiting longer: else half of a history would be that. */
void sl_pause_us(int64_t us)
{
    if (sim.current)
        sim_wait(us * OVERSLEEP);
}

void sl_random(void *bytes, size_t n)
{
    unsigned char *at = bytes;

    for (uint64_t random; n > 0;
         at += n < sizeof random ? n : sizeof random, n -= n < sizeof random ? n : sizeof random) {
        random = sim_draw();
        memcpy(at, &random, n < sizeof random ? n : sizeof random);
    }
}

/* ---- What is due --------------------------------------------------------------------------------- */

static void expect(int64_t at_us)
{
    if (at_us < sim.next_us)
        sim.next_us = at_us;
}

void sim_after(int64_t us, void (*run)(void *thing), void *thing)
{
    if (sim.n_events == sim.room) {
        sim.room = sim.room ? 2 * sim.room : 64;
        sim.events = reallocarray(sim.events, sim.room, sizeof *sim.events);
        if (!sim.events)
            sl_out_of_memory();
    }
    sim.events[sim.n_events++] = (struct event){ sim.now_us + us, sim.n_order++, run, thing };
    expect(sim.now_us + us);
}

/* NULL: there is none. */
static struct event *first_event(void)
{
    struct event *first = sim.events;

    for (size_t i = 1; i < sim.n_events; i++)
        if (sim.events[i].at_us < first->at_us ||
            (sim.events[i].at_us == first->at_us && sim.events[i].order < first->order))
            first = &sim.events[i];
    return sim.n_events > 0 ? first : NULL;
}

static struct process *first_process(const struct process *but)
{
    struct process *first = NULL;

    for (size_t i = 0; i < SIM_PROCESSES; i++) {
        struct process *at = &sim.processes[i];

        if (at->life && at != but && (!first || at->wake_us < first->wake_us))
            first = at;
    }
    return first && first->wake_us < INT64_MAX ? first : NULL;
}

static int64_t timers_us(void)
{
    int64_t wait_ms = sl_timers_wait_ms(sim.box.timers);

    return wait_ms < 0 ? INT64_MAX : sim.now_us + wait_ms * 1000;
}

static void look_ahead(const struct process *but)
{
    const struct process *process = first_process(but);
    const struct event *event = first_event();

    sim.next_us = timers_us();
    if (process)
        expect(process->wake_us);
    if (event)
        expect(event->at_us);
}

/* ---- Processes ------------------------------------------------------------------------------------- */

struct process *sim_process(int64_t life)
{
    for (size_t i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].life == life)
            return &sim.processes[i];
    return NULL;
}

bool sim_runs(const char *name)
{
    for (size_t i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].life && strcmp(sim.processes[i].name, name) == 0)
            return true;
    return false;
}

/* Never inlined: setjmp and longjmp are not to be in one function. */
static void __attribute__((noinline, noreturn)) jump(void **place)
{
    __builtin_longjmp(place, 1);
}

static void enter(void)
{
    struct process *me = sim.current;

    me->run(me);
    me->life = 0;
    jump(sim.loop);
}

static unsigned char *new_stack(void)
{
    void *stack =
        mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

    if (stack == MAP_FAILED)
        sl_out_of_memory();
    return stack;
}

/* getcontext() returns twice, as far as a compiler knows. */
static void set_context(struct process *process)
{
    (void)getcontext(&process->context);
    process->context.uc_stack.ss_sp = process->stack;
    process->context.uc_stack.ss_size = STACK;
    makecontext(&process->context, enter, 0);
}

struct process *sim_start(const char *name, void (*run)(struct process *), void *thing)
{
    struct process *process = sim_process(0);
    unsigned char *stack;

    if (!process)
        return NULL;
    stack = process->stack ? process->stack : new_stack();
    *process = (struct process){ .name = name,
                                 .run = run,
                                 .thing = thing,
                                 .life = ++sim.n_lives,
                                 .owner = (int)sim.n_lives,
                                 .wake_us = sim.now_us,
                                 .stack = stack };
    if (!sim.immortal && sim_chance(3))
        process->dies_at = sim_between(1, sim_chance(2) ? 60 : 600);
    if (!sim.immortal && sim_chance(6))
        process->stops_at = sim_between(1, 300);
    set_context(process);
    expect(sim.now_us);
    sim_say("%s begins", name);
    return process;
}

void sim_kill(struct process *process)
{
    disk_kill(&sim.disk, process->owner);
    process->life = 0;
}

/* Not swapcontext(), which asks the kernel for a signal mask that nobody changes. */
static void __attribute__((noinline)) leave(struct process *me)
{
    if (__builtin_setjmp(me->place) == 0)
        jump(sim.loop);
}

void sim_wait(int64_t us)
{
    struct process *me = sim.current;

    me->wake_us = sim.now_us + us;
    me->wakeable = true;
    leave(me);
}

void sim_wake(struct process *process)
{
    if (!process->wakeable || process->wake_us <= sim.now_us)
        return;
    process->wake_us = sim.now_us;
    expect(sim.now_us);
}

/* Stopped (SIGSTOP), and woken by nothing but the end of it. */
static void stop(struct process *me)
{
    int64_t us = sim_between(100, SIM_LEASE_S * 3000) * 1000;

    sim_say("is stopped for %lld ms", (long long)us / 1000);
    me->wake_us = sim.now_us + us;
    me->wakeable = false;
    leave(me);
}

void sim_step(uint64_t what, int64_t us)
{
    struct process *me = sim.current;

    if (!me)
        return;
    sim_trace(what);
    sim.now_us += us + (int64_t)(sim.trace % (uint64_t)(us + 1));
    me->n_steps++;
    if (sim.faults && ++sim.n_steps == sim.cut_at) {
        sim.cutting = true;
        leave(me);
    }
    if (sim.faults && me->n_steps == me->dies_at) {
        sim_say("is killed");
        sim_kill(me);
        jump(sim.loop);
    }
    if (sim.faults && me->n_steps == me->stops_at)
        stop(me);
    if (sim.next_us > sim.now_us)
        return;
    me->wake_us = sim.now_us;
    me->wakeable = false;
    leave(me);
}

/* ---- The loop ---------------------------------------------------------------------------------------- */

static void __attribute__((noinline)) come_in(struct process *process)
{
    if (__builtin_setjmp(sim.loop) != 0)
        return;
    if (process->begun)
        jump(process->place);
    process->begun = true;
    (void)setcontext(&process->context);
}

static void go_on(struct process *process)
{
    look_ahead(process);
    sim.current = process;
    sim.disk.owner = process->owner;
    come_in(process);
    sim.current = NULL;
}

static void cut_power(void)
{
    sim.cutting = false;
    sim.cut = true;
    sim_say("the power goes");
    for (size_t i = 0; i < SIM_PROCESSES; i++)
        sim.processes[i].life = 0;
    disk_cut(&sim.disk);
    sim.n_boots++;
    sim.booted_us = sim.now_us + sim_between(1, 30000) * 1000;
}

static void run_event(struct event *first)
{
    const struct event event = *first;

    *first = sim.events[--sim.n_events];
    event.run(event.thing);
}

void sim_run(bool (*done)(void))
{
    while (!done()) {
        struct process *process = first_process(NULL);
        struct event *event = first_event();

        look_ahead(NULL);
        assert(sim.next_us < INT64_MAX);
        if (sim.next_us > sim.now_us)
            sim.now_us = sim.next_us;
        if (event && event->at_us <= sim.now_us)
            run_event(event);
        else if (process && process->wake_us <= sim.now_us)
            go_on(process);
        else
            sl_timers_run(sim.box.timers);
        if (sim.cutting)
            cut_power();
    }
}
