/* The versions of the database.
 *
 * A new database gets schema.sql at once; an older one is brought to the same schema by
 * numbered migrations, each in one transaction with the number that it leaves behind (SQLite's
 * user_version), so that one that is killed did not happen. A database from a newer version
 * is left alone. */
#ifndef SL_STORE_MIGRATE_H
#define SL_STORE_MIGRATE_H

#include "lib/store/db.h"

/* Makes the schema in an empty database and registers the providers; changes nothing in one
 * that has it. */
int sl_store_create(struct sl_db *db, int64_t now_ms, struct sl_err *err);

/* Opens and refuses (SL_ERR_CONFIG) what has another version than ours, naming the cure. */
int sl_store_open(struct sl_db **db, const char *path, struct sl_err *err);

/* Brings it to our version. *from is what it had; nothing is changed if dry. */
int sl_store_migrate(struct sl_db *db, int64_t now_ms, bool dry, int64_t *from, struct sl_err *err);
int64_t sl_store_version(void);

#endif
