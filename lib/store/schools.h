/* Schools: who has accounts at providers. Never deleted: their log would tear. */
#ifndef SL_STORE_SCHOOLS_H
#define SL_STORE_SCHOOLS_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_school {
    int64_t id;
    const char *code;     /* "greenhill": lower-case letters, digits, '-' and '_'; no number */
    const char *name;     /* "Greenhill School" */
    const char *country;  /* ISO 3166, "KE" */
    const char *timezone; /* "Africa/Nairobi" */
    const char *currency; /* ISO 4217, "KES" */
    const char *status;   /* "active" or "closed" */
    const char *receipt_template; /* NULL: no receipts are texted */
    const char
        *keep_days; /* "bodies=90,messages=365": lib/service/keep.h; NULL: as the installation */
    int64_t created_at, updated_at;
};

/* The code is new, or SL_ERR_DATA. `id` and the times of *school are not looked at. */
int sl_schools_add(struct sl_db *db, const struct sl_school *school, int64_t now_ms,
                   struct sl_err *err);

/* By code or id. What was found is in the arena. Unknown: SL_ERR_CONFIG with the nearest code
 * as its hint. */
int sl_schools_find(struct sl_db *db, struct sl_arena *arena, const char *code_or_id,
                    struct sl_school *school, struct sl_err *err);

/* By id. Returns 1, 0 if there is none, or -1. */
int sl_schools_get(struct sl_db *db, struct sl_arena *arena, int64_t id, struct sl_school *school,
                   struct sl_err *err);

/* Writes all members but code, id and created_at. */
int sl_schools_edit(struct sl_db *db, const struct sl_school *school, int64_t now_ms,
                    struct sl_err *err);

/* By code, without the one that `init` made for every school. Then _next() until 0 or -1. */
int sl_schools_list(struct sl_rows *rows, struct sl_db *db, struct sl_err *err);
int sl_schools_next(struct sl_rows *rows, struct sl_school *school, struct sl_err *err);

#endif
