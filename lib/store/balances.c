/* Of an account's row, what the provider said of its money. */
#include "lib/store/accounts.h"
#include "lib/store/sql.h"

static const char told_sql[] = "UPDATE accounts SET balance_micro = $2, balance_currency = $3,"
                               " balance_at = $4 WHERE account = $1";

int sl_accounts_told_balance(struct sl_db *db, const char *account,
                             const struct sl_account_balance *balance, struct sl_err *err)
{
    return sl_db_run(db, told_sql,
                     SL_PARAMS(SL_TEXT(account), SL_INT(balance->micro), SL_TEXT(balance->currency),
                               SL_INT(balance->at_ms)),
                     err) < 0
               ? -1
               : 0;
}

static const char due_sql[] =
    "UPDATE accounts SET balance_asked_at = $3 WHERE account = $1 AND (balance_asked_at IS NULL"
    " OR balance_asked_at <= $3 - $2 OR balance_asked_at > $3)";

int sl_accounts_balance_due(struct sl_db *db, const char *account, int64_t every_ms, int64_t now_ms,
                            struct sl_err *err)
{
    return sl_db_run(db, due_sql, SL_PARAMS(SL_TEXT(account), SL_INT(every_ms), SL_INT(now_ms)),
                     err);
}

static const char balance_sql[] = "SELECT balance_micro, balance_currency, balance_at FROM accounts"
                                  " WHERE account = $1 AND balance_micro IS NOT NULL";

int sl_accounts_balance(struct sl_db *db, struct sl_arena *arena, const char *account,
                        struct sl_account_balance *balance, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int found = sl_db_first(&rows, db, balance_sql, SL_PARAMS(SL_TEXT(account)), err);

    if (found > 0)
        *balance = (struct sl_account_balance){
            .micro = sl_row_int(&rows, 0),
            .currency = sl_arena_strdup(arena, sl_row_text(&rows, 1)),
            .at_ms = sl_row_int(&rows, 2),
        };
    return found;
}
