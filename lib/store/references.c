/* What a payer may write as account number (C2B validation "known"). */
#include <ctype.h>
#include <string.h>

#include "lib/store/payments.h"
#include "lib/store/sql.h"

const char *sl_reference_normal(struct sl_arena *arena, const char *reference)
{
    static const char blanks[] = " \t\r\n";
    size_t n;
    char *normal;

    reference += strspn(reference, blanks);
    n = strlen(reference);
    while (n > 0 && strchr(blanks, reference[n - 1]))
        n--;
    normal = sl_arena_memdup(arena, reference, n);
    for (size_t i = 0; i < n; i++)
        normal[i] = (char)toupper((unsigned char)normal[i]);
    return normal;
}

static const char add_sql[] = "INSERT INTO payment_references (school_id, reference)"
                              " VALUES ($1, $2) ON CONFLICT (school_id, reference) DO NOTHING";
static const char has_sql[] =
    "SELECT 1 FROM payment_references WHERE school_id = $1 AND reference = $2";
static const char clear_sql[] = "DELETE FROM payment_references WHERE school_id = $1";
static const char list_sql[] =
    "SELECT reference FROM payment_references WHERE school_id = $1 ORDER BY reference";

int sl_references_add(struct sl_db *db, int64_t school_id, const char *reference,
                      struct sl_err *err)
{
    return sl_db_run(db, add_sql, SL_PARAMS(SL_INT(school_id), SL_TEXT(reference)), err);
}

int sl_references_has(struct sl_db *db, int64_t school_id, const char *reference,
                      struct sl_err *err)
{
    int64_t there;

    return sl_db_number(db, has_sql, SL_PARAMS(SL_INT(school_id), SL_TEXT(reference)), &there, err);
}

int sl_references_clear(struct sl_db *db, int64_t school_id, struct sl_err *err)
{
    return sl_db_run(db, clear_sql, SL_PARAMS(SL_INT(school_id)), err);
}

int sl_references_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id,
                       struct sl_err *err)
{
    return sl_db_query(rows, db, list_sql, SL_PARAMS(SL_INT(school_id)), err);
}

int sl_references_next(struct sl_rows *rows, const char **reference, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *reference = sl_row_text(rows, 0);
    return more;
}
