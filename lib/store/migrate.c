#include "lib/store/migrate.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/arena.h"
#include "lib/store/newer.h"
#include "lib/store/sql.h"

static const char schema[] =
#include "schema.inc" /* schema.sql as a string literal, made by the Makefile */
    ;

/* Version 1 had the tables of hooks and of the spool, and no program that wrote them. */
static const char to_2[] =
    "CREATE TABLE new_accounts ("
    " account TEXT PRIMARY KEY,"
    " provider_id INTEGER REFERENCES integration_providers (id) ON DELETE CASCADE,"
    " boot_id TEXT NOT NULL DEFAULT '', failures INTEGER NOT NULL DEFAULT 0,"
    " open_boot_ms INTEGER NOT NULL DEFAULT 0, opened INTEGER NOT NULL DEFAULT 0,"
    " probe_runner INTEGER, probe_boot_ms INTEGER NOT NULL DEFAULT 0,"
    " hold_boot_ms INTEGER NOT NULL DEFAULT 0, level_milli INTEGER NOT NULL DEFAULT 0,"
    " filled_boot_ms INTEGER NOT NULL DEFAULT 0, blocked TEXT, lock_runner INTEGER,"
    " lock_boot_ms INTEGER NOT NULL DEFAULT 0, held TEXT, trouble TEXT) STRICT, WITHOUT ROWID;"
    "INSERT INTO new_accounts SELECT account, provider_id, boot_id, failures, open_boot_ms, opened,"
    " probe_runner, probe_boot_ms, hold_boot_ms, level_milli, filled_boot_ms, blocked, lock_runner,"
    " lock_boot_ms, NULL, NULL FROM accounts;"
    "DROP TABLE accounts;"
    "ALTER TABLE new_accounts RENAME TO accounts;"
    "DROP TABLE spool;"
    "CREATE TABLE spool (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, used_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE spool_users ("
    " sha256 TEXT NOT NULL REFERENCES spool (sha256) ON DELETE CASCADE,"
    " queue_id INTEGER NOT NULL REFERENCES integration_queue (id) ON DELETE CASCADE,"
    " PRIMARY KEY (sha256, queue_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX spool_users_queue ON spool_users (queue_id);"
    "CREATE INDEX messages_unknown ON messages (dedupe) WHERE status = 'unknown';"
    "DROP TABLE hooks;"
    "CREATE TABLE hooks ("
    " id INTEGER PRIMARY KEY,"
    " school_id INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,"
    " purpose TEXT NOT NULL CHECK (purpose IN ('hook', 'alert')),"
    " event TEXT NOT NULL,"
    " kind TEXT NOT NULL CHECK (kind IN ('url', 'exec', 'sms')),"
    " target TEXT NOT NULL, secret TEXT,"
    " is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),"
    " created_at INTEGER NOT NULL, removed_at INTEGER) STRICT;"
    "DROP TABLE hook_events;"
    "CREATE TABLE hook_events ("
    " id INTEGER PRIMARY KEY,"
    " public_id TEXT NOT NULL UNIQUE,"
    " event_key TEXT NOT NULL UNIQUE,"
    " school_id INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,"
    " event TEXT NOT NULL,"
    " payload TEXT NOT NULL CHECK (json_valid(payload)),"
    " created_at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX payments_external ON payments (school_id, provider_id, external_reference)"
    " WHERE external_reference IS NOT NULL;"
    "ALTER TABLE integration_webhooks ADD COLUMN route TEXT;"
    "CREATE INDEX integration_webhooks_route ON integration_webhooks (route)"
    " WHERE route IS NOT NULL;";

/* Version 2 had no alerts by mail, watched nothing, knew no daily limit and kept everything alike. */
static const char to_3[] =
    "CREATE TABLE new_hooks ("
    " id INTEGER PRIMARY KEY,"
    " school_id INTEGER NOT NULL REFERENCES schools (id) ON DELETE CASCADE,"
    " purpose TEXT NOT NULL CHECK (purpose IN ('hook', 'alert')),"
    " event TEXT NOT NULL,"
    " kind TEXT NOT NULL CHECK (kind IN ('url', 'exec', 'sms', 'email')),"
    " target TEXT NOT NULL, secret TEXT,"
    " is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),"
    " created_at INTEGER NOT NULL, removed_at INTEGER) STRICT;"
    "INSERT INTO new_hooks SELECT id, school_id, purpose, event, kind, target, secret, is_active,"
    " created_at, removed_at FROM hooks;"
    "DROP TABLE hooks;"
    "ALTER TABLE new_hooks RENAME TO hooks;"
    "ALTER TABLE schools ADD COLUMN keep_days TEXT;"
    "ALTER TABLE accounts ADD COLUMN balance_micro INTEGER;"
    "ALTER TABLE accounts ADD COLUMN balance_currency TEXT;"
    "ALTER TABLE accounts ADD COLUMN balance_at INTEGER;"
    "ALTER TABLE accounts ADD COLUMN balance_asked_at INTEGER;"
    "CREATE TABLE watches ("
    " watch TEXT NOT NULL, about TEXT NOT NULL, school TEXT NOT NULL, since INTEGER NOT NULL,"
    " PRIMARY KEY (watch, about)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE account_days ("
    " account TEXT PRIMARY KEY REFERENCES accounts (account) ON DELETE CASCADE,"
    " sent INTEGER NOT NULL, most INTEGER NOT NULL, ends_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;";

/* migrations[n] takes a database from version n to n + 1; schema.sql, which a new database gets at
 * once, is what comes out of all of them. */
static const char *const migrations[] = { NULL, to_2, to_3 };

enum { VERSION = SL_COUNT(migrations) };

static const char set_version[] = "PRAGMA user_version = 3";
_Static_assert(VERSION == 3 && SL_DB_VERSION == 3, "set_version must set this number");

static const char insert_provider[] =
    "INSERT INTO integration_providers (category, name, code, adapter_class, is_active, created_at)"
    " VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT (code) DO NOTHING";

/* The systems of the specification. Those that an adapter serves are made active, and get
 * their config schema, when `sl-config init` or `migrate` registers the adapters. */
static const struct {
    const char *category, *name, *code, *adapter_class;
} providers[] = {
    { "payment", "M-Pesa", "mpesa", "MpesaAdapter" },
    { "payment", "Flutterwave", "flutterwave", "FlutterwaveAdapter" },
    { "payment", "Pesapal", "pesapal", "PesapalAdapter" },
    { "sms", "Africa's Talking", "africastalking", "AfricasTalkingAdapter" },
    { "sms", "Twilio", "twilio", "TwilioAdapter" },
    { "email", "SMTP", "smtp", "SmtpAdapter" },
    { "email", "SendGrid", "sendgrid", "SendGridAdapter" },
    { "email", "Mailgun", "mailgun", "MailgunAdapter" },
    { "push", "Firebase Cloud Messaging", "fcm", "FcmAdapter" },
    { "push", "Apple Push Notification service", "apns", "ApnsAdapter" },
    { "whatsapp", "WhatsApp Business", "whatsapp", "WhatsAppAdapter" },
    { "storage", "Local storage", "local", "LocalStorageAdapter" },
    { "storage", "Google Drive", "gdrive", "GoogleDriveAdapter" },
    { "storage", "S3", "s3", "S3Adapter" },
    { "lms", "Moodle", "moodle", "MoodleAdapter" },
};

static const char get_version[] = "PRAGMA user_version";

/* Where the journal alone says that it is newer, its index was made anew already; the rest is left. */
static int read_version(struct sl_db *db, int64_t *version, struct sl_err *err)
{
    if (sl_db_number(db, get_version, SL_NO_PARAMS, version, err) < 0)
        return -1;
    if (*version > VERSION)
        sl_db_leave_journal(db);
    return 0;
}

int64_t sl_store_version(void)
{
    return VERSION;
}

static const char insert_everyone[] =
    "INSERT INTO schools (code, name, country, timezone, currency, created_at, updated_at)"
    " VALUES ('everyone', 'Every school', 'KE', 'Africa/Nairobi', 'KES', $1, $1)"
    " ON CONFLICT (code) DO NOTHING";

static int register_providers(struct sl_db *db, int64_t now_ms, struct sl_err *err)
{
    for (size_t i = 0; i < SL_COUNT(providers); i++)
        if (sl_db_run(db, insert_provider,
                      SL_PARAMS(SL_TEXT(providers[i].category), SL_TEXT(providers[i].name),
                                SL_TEXT(providers[i].code), SL_TEXT(providers[i].adapter_class),
                                SL_INT(now_ms)),
                      err) < 0)
            return -1;
    return sl_db_run(db, insert_everyone, SL_PARAMS(SL_INT(now_ms)), err) < 0 ? -1 : 0;
}

/* The one setting that stays in the file, so that it comes only when the file is ours: readers
 * and a writer do not hold each other up. */
static const char use_wal[] = "PRAGMA journal_mode = WAL";
static const char count_tables[] = "SELECT count(*) FROM sqlite_master";
static const char count_ours[] =
    "SELECT count(*) FROM sqlite_master WHERE name = 'integration_queue'";

static int create(struct sl_db *db, int64_t now_ms, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t version, tables, ours;

    if (sl_tx_begin(&tx, db, err) < 0 || read_version(db, &version, err) < 0 ||
        sl_db_number(db, count_tables, SL_NO_PARAMS, &tables, err) < 0 ||
        sl_db_number(db, count_ours, SL_NO_PARAMS, &ours, err) < 0 ||
        (ours > 0 && sl_refuse_newer(version, err) < 0))
        return -1;
    if (version > 0 && ours > 0)
        return 0;
    if (version > 0 || tables > 0) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "this is another program's database");
        return sl_err_hint(err, "name another file; nothing was changed");
    }
    if (sl_db_script(db, schema, err) < 0 || register_providers(db, now_ms, err) < 0 ||
        sl_db_script(db, set_version, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}

int sl_store_create(struct sl_db *db, int64_t now_ms, struct sl_err *err)
{
    return create(db, now_ms, err) < 0 ? -1 : sl_db_script(db, use_wal, err);
}

static int check_version(int64_t version, struct sl_err *err)
{
    if (version == VERSION)
        return 0;
    if (version == 0) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "this is no database of ours");
        return sl_err_hint(err, "make one with `sl-config init`");
    }
    if (sl_refuse_newer(version, err) < 0)
        return -1;
    (void)sl_err_set(err, SL_ERR_CONFIG, "the database is of the older version %" PRId64, version);
    return sl_err_hint(err, "bring it up to date with `sl-config migrate`");
}

int sl_store_open(struct sl_db **out, const char *path, struct sl_err *err)
{
    SL_AUTO(sl_db_close) struct sl_db *db = NULL;
    int64_t version;

    if (sl_db_open(&db, path, err) < 0)
        return -1;
    if (read_version(db, &version, err) < 0 || check_version(version, err) < 0 ||
        sl_db_script(db, use_wal, err) < 0)
        return sl_err_context(err, "%s", path);
    *out = db;
    db = NULL;
    return 0;
}

int sl_store_migrate(struct sl_db *db, int64_t now_ms, bool dry, int64_t *from, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    int64_t version;
    char number[64];

    if (sl_tx_begin(&tx, db, err) < 0 || read_version(db, &version, err) < 0)
        return -1;
    if ((version == 0 || version > VERSION) && check_version(version, err) < 0)
        return -1;
    *from = version;
    for (int64_t v = version; v < VERSION && !dry; v++) {
        (void)snprintf(number, sizeof number, "PRAGMA user_version = %" PRId64, v + 1);
        if (sl_db_script(db, migrations[v], err) < 0 || sl_db_script(db, number, err) < 0)
            return -1;
    }
    if (!dry && register_providers(db, now_ms, err) < 0)
        return -1;
    return dry ? 0 : sl_tx_commit(&tx, err);
}
