#include "cmd/common/metrics.h"

#include <inttypes.h>

#include "lib/base/text.h"

static void write_items(struct sl_buf *out, const struct sl_queue_stats *q)
{
    const struct {
        const char *status;
        int64_t n;
    } items[] = {
        { "pending", q->pending }, { "processing", q->processing },
        { "waiting", q->waiting }, { "completed", q->completed },
        { "failed", q->failed },   { "cancelled", q->cancelled },
    };

    sl_buf_text(out, "# HELP shulelabs_queue_items Rows of the queue.\n"
                     "# TYPE shulelabs_queue_items gauge\n");
    for (size_t i = 0; i < SL_COUNT(items); i++)
        sl_buf_printf(out, "shulelabs_queue_items{status=\"%s\"} %" PRId64 "\n", items[i].status,
                      items[i].n);
    sl_buf_printf(out,
                  "# HELP shulelabs_queue_for_person Rows whose outcome only a person can tell.\n"
                  "# TYPE shulelabs_queue_for_person gauge\n"
                  "shulelabs_queue_for_person %" PRId64 "\n"
                  "# HELP shulelabs_queue_oldest_due_seconds How long the oldest is overdue.\n"
                  "# TYPE shulelabs_queue_oldest_due_seconds gauge\n"
                  "shulelabs_queue_oldest_due_seconds %" PRId64 "\n",
                  q->for_person, q->oldest_due_seconds);
}

static void write_label(struct sl_buf *out, const char *name, const char *value)
{
    sl_buf_printf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            sl_buf_text(out, "\\");
        sl_buf_add(out, *value == '\n' ? "\\n" : value, *value == '\n' ? 2 : 1);
    }
    sl_buf_text(out, "\"");
}

static void write_accounts(struct sl_buf *out, const struct sl_queue_state *state, const char *name,
                           const char *help,
                           int64_t (*value)(const struct sl_queue_account *account))
{
    sl_buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
    for (const struct sl_queue_account *a = state->accounts; a; a = a->next) {
        sl_buf_printf(out, "%s{", name);
        write_label(out, "provider", a->provider);
        sl_buf_text(out, ",");
        write_label(out, "account", a->name);
        sl_buf_printf(out, "} %" PRId64 "\n", value(a));
    }
}

/* Those whose balance was told: a school that sets low_balance has it asked for. */
static void write_balances(struct sl_buf *out, const struct sl_queue_state *state)
{
    sl_buf_text(out,
                "# HELP shulelabs_account_balance What is left at the provider, as it told last.\n"
                "# TYPE shulelabs_account_balance gauge\n");
    for (const struct sl_queue_account *a = state->accounts; a; a = a->next) {
        if (!a->balance.currency)
            continue;
        sl_buf_text(out, "shulelabs_account_balance{");
        write_label(out, "provider", a->provider);
        sl_buf_text(out, ",");
        write_label(out, "account", a->name);
        sl_buf_text(out, ",");
        write_label(out, "currency", a->balance.currency);
        sl_buf_printf(out, "} %s\n", sl_print_decimal(out->arena, a->balance.micro, 6, 2));
    }
}

static int64_t is_blocked(const struct sl_queue_account *account)
{
    return account->blocked;
}

static int64_t is_open(const struct sl_queue_account *account)
{
    return account->open;
}

static int64_t is_held(const struct sl_queue_account *account)
{
    return account->held;
}

void sl_metrics_write(struct sl_buf *out, const struct sl_queue_state *state)
{
    write_items(out, &state->queue);
    write_accounts(out, state, "shulelabs_account_blocked",
                   "Nobody calls the account until a person acts.", is_blocked);
    write_accounts(out, state, "shulelabs_account_breaker_open",
                   "The account fails, and is left alone for a while.", is_open);
    write_accounts(out, state, "shulelabs_account_held",
                   "All calls to the account wait, as it asked or because it has no money.",
                   is_held);
    write_balances(out, state);
}
