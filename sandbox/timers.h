/* What is to happen later: answers that wait, payers that think, callbacks that are due. */
#ifndef SL_SANDBOX_TIMERS_H
#define SL_SANDBOX_TIMERS_H

#include <stdint.h>

struct sl_sandbox;
struct sl_timers;

enum sl_timer_end { SL_TIMER_DUE, SL_TIMER_CANCELLED };

/* Called exactly once, so that `thing` can be freed there whatever happened. */
typedef void sl_timer_fn(struct sl_sandbox *box, void *thing, enum sl_timer_end end);

struct sl_timers *sl_timers_new(struct sl_sandbox *box);
void sl_timers_free(struct sl_timers **timers); /* cancels first; for SL_AUTO() */

/* Those of one delay run in the order in which they were added. */
void sl_timers_add(struct sl_timers *timers, int64_t delay_ms, sl_timer_fn *run, void *thing);
void sl_timers_run(struct sl_timers *timers); /* all that are due */
void sl_timers_cancel(struct sl_timers *timers);
int64_t sl_timers_wait_ms(const struct sl_timers *timers); /* until the next; -1 if there is none */

#endif
