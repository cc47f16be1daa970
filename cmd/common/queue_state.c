#include "cmd/common/queue_state.h"

#include "lib/base/clock.h"
#include "lib/service/awaited.h"

static struct sl_queue_account *add_account(struct sl_arena *arena, struct sl_queue_state *state,
                                            struct sl_queue_account *last,
                                            const struct sl_account_row *row)
{
    struct sl_queue_account *account = SL_NEW(arena, struct sl_queue_account, 1);

    *account = (struct sl_queue_account){ .name = sl_arena_strdup(arena, row->account),
                                          .provider = sl_arena_strdup(arena, row->provider),
                                          .paused = sl_awaited_account(arena, row, sl_now_ms()),
                                          .blocked = row->blocked != NULL,
                                          .open = row->open,
                                          .held = row->hold_ms > 0 };
    if (last)
        last->next = account;
    else
        state->accounts = account;
    state->blocked += account->blocked;
    state->open += account->open;
    state->held += account->held;
    return account;
}

static int read_accounts(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                         struct sl_queue_state *state, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_boot_now now = { .ms = sl_boot_ms() };
    struct sl_queue_account *last = NULL;
    struct sl_account_row row;
    int more;

    sl_boot_id(now.id);
    if (sl_accounts_list(&rows, service->db, err) < 0)
        return -1;
    while ((more = sl_accounts_next(&rows, &now, &row, err)) > 0) {
        int used = sl_queue_view_uses(service->db, school_id, row.account, err);

        if (used < 0)
            return -1;
        if (!used)
            continue;
        last = add_account(arena, state, last, &row);
        if (sl_accounts_balance(service->db, arena, last->name, &last->balance, err) < 0)
            return -1;
    }
    return more;
}

int sl_queue_state_read(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                        struct sl_queue_state *out, struct sl_err *err)
{
    struct sl_queue_state state = { 0 };

    if (sl_queue_view_stats(service->db, school_id, sl_now_ms(), &state.queue, err) < 0 ||
        read_accounts(service, arena, school_id, &state, err) < 0)
        return -1;
    *out = state;
    return 0;
}
