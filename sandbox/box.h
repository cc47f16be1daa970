/* The running sandbox: what all of its files share. */
#ifndef SL_SANDBOX_BOX_H
#define SL_SANDBOX_BOX_H

#include "sandbox/callbacks.h"
#include "sandbox/scenario.h"
#include "sandbox/seen.h"
#include "sandbox/table.h"
#include "sandbox/timers.h"

enum { SL_MAX_SIMULATORS = 32 };

/* Since the start or the last reset; named as GET /_sandbox/counts names them. */
struct sl_counts {
    int64_t requests;   /* control left out */
    int64_t refused;    /* of them answered with 400 or more */
    int64_t lost;       /* of them done and not answered */
    int64_t messages;   /* accepted, one a recipient */
    int64_t rejected;   /* recipients refused inside an answer that accepts others */
    int64_t distinct;   /* pairs of recipient and text among the messages */
    int64_t duplicated; /* messages that had their pair before */
    int64_t tokens, pushes, paid, unpaid, reversed;
    int64_t callbacks_answered;  /* with 200 to 299 */
    int64_t callbacks_failed;    /* with anything else, or not at all */
    int64_t callbacks_forbidden; /* not to loopback: not made */
    int64_t callbacks_dropped;   /* too many were waiting */
    int64_t seen_dropped;        /* requests beyond what is kept */
    uint64_t checksum;           /* over all messages, whatever their order */
};

struct sl_box_settings {
    int64_t latency_ms, callback_ms, late_ms, slow_ms;
    double fail_rate;
};

struct sl_sandbox {
    enum sl_scenario scenario;
    struct sl_box_settings settings;
    struct sl_counts counts;
    uint64_t seed, serial, random; /* of ids; how many there are; of fail_rate */
    unsigned n_flaky, n_unlucky;   /* requests that flaky judged, and that fail_rate hit */
    struct sl_table messages;      /* pairs of recipient and text */
    struct sl_table once;          /* what was refused once, by its hash */
    struct sl_timers *timers;
    struct sl_callbacks *callbacks;
    struct sl_seen *seen;
    int smtp_port; /* where the mail server listens */
    bool resumed;  /* an answer may go on: libmicrohttpd notices when it is run, not by itself */
    void *states[SL_MAX_SIMULATORS]; /* in the order of the registry */
};

/* A zeroed box, with every simulator; `loop` is the epoll instance of its callbacks. Fails with
 * SL_ERR_USAGE for options that make no sense. Whatever became of it, it can be closed. */
int sl_box_open(struct sl_sandbox *box, const struct sl_sandbox_options *options, int loop,
                struct sl_err *err);
void sl_box_close(struct sl_sandbox *box);

/* Drops what was to happen later: timers and callbacks. */
void sl_box_cancel(struct sl_sandbox *box);

/* 64 bits that no other call of this process gives; the same seed gives the same ones. A reset
 * does not begin anew: who kept an id or a receipt must not meet it again. */
uint64_t sl_box_id(struct sl_sandbox *box);

/* Forgets all but scenario, settings and which ids were given. */
void sl_box_reset(struct sl_sandbox *box);

#endif
