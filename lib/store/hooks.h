/* Who is told of what happened (hooks), and what there is to tell (hook_events).
 *
 * A hook is another module's address or program; an alert is one that a person reads. The rows that
 * carry an event to a hook are the queue's: lib/store/queue.h. */
#ifndef SL_STORE_HOOKS_H
#define SL_STORE_HOOKS_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_hook_row {
    int64_t id;
    int64_t school_id;
    const char *school;  /* its code; only read. Of `everyone`: told of every school's events */
    const char *purpose; /* "hook", "alert" */
    const char *event;   /* "payment.failed"; "trouble": of a provider; "*": all */
    const char *kind;    /* "url", "exec", "sms" */
    const char *target;  /* the address, path or number */
    const char *secret;  /* sealed; NULL: none */
    bool is_active;      /* false: its address said that it is gone */
    int64_t created_at;
};

/* Inserts, and sets hook->id; `secret` and `is_active` are not looked at. */
int sl_hooks_add(struct sl_db *db, struct sl_hook_row *hook, int64_t now_ms, struct sl_err *err);
/* The id is part of the seal. */
int sl_hooks_seal(struct sl_db *db, int64_t id, const char *sealed, struct sl_err *err);

/* One that was not removed. In the arena. Returns 1, 0 or -1. */
int sl_hooks_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_hook_row *hook,
                 struct sl_err *err);

/* Those of a purpose that were not removed, by id; school_id 0: of all. Then _next(), borrowed until
 * the next one, until 0 or -1. */
int sl_hooks_list(struct sl_rows *rows, struct sl_db *db, const char *purpose, int64_t school_id,
                  struct sl_err *err);
int sl_hooks_next(struct sl_rows *rows, struct sl_hook_row *hook, struct sl_err *err);

/* Nothing more is told to it: its rows that wait or failed are cancelled, its secret is gone.
 * `account` is that of its rows. Returns 1, 0 if there is none of that purpose, or -1. Inside a
 * transaction. */
int sl_hooks_remove(struct sl_db *db, int64_t id, const char *purpose, const char *account,
                    int64_t now_ms, struct sl_err *err);
/* Likewise, but it stays in the list and keeps its secret. */
int sl_hooks_disable(struct sl_db *db, int64_t id, const char *account, int64_t now_ms,
                     struct sl_err *err);

/* ---- Events ------------------------------------------------------------------------------ */

struct sl_hook_event {
    int64_t id;
    const char *public_id; /* ULID */
    const char *key;       /* what happened to what, and when: the same is told once */
    int64_t school_id;
    const char *event;   /* "payment.failed" */
    const char *payload; /* JSON, as it is sent */
};

/* Which hooks an event is for. */
struct sl_hook_match {
    int64_t school_id;
    const char *event;
    const char *group; /* "trouble", or NULL */
    const char *ends;  /* the event whose end it is: who hears of that as an alert hears of its end;
                          * or NULL */
    const char *account; /* of a provider's event: hooks of all schools that use it; or NULL */
};

/* Active ones, in the arena. An alert hears of every school. Returns how many, or -1. */
int sl_hooks_match(struct sl_db *db, struct sl_arena *arena, const struct sl_hook_match *match,
                   struct sl_hook_row **hooks, struct sl_err *err);

/* Inserts, and sets event->id. Returns 1, 0 if that was told before, or -1. */
int sl_hook_events_add(struct sl_db *db, struct sl_hook_event *event, int64_t now_ms,
                       struct sl_err *err);
/* In the arena. Returns 1, 0 or -1. */
int sl_hook_events_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                       struct sl_hook_event *event, struct sl_err *err);

#endif
