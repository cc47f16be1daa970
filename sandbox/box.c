#include "sandbox/box.h"

#include "lib/base/clock.h"
#include "sandbox/registry.h"

/* splitmix64 */
uint64_t sl_box_id(struct sl_sandbox *box)
{
    uint64_t id = (box->seed << 32) + ++box->serial;

    id *= UINT64_C(0x9e3779b97f4a7c15);
    id = (id ^ id >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    id = (id ^ id >> 27) * UINT64_C(0x94d049bb133111eb);
    return id ^ id >> 31;
}

static void begin_random(struct sl_sandbox *box, int64_t seed)
{
    box->seed = (uint64_t)(seed != 0 ? seed : sl_now_ms());
    box->random = UINT64_C(88172645463325252) ^ box->seed * UINT64_C(0x9e3779b97f4a7c15);
    if (box->random == 0)
        box->random = 1;
}

/* Before the states go that they know. What ends among the timers may begin a callback. */
void sl_box_cancel(struct sl_sandbox *box)
{
    sl_timers_cancel(box->timers);
    sl_callbacks_cancel(box->callbacks);
    sl_timers_cancel(box->timers);
}

void sl_box_reset(struct sl_sandbox *box)
{
    sl_box_cancel(box);
    for (size_t i = 0; i < sl_n_simulators; i++)
        sl_simulators[i]->reset(box->states[i]);
    sl_seen_reset(box->seen);
    sl_table_clear(&box->messages);
    sl_table_clear(&box->once);
    box->counts = (struct sl_counts){ 0 };
    box->n_flaky = box->n_unlucky = 0;
}

void sl_box_close(struct sl_sandbox *box)
{
    sl_timers_free(&box->timers);
    sl_callbacks_free(&box->callbacks);
    for (size_t i = 0; i < sl_n_simulators; i++)
        if (box->states[i])
            sl_simulators[i]->close(box->states[i]);
    sl_seen_free(&box->seen);
    sl_table_clear(&box->messages);
    sl_table_clear(&box->once);
}

int sl_box_open(struct sl_sandbox *box, const struct sl_sandbox_options *options, int loop,
                struct sl_err *err)
{
    if (options->scenario && !sl_scenario_find(options->scenario, &box->scenario)) {
        (void)sl_err_set(err, SL_ERR_USAGE, "there is no scenario '%s'", options->scenario);
        return sl_err_hint(err, "sl-sandbox scenario list shows them");
    }
    if (options->latency_ms < 0 || !(options->fail_rate >= 0 && options->fail_rate <= 1))
        return sl_err_set(err, SL_ERR_USAGE, "the latency is 0 ms or more, the fail rate 0 to 1");
    box->settings = (struct sl_box_settings){ .latency_ms = options->latency_ms,
                                              .callback_ms = 100,
                                              .late_ms = 2000,
                                              .slow_ms = 5000,
                                              .fail_rate = options->fail_rate };
    begin_random(box, options->seed);
    box->timers = sl_timers_new(box);
    box->callbacks = sl_callbacks_new(box, loop);
    box->seen = sl_seen_new();
    for (size_t i = 0; i < sl_n_simulators; i++)
        box->states[i] = sl_simulators[i]->open();
    return 0;
}
