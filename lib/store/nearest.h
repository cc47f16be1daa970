/* "Did you mean": the stored word that is nearest to one that is not there. For the files of
 * lib/store/ alone. */
#ifndef SL_STORE_NEAREST_H
#define SL_STORE_NEAREST_H

#include "lib/store/db.h"

/* Sets the hint of an error that is there already: the nearest word among the first column of
 * the rows that `sql` (without parameters) gives, else `otherwise`. Returns -1. */
int sl_hint_nearest(struct sl_db *db, const char *sql, const char *word, const char *otherwise,
                    struct sl_err *err);

#endif
