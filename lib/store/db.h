/* The database, thin: opening it, positions in an answer, transactions.
 *
 * What everybody may hold is here; what writes SQL includes lib/store/sql.h, and only files
 * of lib/store/ do. Nobody else knows which database is behind this.
 *
 * Writers wait for each other for up to thirty seconds; after that a call fails with
 * SL_ERR_UNAVAILABLE. A full disk is SL_ERR_IO; what is no database of ours SL_ERR_CONFIG. */
#ifndef SL_STORE_DB_H
#define SL_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

struct sl_db;

/* Opens a database that sl_store_create() made, or ":memory:". Fails with SL_ERR_CONFIG when
 * there is none, it is read-only, is not one or, by its file, is of a newer version, which is left as
 * it is to the byte. On success the caller owns *db. Of other versions see lib/store/migrate.h. */
int sl_db_open(struct sl_db **db, const char *path, struct sl_err *err);

/* The same, and makes the file (mode 0600) when it is not there. */
int sl_db_create(struct sl_db **db, const char *path, struct sl_err *err);
void sl_db_close(struct sl_db **db); /* for SL_AUTO() */

/* How long a call waits for other writers, about; thirty seconds if nobody says. */
void sl_db_patience(struct sl_db *db, int ms);

/* A copy of the whole as it is now, consistent under load, synced, into a new file (mode
 * 0600), which has that name only when it is whole; until then it is PATH.part, and the next one
 * to PATH takes over what a killed one left. Fails with SL_ERR_CREATE if PATH exists. */
int sl_db_backup(struct sl_db *db, const char *path, struct sl_err *err);

/* A position in an answer. Zero it where it is declared, with SL_AUTO(sl_rows_end). A
 * statement has one reader at a time. */
struct sl_rows {
    struct sl_db *db;
    void *statement;
};

void sl_rows_end(struct sl_rows *rows);

/* ---- Transactions ------------------------------------------------------------------- */

/* Declared with SL_AUTO(sl_tx_end), so that every way out that is not sl_tx_commit() undoes
 * the work. Keep it short: it holds the one write lock, and nothing waits inside it. */
struct sl_tx {
    struct sl_db *db; /* NULL when there is nothing to undo */
};

int sl_tx_begin(struct sl_tx *tx, struct sl_db *db, struct sl_err *err);
int sl_tx_commit(struct sl_tx *tx, struct sl_err *err);
void sl_tx_end(struct sl_tx *tx);

/* Whether a transaction is open, for asserting what must run inside one. */
bool sl_db_in_tx(const struct sl_db *db);

/* Counts what sl_tx_begin() began: what was read in a transaction is known to be still true
 * while one is open and this is unchanged. */
uint64_t sl_db_tx_serial(const struct sl_db *db);

#endif
