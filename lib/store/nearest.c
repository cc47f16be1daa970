#include "lib/store/nearest.h"

#include "lib/base/arena.h"
#include "lib/base/text.h"
#include "lib/store/sql.h"

int sl_hint_nearest(struct sl_db *db, const char *sql, const char *word, const char *otherwise,
                    struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_err ignored; /* the one that is there already is the one to tell */
    const char *meant = NULL;

    if (sl_db_query(&rows, db, sql, SL_NO_PARAMS, &ignored) == 0)
        while (sl_rows_next(&rows, &ignored) > 0) {
            const char *two[] = { sl_row_text(&rows, 0), meant };

            if (sl_nearest(word, two, meant ? 2 : 1) == two[0])
                meant = sl_arena_strdup(arena, two[0]);
        }
    return meant ? sl_err_hint(err, "did you mean '%s'?", meant)
                 : sl_err_hint(err, "%s", otherwise);
}
