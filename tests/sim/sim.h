/* A world in one thread, for histories that come again bit for bit: clock, chance, processes, disk,
 * network and providers.
 *
 * The library is the real one, and so are the simulated providers of the sandbox. Three files of
 * theirs are left out and stand here instead, by linking: lib/base/machine.c (time, pauses, random
 * bytes: world.c), lib/transfer/transfer.c (transfer.c) and the sandbox's frame, http.c and
 * callbacks.c (provider.c). SQLite works on disk.h.
 *
 * A process is a coroutine. It goes on until it waits, or takes longer than until something else
 * is due; each step that others could see (a write, a lock, a sent request) takes a little time,
 * and may be its last. What chance decides is drawn from the seed, whatever asks. */
#ifndef SL_TESTS_SIM_SIM_H
#define SL_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "lib/service/service.h"
#include "lib/adapter/adapter.h"
#include "lib/store/schools.h"
#include "sandbox/box.h"
#include "tests/sim/disk.h"

/* ---- World (world.c) ------------------------------------------------------------------------ */

enum { SIM_PROCESSES = 16, SIM_LEASE_S = 10 };

struct process {
    const char *name;
    int owner;    /* of what it has open on the disk */
    int64_t life; /* no other process ever had this number; 0: nobody is here */
    void (*run)(struct process *process);
    void *thing;
    int64_t wake_us; /* when it goes on; INT64_MAX: when it is woken */
    bool wakeable;
    int64_t n_steps, dies_at, stops_at; /* in steps; 0: not */
    struct sl_service *service;
    struct sl_transfer *transfer;
    ucontext_t context; /* where it begins … */
    void *place[5];     /* … and goes on: for __builtin_setjmp() */
    bool begun;
    unsigned char *stack;
};

struct event {
    int64_t at_us;
    uint64_t order;
    void (*run)(void *thing);
    void *thing;
};

struct sim {
    uint64_t chance, trace; /* generator; hash of all that happened */
    int64_t now_us, booted_us, n_boots, n_lives, n_steps, cut_at;
    bool faults;   /* else all goes well from now on */
    bool cold;     /* each process opens the database anew */
    bool immortal; /* no process dies or stops: the first are to leave something behind */
    bool told;     /* a person reads along */
    bool cutting;  /* the power goes now */
    bool cut;      /* it went, in this history */
    struct process processes[SIM_PROCESSES], *current;
    void *loop[5];
    struct event *events;
    size_t n_events, room;
    uint64_t n_order;
    int64_t next_us; /* the next thing that is due, but for the current process */
    struct disk disk;
    struct sl_sandbox box;
    struct sl_school school;
    const char *config, *database;
    char dlr[256]; /* the address of delivery reports */
};

extern struct sim sim;

uint64_t sim_draw(void);
int64_t sim_between(int64_t least, int64_t most); /* both included */
bool sim_chance(int in);                          /* one in `in`, while there are faults */

/* Into the trace, and to who reads along. */
void sim_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sim_trace(uint64_t what);

void sim_after(int64_t us, void (*run)(void *thing), void *thing);

/* Runs what is due, until `done` says so, looked at between any two things. */
void sim_run(bool (*done)(void));

/* A new process; it may die or stop at any step of its own, while there are faults. NULL: there are
 * too many. */
struct process *sim_start(const char *name, void (*run)(struct process *), void *thing);
bool sim_runs(const char *name);           /* one of that name */
struct process *sim_process(int64_t life); /* NULL: it is gone */
void sim_kill(struct process *process);

/* Of the current process: a step that others can see and that takes about so long; waiting. */
void sim_step(uint64_t what, int64_t us);
void sim_wait(int64_t us);              /* or until it is woken */
void sim_wake(struct process *process); /* if it waits */

/* ---- Installation (installation.c) -------------------------------------------------------------- */

/* Makes one in a folder, and puts its database on the disk. */
void sim_install(const char *folder);

/* The database, opened for the current process, which has it until its end(); NULL with *err. */
struct sl_service *sim_service(enum sl_service_keys keys, struct sl_err *err);
void sim_service_end(void);

/* For who looks at it from outside of the world, which stands still. */
struct sl_service *sim_service_look(struct sl_err *err);

/* Instead of end(): it stays open for a process of a history to come. */
void sim_service_keep(enum sl_service_keys keys);

/* None was kept: every process opens the database anew, and the last one removes the WAL. */
void sim_services_close(void);

/* ---- Providers (provider.c) ------------------------------------------------------------------- */

struct sim_answer {
    int status; /* 0: the connection ended without one */
    bool cut;   /* after half of it */
    const char *type, *body;
    size_t n_body;
    const struct sl_pair *headers;
    size_t n_headers;
};

/* A request on its way; its own copy of all. */
struct sim_request;
struct sim_request *sim_request_copy(const struct sl_request *request);

/* It arrives. `answered` is called once, now or later, and everything of the answer is gone then. */
void sim_request_arrive(struct sim_request *request,
                        void (*answered)(void *thing, const struct sim_answer *answer),
                        void *thing);

/* What the daemon was called with, and what it answers. */
struct sim_call {
    struct sim_call *next;
    const char *path, *type, *body;
    struct sl_callback_job *job;
};
struct sim_call *sim_calls_take(void); /* the oldest; NULL: there is none */
void sim_call_answer(struct sim_call *call, int status);

/* ---- Programs (programs.c) ---------------------------------------------------------------------- */

void program_client(struct process *me); /* of the operation that is its thing */
void program_queue(struct process *me);
void program_daemon(struct process *me);

/* Do once what those do, so that the database is open for them and its statements are known. */
void program_warm(struct process *me);
void program_warm_daemon(struct process *me);

/* ---- History (history.c), and what must hold then (check.c) -------------------------------------- */

enum { SIM_MOST_OPS = 8, SIM_MOST_TO = 3, SIM_MOST_ACKS = 256 };

/* What somebody wanted. */
struct op {
    bool pays; /* else it texts */
    char key[24], text[48];
    char to[SIM_MOST_TO][16];
    size_t n_to;
    bool works;        /* its process works its own batch too, as `send` does */
    bool acknowledged; /* the library said that it is recorded */
    int tries;
};

struct history {
    uint64_t seed;
    struct op ops[SIM_MOST_OPS];
    size_t n_ops;
    struct {
        char *body;
        char path[128];
    } acks[SIM_MOST_ACKS]; /* callbacks that were answered with 200 */
    size_t n_acks;
    int64_t n_open;      /* rows and events that are not over, as the last runner saw it; -1: nobody
                          * has looked */
    int64_t next_due_ms; /* of these rows; 0: none waits for a time */
};

extern struct history history;

/* Before the first: has programs do what they do, and keeps the database open for those to come. */
void history_prepare(void);
void history_run(uint64_t seed);

/* Exits, and says what is wrong, if anything is. */
void history_check(void);
void history_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
