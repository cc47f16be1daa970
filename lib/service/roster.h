/* A roster: who is to take part in which course, as a list (lib/text/csv.h).
 *
 * Columns, in any order: username, and as far as there are firstname, lastname, email, idnumber,
 * course, role, group. A row is a person, with one course and one group at most; who takes part in
 * several courses has several rows. All of it is kept. */
#ifndef SL_SERVICE_ROSTER_H
#define SL_SERVICE_ROSTER_H

#include <stdio.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

enum { SL_ROSTER_MOST = 200000 };

enum sl_roster_column {
    SL_ROSTER_USERNAME, /* in lower case */
    SL_ROSTER_FIRSTNAME,
    SL_ROSTER_LASTNAME,
    SL_ROSTER_EMAIL,
    SL_ROSTER_IDNUMBER,
    SL_ROSTER_COURSE,
    SL_ROSTER_ROLE,
    SL_ROSTER_GROUP,
    SL_ROSTER_COLUMNS
};
extern const char *const sl_roster_names[SL_ROSTER_COLUMNS];

struct sl_roster_row {
    size_t line;                           /* where it starts; the header is line 1 */
    const char *fields[SL_ROSTER_COLUMNS]; /* NULL: empty, or no such column */
    const char *bad;                       /* why it cannot be used, or NULL */
};

struct sl_roster {
    struct sl_roster_row *rows;
    size_t n, n_bad;
};

/* Everything is in the arena. SL_ERR_DATA for a list without the column username, with one that is
 * unknown, without rows, with none that can be used, or with more than SL_ROSTER_MOST; SL_ERR_IO if
 * it cannot be read. */
int sl_roster_read(struct sl_arena *arena, FILE *in, struct sl_roster *roster, struct sl_err *err);

#endif
