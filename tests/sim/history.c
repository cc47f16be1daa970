/* One history: what people want, the programs that do it, and the daemon that is called. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/store/sql.h"
#include "tests/sim/sim.h"

enum { FAULTS_S = 45, LONGEST_S = 12 * 3600, MOST_TRIES = 4, WARM = 6, WARM_DAEMONS = 3 };

struct history history;

static int64_t pause_us, ends_us; /* of the timer, when all goes well; of the faults */

void history_fail(const char *format, ...)
{
    va_list list;

    (void)fflush(stdout);
    (void)fprintf(stderr, "seed %llu: ", (unsigned long long)history.seed);
    va_start(list, format);
    (void)vfprintf(stderr, format, list);
    va_end(list);
    (void)fputc('\n', stderr);
    _Exit(1);
}

/* ---- Who wants something ------------------------------------------------------------------------------ */

/* Who got no word asks again, with the same key. */
static void ask(void *thing)
{
    struct op *op = thing;

    if (op->acknowledged || op->tries >= MOST_TRIES)
        return;
    if (sim.now_us >= sim.booted_us && sim_start("client", program_client, op))
        op->tries++;
    sim_after(sim_between(5, 40) * 1000000, ask, op);
}

/* ---- Who works the queue -------------------------------------------------------------------------------- */

/* A timer. When all is to come to its end it waits for what is due. */
static void run_timer(void *thing)
{
    const char *name = thing;
    int64_t due_us = (history.next_due_ms - sl_now_ms()) * 1000;

    if (sim.now_us >= sim.booted_us && !sim_runs(name))
        (void)sim_start(name, program_queue, NULL);
    if (sim.faults) {
        sim_after(sim_between(4, 24) * 1000000, run_timer, thing);
        return;
    }
    pause_us = pause_us < 60000000 ? pause_us * 2 : pause_us;
    sim_after(due_us > pause_us && due_us < 600000000 ? due_us : pause_us, run_timer, thing);
}

/* ---- Who is called --------------------------------------------------------------------------------------- */

static void watch_daemon(void *thing)
{
    if (sim.now_us >= sim.booted_us && !sim_runs("daemon"))
        (void)sim_start("daemon", program_daemon, NULL);
    if (sim.faults)
        sim_after(sim_between(1000, 6000) * 1000, watch_daemon, thing);
}

/* ---- A history ------------------------------------------------------------------------------------------------ */

static void plan_op(struct op *op, size_t i)
{
    *op = (struct op){ .pays = sim_between(0, 2) == 0, .works = sim_between(0, 1) == 0 };
    (void)snprintf(op->key, sizeof op->key, "op-%zu", i);
    (void)snprintf(op->text, sizeof op->text, op->pays ? "ADM%llu.%zu" : "Text %llu.%zu",
                   (unsigned long long)(history.seed % 100000), i);
    op->n_to = op->pays ? 1 : (size_t)sim_between(1, SIM_MOST_TO);
    for (size_t j = 0; j < op->n_to; j++)
        (void)snprintf(op->to[j], sizeof op->to[j], "+2547110%02zu%03zu", i, j);
    sim_after(sim_between(0, 20000) * 1000, ask, op);
}

static bool faults_are_over(void)
{
    return sim.now_us >= ends_us;
}

static void fail_open(void)
{
    static const char sql[] =
        "SELECT operation || ' ' || public_id || ' is ' || status || ', runner ' ||"
        " coalesce(runner, 'none') || ', waits for ' || coalesce(waits_for, 'nothing') ||"
        " ', asked ' || asks || ' times' FROM integration_queue WHERE status = 'pending'"
        " OR (status = 'processing' AND (waits_for IS NULL OR waits_for <> 'person'))";
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_err err;
    struct sl_service *service = sim_service_look(&err);

    if (service && sl_db_first(&rows, service->db, sql, SL_NO_PARAMS, &err) > 0)
        history_fail("not over after %d hours: %s", LONGEST_S / 3600, sl_row_text(&rows, 0));
    history_fail("callbacks are not applied after %d hours", LONGEST_S / 3600);
}

static bool all_is_over(void)
{
    if (sim.now_us > ends_us + LONGEST_S * INT64_C(1000000))
        fail_open();
    for (size_t i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].life && strcmp(sim.processes[i].name, "daemon") != 0)
            return false;
    return history.n_open == 0 && sim.n_events <= 2 && sl_timers_wait_ms(sim.box.timers) < 0;
}

/* One timer is enough then; whoever stopped goes on, and is not in the way for long. */
static void calm_down(void)
{
    sim_say("from now on all goes well");
    sim.faults = false;
    history.n_open = -1;
    pause_us = 1000000;
    watch_daemon(NULL);
}

static void begin(uint64_t seed)
{
    history = (struct history){ .seed = seed };
    sim.chance = seed * UINT64_C(0xd1342543de82ef95) + 1;
    sim.trace = seed;
    sim.box.seed = seed + 2;
    sim.n_steps = 0;
    history.n_open = -1;
}

void history_run(uint64_t seed)
{
    begin(seed);
    sim.faults = true;
    sim.cold = sim_between(0, 15) == 0;
    if (sim.cold)
        sim_services_close();
    sim.cut_at = sim_between(0, 3) == 0 ? sim_between(1, 2500) : 0;
    ends_us = sim.now_us + FAULTS_S * INT64_C(1000000);
    history.n_ops = (size_t)sim_between(1, 5);
    for (size_t i = 0; i < history.n_ops; i++)
        plan_op(&history.ops[i], i);
    watch_daemon(NULL);
    sim_after(sim_between(0, 5000) * 1000, run_timer, (void *)(uintptr_t) "run-a");
    sim_after(sim_between(0, 9000) * 1000, run_timer, (void *)(uintptr_t) "run-b");
    sim_run(faults_are_over);
    calm_down();
    sim_run(all_is_over);
}

/* ---- Before the first ------------------------------------------------------------------------------------------- */

static bool nobody_works(void)
{
    for (size_t i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].life && sim.processes[i].wake_us < INT64_MAX / 4)
            return false;
    return sim.n_events == 0 && sl_timers_wait_ms(sim.box.timers) < 0;
}

/* Or each history would carry with it what was written before. */
static void empty_wal(void)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_err err;
    struct sl_service *service = sim_service_look(&err);

    if (!service ||
        sl_db_first(&rows, service->db, "PRAGMA wal_checkpoint(TRUNCATE)", SL_NO_PARAMS, &err) < 0)
        history_fail("%s", err.text);
}

void history_prepare(void)
{
    begin(1);
    sim.immortal = sim.cold = true;
    for (int i = 0; i < WARM; i++) {
        if (i < WARM_DAEMONS)
            (void)sim_start("daemon", program_warm_daemon, NULL);
        (void)sim_start("warm", program_warm, NULL);
        sim_run(nobody_works);
    }
    sim.immortal = sim.cold = false;
    if (history.n_open > 0)
        history_fail("%lld rows are open before it begins", (long long)history.n_open);
    empty_wal();
}
