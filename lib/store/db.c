#include "lib/store/db.h"

#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/clock.h"
#include "lib/base/crypto.h"
#include "lib/store/newer.h"
#include "lib/store/sql.h"
#include "lib/store/sqlite.h"

enum { N_SLOTS = 1024, MOST_STATEMENTS = 512, MOST_PARAMS = 32, BUSY_MS = 30000, TRY_MS = 7 };

/* The WAL is folded back when it has grown to 48 MiB: more often, and a bulk run spends its time
 * on copying pages. The cache is small: the kernel has the file in memory, and a list of 100,000
 * took no longer with 2 MiB than with 16. */
static const char settings[] = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                               "PRAGMA wal_autocheckpoint = 12288;"
                               "PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = ON;"
                               "PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY";

struct slot {
    const char *sql; /* known by its address: a statement is a constant */
    sqlite3_stmt *statement;
    /* SQLite takes "$2" for a name and numbers names as they come: $n is at places[n - 1] */
    unsigned char places[MOST_PARAMS];
    unsigned char n_params;
};

struct sl_db {
    sqlite3 *sqlite;
    struct slot slots[N_SLOTS];
    size_t n_prepared;
    sqlite3_stmt *begin, *commit, *rollback;
    int most_tries; /* to get the write lock, of about 7 ms each */
    uint64_t tx_serial;
};

static const struct {
    int sqlite;
    enum sl_err_code ours;
    const char *hint;
} codes[] = {
    { SQLITE_BUSY, SL_ERR_UNAVAILABLE, "another program holds it; try again" },
    { SQLITE_LOCKED, SL_ERR_UNAVAILABLE, "another program holds it; try again" },
    /* one that was stopped while it recovered the WAL: SQLite waits ten seconds for it */
    { SQLITE_PROTOCOL, SL_ERR_UNAVAILABLE, "another program holds it; try again" },
    { SQLITE_CONSTRAINT, SL_ERR_DATA, "" },
    { SQLITE_CANTOPEN, SL_ERR_CONFIG, "it and its folder must be there, and ours to use" },
    { SQLITE_NOTADB, SL_ERR_CONFIG, "name another with --database, or restore a backup" },
    /* as a read that failed is told, now and then: not the fault of a row that it happened to */
    { SQLITE_CORRUPT, SL_ERR_IO,
      "put back a copy that `sl-config backup` made; without one, `sqlite3 DATABASE .recover` reads"
      " what is left" },
    { SQLITE_READONLY, SL_ERR_CONFIG, "it and its folder must be writable" },
    { SQLITE_PERM, SL_ERR_CONFIG, "it and its folder must be writable" },
    { SQLITE_FULL, SL_ERR_IO, "make room on its disk, then try again" },
    { SQLITE_IOERR, SL_ERR_IO, "its disk may be full: see `df`, and the kernel's log" },
};

static int fail(const struct sl_db *db, struct sl_err *err)
{
    int status = sqlite3_errcode(db->sqlite);
    enum sl_err_code code = SL_ERR_IO;
    const char *hint = "", *path = NULL;

    if (db->rollback) /* open: half of a handle has no file name to ask for */
        path = sqlite3_db_filename(db->sqlite, "main");
    for (size_t i = 0; i < SL_COUNT(codes); i++)
        if (codes[i].sqlite == status) {
            code = codes[i].ours;
            hint = codes[i].hint;
        }
    if (code == SL_ERR_IO && path && *path)
        (void)sl_err_set(err, code, "database %s: %s", path, sqlite3_errmsg(db->sqlite));
    else
        (void)sl_err_set(err, code, "database: %s", sqlite3_errmsg(db->sqlite));
    return sl_err_hint(err, "%s", hint);
}

/* ---- Opening and closing ------------------------------------------------------------ */

/* Short waits that differ: SQLite's own grow to 100 ms, and a writer that commits often
 * would keep the others out. */
static int wait_for_writer(void *opaque, int tries)
{
    const int wait_us[] = { 200, 500, 1000, 2000, 5000 };
    int us = wait_us[tries < 4 ? tries : 4];
    uint32_t random;

    sl_random(&random, sizeof random);
    sl_pause_us(us + (int64_t)(random % (uint32_t)us));
    return tries < ((const struct sl_db *)opaque)->most_tries;
}

/* QPSG: a plan does not look at what is bound, for else the statement is prepared anew each time
 * that is something else (`status = $2` beside an index of some statuses). */
static int open_sqlite(struct sl_db *db, const char *path, struct sl_err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

    sl_sqlite_set_up();
    if (sqlite3_open_v2(path, &db->sqlite, flags, NULL) != SQLITE_OK)
        return fail(db, err);
    if (sl_refuse_newer_file(db->sqlite, err) < 0)
        return -1;
    if (sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL) != SQLITE_OK ||
        sqlite3_busy_handler(db->sqlite, wait_for_writer, db) != SQLITE_OK ||
        sqlite3_exec(db->sqlite, settings, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db->sqlite, "BEGIN IMMEDIATE", -1, &db->begin, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db->sqlite, "COMMIT", -1, &db->commit, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db->sqlite, "ROLLBACK", -1, &db->rollback, NULL) != SQLITE_OK)
        return fail(db, err);
    if (sqlite3_db_readonly(db->sqlite, "main")) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "the database is read-only");
        return sl_err_hint(err, "it and its folder must be writable");
    }
    return 0;
}

void sl_db_patience(struct sl_db *db, int ms)
{
    db->most_tries = ms / TRY_MS;
}

static int refuse_folder(const char *path, struct sl_err *err)
{
    struct stat about;

    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG, "%s is a folder, and no database", path);
    return sl_err_hint(err, "name the file, as in %s/shulelabs.db", path);
}

int sl_db_open(struct sl_db **out, const char *path, struct sl_err *err)
{
    SL_AUTO(sl_db_close) struct sl_db *db = NULL;

    if (refuse_folder(path, err) < 0)
        return -1;
    if (strcmp(path, ":memory:") != 0 && access(path, F_OK) != 0) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "there is no database %s", path);
        return sl_err_hint(err, "make one with `sl-config init`");
    }
    db = calloc(1, sizeof *db);
    if (!db)
        sl_out_of_memory();
    sl_db_patience(db, BUSY_MS);
    if (open_sqlite(db, path, err) < 0)
        return sl_err_context(err, "%s", path);
    *out = db;
    db = NULL; /* the caller's now */
    return 0;
}

int sl_db_create(struct sl_db **db, const char *path, struct sl_err *err)
{
    int file;

    if (refuse_folder(path, err) < 0)
        return -1;
    if (strcmp(path, ":memory:") != 0) {
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0)
            return sl_err_set(err, SL_ERR_CREATE, "%s: %m", path);
        (void)close(file);
    }
    return sl_db_open(db, path, err);
}

void sl_db_close(struct sl_db **db)
{
    if (!*db)
        return;
    for (size_t i = 0; i < N_SLOTS; i++)
        (void)sqlite3_finalize((*db)->slots[i].statement);
    (void)sqlite3_finalize((*db)->begin);
    (void)sqlite3_finalize((*db)->commit);
    (void)sqlite3_finalize((*db)->rollback);
    (void)sqlite3_close((*db)->sqlite);
    free(*db);
    *db = NULL;
}

void sl_db_leave_journal(struct sl_db *db)
{
    (void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

/* A copy that is cut short is thrown away: it needs no journal, and no sync but its caller's. */
int sl_db_copy(struct sl_db *db, const char *path, struct sl_err *err)
{
    sqlite3 *copy = NULL;
    sqlite3_backup *backup = NULL;
    int status = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (status == SQLITE_OK)
        status = sqlite3_exec(copy, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL,
                              NULL, NULL);
    if (status == SQLITE_OK)
        backup = sqlite3_backup_init(copy, "main", db->sqlite, "main");
    if (backup) {
        (void)sqlite3_backup_step(backup, -1);
        status = sqlite3_backup_finish(backup);
    }
    if (sqlite3_close(copy) != SQLITE_OK || !backup || status != SQLITE_OK)
        return sl_err_set(err, SL_ERR_IO, "%s", sqlite3_errstr(status));
    return 0;
}

/* ---- Statements --------------------------------------------------------------------- */

static size_t slot_of(const struct sl_db *db, const char *sql)
{
    size_t slot = ((uintptr_t)sql >> 3) * 2654435761u % N_SLOTS;

    while (db->slots[slot].sql && db->slots[slot].sql != sql)
        slot = (slot + 1) % N_SLOTS;
    return slot;
}

static void find_places(struct slot *slot)
{
    int n = sqlite3_bind_parameter_count(slot->statement);
    char name[8];

    assert(n <= MOST_PARAMS);
    slot->n_params = (unsigned char)n;
    for (int i = 0; i < n; i++) {
        (void)snprintf(name, sizeof name, "$%d", i + 1);
        slot->places[i] = (unsigned char)sqlite3_bind_parameter_index(slot->statement, name);
        assert(slot->places[i] > 0); /* $1 … $n, without a gap */
    }
}

static struct slot *prepare(struct sl_db *db, const char *sql)
{
    struct slot *slot = &db->slots[slot_of(db, sql)];
    sqlite3_stmt *statement = NULL;

    if (slot->sql)
        return slot;
    assert(db->n_prepared < MOST_STATEMENTS);
    if (sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL))
        return NULL;
    slot->sql = sql;
    slot->statement = statement;
    find_places(slot);
    db->n_prepared++;
    return slot;
}

static int bind(sqlite3_stmt *statement, int index, const struct sl_value *value)
{
    switch (value->kind) {
    case SL_IS_NULL: return sqlite3_bind_null(statement, index);
    case SL_IS_INT: return sqlite3_bind_int64(statement, index, value->number);
    case SL_IS_TEXT: return sqlite3_bind_text(statement, index, value->text, -1, SQLITE_STATIC);
    case SL_IS_BLOB:
        return sqlite3_bind_blob64(statement, index, value->text ? value->text : "",
                                   (sqlite3_uint64)value->number, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

int sl_db_query(struct sl_rows *rows, struct sl_db *db, const char *sql,
                const struct sl_value *params, size_t n, struct sl_err *err)
{
    struct slot *slot = prepare(db, sql);

    if (!slot)
        return fail(db, err);
    assert(slot->n_params == n);
    assert(!sqlite3_stmt_busy(slot->statement)); /* one statement, one reader at a time */
    for (size_t i = 0; i < n; i++)
        if (bind(slot->statement, slot->places[i], &params[i]) != SQLITE_OK)
            return fail(db, err);
    *rows = (struct sl_rows){ db, slot->statement };
    return 0;
}

int sl_rows_next(struct sl_rows *rows, struct sl_err *err)
{
    switch (sqlite3_step(rows->statement)) {
    case SQLITE_ROW: return 1;
    case SQLITE_DONE: return 0;
    default: return fail(rows->db, err);
    }
}

void sl_rows_end(struct sl_rows *rows)
{
    if (!rows->statement)
        return;
    (void)sqlite3_reset(rows->statement);
    (void)sqlite3_clear_bindings(rows->statement);
    rows->statement = NULL;
}

int64_t sl_row_int(const struct sl_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

const char *sl_row_text(const struct sl_rows *rows, int column)
{
    return (const char *)sqlite3_column_text(rows->statement, column);
}

const char *sl_row_blob(const struct sl_rows *rows, int column, size_t *n)
{
    const char *bytes = sqlite3_column_blob(rows->statement, column);

    *n = (size_t)sqlite3_column_bytes(rows->statement, column);
    return bytes;
}

bool sl_row_null(const struct sl_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

int sl_db_run(struct sl_db *db, const char *sql, const struct sl_value *params, size_t n,
              struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };

    if (sl_db_query(&rows, db, sql, params, n, err) < 0 || sl_rows_next(&rows, err) < 0)
        return -1;
    return sqlite3_changes(db->sqlite);
}

int sl_db_insert(struct sl_db *db, const char *sql, const struct sl_value *params, size_t n,
                 int64_t *id, struct sl_err *err)
{
    int changed = sl_db_run(db, sql, params, n, err);

    if (changed > 0)
        *id = sqlite3_last_insert_rowid(db->sqlite);
    return changed;
}

int sl_db_script(struct sl_db *db, const char *sql, struct sl_err *err)
{
    return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(db, err);
}

int sl_db_first(struct sl_rows *rows, struct sl_db *db, const char *sql,
                const struct sl_value *params, size_t n, struct sl_err *err)
{
    return sl_db_query(rows, db, sql, params, n, err) < 0 ? -1 : sl_rows_next(rows, err);
}

int sl_db_number(struct sl_db *db, const char *sql, const struct sl_value *params, size_t n,
                 int64_t *number, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int more = sl_db_first(&rows, db, sql, params, n, err);

    if (more > 0)
        *number = sl_row_int(&rows, 0);
    return more;
}

/* ---- Transactions ------------------------------------------------------------------- */

static int step_alone(const struct sl_db *db, sqlite3_stmt *statement, struct sl_err *err)
{
    int status = sqlite3_step(statement);

    if (status != SQLITE_DONE)
        (void)fail(db, err);
    (void)sqlite3_reset(statement);
    return status == SQLITE_DONE ? 0 : -1;
}

int sl_tx_begin(struct sl_tx *tx, struct sl_db *db, struct sl_err *err)
{
    if (step_alone(db, db->begin, err) < 0)
        return -1;
    db->tx_serial++;
    tx->db = db;
    return 0;
}

int sl_tx_commit(struct sl_tx *tx, struct sl_err *err)
{
    if (step_alone(tx->db, tx->db->commit, err) < 0)
        return -1;
    tx->db = NULL;
    return 0;
}

void sl_tx_end(struct sl_tx *tx)
{
    struct sl_err ignored; /* the error that brought us here is the one to tell */

    if (tx->db && !sqlite3_get_autocommit(tx->db->sqlite))
        (void)step_alone(tx->db, tx->db->rollback, &ignored);
    tx->db = NULL;
}

bool sl_db_in_tx(const struct sl_db *db)
{
    return !sqlite3_get_autocommit(db->sqlite);
}

uint64_t sl_db_tx_serial(const struct sl_db *db)
{
    return db->tx_serial;
}
