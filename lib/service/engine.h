/* The one way of an operation: claims rows of the queue, builds, marks, sends, reads, settles.
 *
 * Everything that leaves this machine leaves through sl_engine_run(), whoever put it into the
 * queue. Any number of processes may run it at once; each is a runner with one lease. */
#ifndef SL_SERVICE_ENGINE_H
#define SL_SERVICE_ENGINE_H

#include <signal.h>

#include "lib/service/job.h"

struct sl_engine_counts {
    int64_t claimed, completed, retried, failed, unknown;
    int64_t settled;     /* messages and operations that came to an end, for progress */
    const char *refused; /* why an account is blocked: its credentials were refused; or NULL */
    const char *waiting; /* why rows are left that are due: "rate limit"; at the end with until
                          * when, and the reason of it; or NULL */
    char unreached[160]; /* why nobody could be connected to, so far; "": somebody was */
    int64_t next_due_at; /* when the next row is due that was left; 0: none */
};

struct sl_engine_options {
    const char *program;               /* names the runner */
    struct sl_work_filter filter;      /* what it works on; all 0: everything. Rows that wait are
                                        * looked after unless it names a batch or a row */
    int64_t connections;               /* requests at once; 0: 16 */
    int64_t most_items;                /* claims no more than this; 0: any number */
    int64_t for_ms;                    /* stops claiming after it; 0: no such time */
    int64_t patience_ms;               /* stays while a row is due within it, if the provider
                                        * could be reached */
    bool watch;                        /* stays until it is told to stop */
    bool in_spite;                     /* a person asks: goes on though the account is blocked or
                                        * held, or its breaker open; never past its rate */
    const volatile sig_atomic_t *stop; /* set by a signal: finish what is in flight, then end */

    /* Called after each transaction and at least once a second; may be NULL. */
    void (*progress)(void *opaque, const struct sl_engine_counts *counts);

    /* Called about once a second between transactions, where the filter is empty: what came by
     * webhook and nobody has applied yet. Returns how many, or -1. May be NULL. */
    int (*maintain)(struct sl_service *service, struct sl_err *err);

    /* Given each job when its outcome is stored, before it is wiped; may be NULL. */
    void (*settled)(void *opaque, const struct sl_job *job, enum sl_course course);
    void *opaque;
};

/* Runs until nothing that passes the filter is due (or within patience), or told to stop. What
 * is in flight is always waited for. Fails for our own reasons only; what providers say is in
 * the database. */
int sl_engine_run(struct sl_service *service, const struct sl_engine_options *options,
                  struct sl_engine_counts *counts, struct sl_err *err);

#endif
