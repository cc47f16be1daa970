/* Statements: for the files of lib/store/ alone.
 *
 * A statement is a string constant with $1 $2 … in the SQL that SQLite and PostgreSQL share;
 * it is prepared at its first use and kept until the database closes, known by its address. */
#ifndef SL_STORE_SQL_H
#define SL_STORE_SQL_H

#include "lib/store/db.h"

/* ---- Parameters: SL_PARAMS(SL_TEXT(school), SL_INT(now_ms)) are $1 and $2 ----------- */

struct sl_value {
    enum { SL_IS_NULL, SL_IS_INT, SL_IS_TEXT, SL_IS_BLOB } kind;
    int64_t number; /* or the bytes of a blob */
    const char *text;
};

#define SL_INT(n) ((struct sl_value){ .kind = SL_IS_INT, .number = (n) })
/* NULL is SQL's NULL; borrowed until the statement ends. */
#define SL_TEXT(t) ((struct sl_value){ .kind = SL_IS_TEXT, .text = (t) })
#define SL_BLOB(t, n) ((struct sl_value){ .kind = SL_IS_BLOB, .text = (t), .number = (int64_t)(n) })
#define SL_NULL ((struct sl_value){ .kind = SL_IS_NULL })
/* 0 stands for NULL: for ids that may be absent. */
#define SL_ID(n) ((struct sl_value){ .kind = (n) ? SL_IS_INT : SL_IS_NULL, .number = (n) })

#define SL_PARAMS(...)                                                                             \
    (const struct sl_value[]){ __VA_ARGS__ },                                                      \
        sizeof((const struct sl_value[]){ __VA_ARGS__ }) / sizeof(struct sl_value)
#define SL_NO_PARAMS NULL, 0

/* ---- Statements --------------------------------------------------------------------- */

/* Runs what gives no rows. Returns how many it changed, or -1. */
int sl_db_run(struct sl_db *db, const char *sql, const struct sl_value *params, size_t n,
              struct sl_err *err);

/* Runs an INSERT, and gives the id of its row. */
int sl_db_insert(struct sl_db *db, const char *sql, const struct sl_value *params, size_t n,
                 int64_t *id, struct sl_err *err);

/* Runs several statements that take no parameters and give no rows (a migration). */
int sl_db_script(struct sl_db *db, const char *sql, struct sl_err *err);

/* What is in the journal stays there when the database is closed. */
void sl_db_leave_journal(struct sl_db *db);

/* Copies every page, as they are now, into the empty file at `path`; syncs nothing. What is there after a
 * failure is no database. */
int sl_db_copy(struct sl_db *db, const char *path, struct sl_err *err);

int sl_db_query(struct sl_rows *rows, struct sl_db *db, const char *sql,
                const struct sl_value *params, size_t n, struct sl_err *err);
int sl_rows_next(struct sl_rows *rows, struct sl_err *err); /* 1: on a row; 0: no more; or -1 */

/* Both, for an answer of which one row is wanted: 1: on the first; 0: there is none; or -1. */
int sl_db_first(struct sl_rows *rows, struct sl_db *db, const char *sql,
                const struct sl_value *params, size_t n, struct sl_err *err);

/* Columns count from 0. Text and blob are borrowed until the next row; NULL for SQL's NULL,
 * whose number is 0. */
int64_t sl_row_int(const struct sl_rows *rows, int column);
const char *sl_row_text(const struct sl_rows *rows, int column);
const char *sl_row_blob(const struct sl_rows *rows, int column, size_t *n);
bool sl_row_null(const struct sl_rows *rows, int column);

/* The first column of the first row as a number. Returns 1, 0 if there is no row, or -1. */
int sl_db_number(struct sl_db *db, const char *sql, const struct sl_value *params, size_t n,
                 int64_t *number, struct sl_err *err);

#endif
