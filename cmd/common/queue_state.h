/* What the queue and the accounts come to, for whoever watches them. */
#ifndef SL_CMD_COMMON_QUEUE_STATE_H
#define SL_CMD_COMMON_QUEUE_STATE_H

#include "lib/service/service.h"
#include "lib/store/accounts.h"
#include "lib/store/queue_view.h"

struct sl_queue_account {
    const char *name, *provider;
    const char *paused; /* why it is not called, and until when; NULL: it is */
    bool blocked, open, held;
    struct sl_account_balance
        balance; /* as it was told last; its currency is NULL where it never was */
    struct sl_queue_account *next;
};

struct sl_queue_state {
    struct sl_queue_stats queue;
    struct sl_queue_account *accounts; /* those in use, of the school or of all */
    int64_t blocked, open, held;
};

/* Needs no keys. school_id 0: of all. In the arena. */
int sl_queue_state_read(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                        struct sl_queue_state *state, struct sl_err *err);

#endif
