/* Accounts: breaker, bucket, block and grant lock, which all processes and all schools with the
 * same credentials share. Times here count from the boot of the machine (lib/base/clock.h);
 * what another boot left is void, and so is what lies further ahead than it can. */
#ifndef SL_STORE_ACCOUNTS_H
#define SL_STORE_ACCOUNTS_H

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/store/db.h"

/* Now, on the clock of this boot. */
struct sl_boot_now {
    char id[SL_BOOT_ID_SIZE];
    int64_t ms;
};

struct sl_account_limits {
    int64_t rate_per_second; /* 0: none */
    int64_t burst;
};

/* Why nothing may leave for an account now. */
enum sl_gate {
    SL_GATE_OPEN,
    SL_GATE_BLOCKED,
    SL_GATE_BREAKER,
    SL_GATE_HOLD,
    SL_GATE_RATE,
    SL_GATE_DAY, /* lib/store/days.h */
};

struct sl_gate_state {
    enum sl_gate gate;
    int64_t allowed; /* how many units may leave now; INT64_MAX: no limit */
    int64_t wait_ms; /* until the gate may open; 0: nobody knows (blocked) */
    bool probe;      /* the breaker is half open: one request, and it is ours */
    bool curable;    /* held for what a person can cure: no money is left */
};

/* Makes the row if it is not there. provider_id 0: of a hook. */
int sl_accounts_ensure(struct sl_db *db, const char *account, int64_t provider_id,
                       struct sl_err *err);

/* Looks; takes nothing but, where the breaker is half open, the probe's lease for `runner`.
 * Inside a transaction. */
int sl_accounts_gate(struct sl_db *db, const char *account, int64_t runner,
                     const struct sl_account_limits *limits, const struct sl_boot_now *now,
                     struct sl_gate_state *state, struct sl_err *err);

/* Whether nothing keeps its rows now: no block, no open breaker, no hold. The bucket and a probe are
 * not looked at. Returns 1, 0 or -1. Inside a transaction. */
int sl_accounts_lets(struct sl_db *db, const char *account, const struct sl_boot_now *now,
                     struct sl_err *err);

/* Takes units out of the bucket, all or none. Returns 1, 0 if it has not that many, or -1.
 * Inside a transaction. */
int sl_accounts_take(struct sl_db *db, const char *account, int64_t units,
                     const struct sl_account_limits *limits, const struct sl_boot_now *now,
                     struct sl_err *err);

/* What an answer says of the account. A success closes the breaker; the fifth transient failure
 * or lost answer in a row opens it for 10 s, doubled each time up to 10 minutes, and a failed
 * probe opens it again. sl_accounts_failed() returns 1 if it opened it, 0 or -1. */
int sl_accounts_succeeded(struct sl_db *db, const char *account, struct sl_err *err);
int sl_accounts_failed(struct sl_db *db, const char *account, const struct sl_boot_now *now,
                       struct sl_err *err);

/* Whether people were told that it is down. _trouble() notes the event that tells them: returns 1, 0
 * if an earlier one is not over yet (or the account is a hook's), or -1. _recovered() gives that
 * event, in the arena, and forgets it: 1, 0 if there is none or the account is still blocked, or -1.
 * Both inside a transaction. */
int sl_accounts_trouble(struct sl_db *db, const char *account, const char *event,
                        struct sl_err *err);
int sl_accounts_recovered(struct sl_db *db, struct sl_arena *arena, const char *account,
                          const char **event, struct sl_err *err);

/* Settings that named `old` name `account` now, which is there: what people were told of the old one, which
 * nobody uses any more, is over when the new one works. old may be NULL. */
int sl_accounts_replaced(struct sl_db *db, const char *old, const char *account,
                         struct sl_err *err);

/* Everything waits this long (at most an hour). `why` says what a person can cure, an empty balance;
 * NULL: there were too many requests, and only time helps. */
int sl_accounts_hold(struct sl_db *db, const char *account, int64_t wait_ms, const char *why,
                     const struct sl_boot_now *now, struct sl_err *err);

/* Nobody is called until a person acts; `why` is what people are shown. */
int sl_accounts_block(struct sl_db *db, const char *account, const char *why, struct sl_err *err);

/* A person has mended it, or proved that it works: nothing is blocked, held or left alone any more.
 * Returns 1, 0 if nothing was, or -1. */
int sl_accounts_lift(struct sl_db *db, const char *account, struct sl_err *err);

/* A person wants a batch to go on: what holds its accounts and can be cured may be cured by now. A
 * wait that the provider asked for stays. */
int sl_accounts_resume(struct sl_db *db, int64_t batch_id, struct sl_err *err);

/* The balance that the provider told last, in 10^-6 of its currency. _balance_due() is 1 if nobody
 * asked by himself for `every_ms`: it counts as asked then; 0, or -1. Inside a transaction. */
struct sl_account_balance {
    int64_t micro;
    const char *currency;
    int64_t at_ms;
};
int sl_accounts_told_balance(struct sl_db *db, const char *account,
                             const struct sl_account_balance *balance, struct sl_err *err);
int sl_accounts_balance_due(struct sl_db *db, const char *account, int64_t every_ms, int64_t now_ms,
                            struct sl_err *err);
/* In the arena. Returns 1, 0 if none was told, or -1. */
int sl_accounts_balance(struct sl_db *db, struct sl_arena *arena, const char *account,
                        struct sl_account_balance *balance, struct sl_err *err);

/* For people: an account, and what keeps it from being called now. */
struct sl_account_row {
    const char *account, *provider;
    const char *blocked; /* why nobody is called until a person acts; NULL: it is not so */
    const char *held;    /* why all wait for hold_ms, where a person can cure it; NULL */
    int64_t failures;
    bool open;           /* the breaker, for the next probe too */
    int64_t open_ms;     /* how long it is left alone yet; 0: not */
    int64_t hold_ms;     /* how long all wait yet; 0: they do not */
    bool spent;          /* its bucket was emptied within the last second: the rate limit */
    int64_t day_ends_at; /* UTC: when the day whose limit it reached is over; 0: it did not */
};
int sl_accounts_list(struct sl_rows *rows, struct sl_db *db, struct sl_err *err);
int sl_accounts_next(struct sl_rows *rows, const struct sl_boot_now *now,
                     struct sl_account_row *row, struct sl_err *err);

/* One of them, in the arena. Returns 1, 0 if there is none, or -1. */
int sl_accounts_find(struct sl_db *db, struct sl_arena *arena, const char *account,
                     const struct sl_boot_now *now, struct sl_account_row *row, struct sl_err *err);

/* ---- Tokens -------------------------------------------------------------------------- */

struct sl_token_row {
    int64_t id, school_id, provider_id;       /* whose row it is: part of what it is sealed with */
    const char *access_token, *refresh_token; /* sealed; refresh may be NULL */
    const char *token_type;
    int64_t expires_at; /* 0: it does not say */
    int64_t version, renewed_at;
    const char *account;
};

/* The account's token, whichever school got it. Returns 1, 0 or -1. */
int sl_tokens_get(struct sl_db *db, struct sl_arena *arena, const char *account,
                  struct sl_token_row *row, struct sl_err *err);

/* Makes a row to seal for (id is set) or finds the account's; then _put() stores it with its
 * version raised, if `version` is still the one it had and the lock is still this runner's.
 * Returns 1, 0 if it is not, or -1. Both inside one transaction. */
int sl_tokens_row(struct sl_db *db, const char *account, int64_t school_id, int64_t provider_id,
                  int64_t now_ms, struct sl_token_row *row, struct sl_err *err);
int sl_tokens_put(struct sl_db *db, const struct sl_token_row *row, int64_t runner, int64_t now_ms,
                  struct sl_err *err);

/* The lock of the grant: a lease, not a transaction; a runner that died has it no longer than its
 * own. Returns 1 if it is ours now, 0 if it is
 * another's, or -1. */
int sl_tokens_lock(struct sl_db *db, const char *account, int64_t runner,
                   const struct sl_boot_now *now, int64_t lease_ms, struct sl_err *err);
int sl_tokens_unlock(struct sl_db *db, const char *account, int64_t runner, struct sl_err *err);

/* Tokens that end within so much time, or of which nobody knows when they end, since the clock was set
 * back behind the time at which they were made; for sl-oauth-refresh. school_id 0: of all. */
int sl_tokens_ending(struct sl_rows *rows, struct sl_db *db, int64_t school_id, int64_t now_ms,
                     int64_t within_ms, struct sl_err *err);
/* How many there are. */
int sl_tokens_count(struct sl_db *db, int64_t school_id, int64_t *n, struct sl_err *err);
int sl_tokens_next(struct sl_rows *rows, struct sl_token_row *row, struct sl_err *err);

#endif
