#include "lib/store/forget.h"

#include "lib/store/logs.h"
#include "lib/store/queue.h"
#include "lib/store/sql.h"

/* ---- Log rows ---------------------------------------------------------------------------- */

static const char logs_sql[] =
    "SELECT h.log_id FROM log_phones h JOIN integration_logs l ON l.id = h.log_id"
    " WHERE h.phone_hash = $1 AND +l.school_id = $2 AND h.log_id > $3 ORDER BY h.log_id LIMIT $4";
static const char erase_bodies_sql[] =
    "UPDATE integration_logs SET request_data = NULL, response_data = NULL WHERE id = $1";
static const char erase_phone_sql[] =
    "DELETE FROM log_phones WHERE phone_hash = $1 AND log_id = $2";

static int find_logs(struct sl_db *db, const struct sl_person *person, int64_t after_id,
                     int64_t *ids, size_t most, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int n = 0, more;

    if (sl_db_query(&rows, db, logs_sql,
                    SL_PARAMS(SL_BLOB((const char *)person->phone_hash, SL_LOG_PHONE_SIZE),
                              SL_INT(person->school_id), SL_INT(after_id), SL_INT((int64_t)most)),
                    err) < 0)
        return -1;
    while ((more = sl_rows_next(&rows, err)) > 0)
        ids[n++] = sl_row_int(&rows, 0);
    return more < 0 ? -1 : n;
}

int sl_forget_logs(struct sl_db *db, const struct sl_person *person, int64_t after_id, int64_t *ids,
                   size_t most, struct sl_err *err)
{
    int n = find_logs(db, person, after_id, ids, most, err);

    for (int i = 0; i < n; i++)
        if (sl_db_run(db, erase_bodies_sql, SL_PARAMS(SL_INT(ids[i])), err) < 0 ||
            sl_db_run(db, erase_phone_sql,
                      SL_PARAMS(SL_BLOB((const char *)person->phone_hash, SL_LOG_PHONE_SIZE),
                                SL_INT(ids[i])),
                      err) < 0)
            return -1;
    return n;
}

/* ---- Other records ----------------------------------------------------------------------- */

/* A column that is the number, in whatever way it is written: $2 to $4 are the number's three.
 * A text that mentions it: all ways end like $2. $1 is the school. */
#define DIGITS(column)                                                                             \
    "replace(replace(replace(replace(replace(" column                                              \
    ", ' ', ''), '-', ''), '(', ''), ')', ''), '+', '')"
#define IS(column) DIGITS(column) " IN ($2, $3, $4)"
#define HAS(text) "(" text ") LIKE '%' || $2 || '%'"
/* One column of what a payment, or a refund of one, says in words. */
#define PAYMENT(column, by)                                                                        \
    "UPDATE payments SET " column " = " by " WHERE school_id = $1 AND " SETTLED " AND " HAS(column)
#define REFUND(column, by)                                                                         \
    "UPDATE refunds SET " column " = " by " WHERE payment_id IN"                                   \
    " (SELECT id FROM payments WHERE school_id = $1) AND " HAS(column)

#define OVER "status IN ('completed', 'failed', 'cancelled')"
#define SETTLED "status NOT IN ('initiated', 'pending', 'unknown')"
#define GONE "status NOT IN ('queued', 'sending', 'unknown')"
#define WAITING "(SELECT request_id FROM webhook_events WHERE state IN ('new', 'held'))"

/* A queue row holds the text; it is this person's alone if all its messages are. */
static const char texts_sql[] =
    "UPDATE integration_queue SET payload = '" SL_QUEUE_ERASED "', result = NULL, error_log = NULL"
    " WHERE school_id = $1 AND " OVER " AND payload <> '" SL_QUEUE_ERASED "' AND id IN"
    " (SELECT m.queue_id FROM messages m WHERE m.queue_id IS NOT NULL AND m.batch_id IN"
    " (SELECT id FROM message_batches WHERE school_id = $1) GROUP BY m.queue_id"
    " HAVING count(*) = sum(CASE WHEN " IS(
        "coalesce(m.address, m.address_given)") " THEN 1 ELSE 0 END))";
static const char messages_sql[] =
    "UPDATE messages SET address_given = '', address = NULL, dedupe = NULL,"
    " external_reference = NULL,"
    " error = CASE WHEN error IS NULL THEN NULL ELSE 'erased' END"
    " WHERE " GONE " AND batch_id IN (SELECT id FROM message_batches WHERE school_id = $1)"
    " AND " IS("coalesce(address, address_given)");
/* Where the provider's own words for it have the number. */
static const char external_sql[] = PAYMENT("external_reference", "NULL");
static const char external2_sql[] = PAYMENT("external_reference2", "NULL");
static const char payments_sql[] = "UPDATE payments SET phone = NULL, payer = NULL, email = NULL"
                                   " WHERE school_id = $1 AND " SETTLED " AND " IS("phone");
static const char references_sql[] =
    "DELETE FROM payment_references WHERE school_id = $1 AND " IS("reference");

static const char queue_sql[] =
    "UPDATE integration_queue SET payload = '" SL_QUEUE_ERASED "', result = NULL, error_log = NULL"
    " WHERE school_id = $1 AND " OVER
    " AND " HAS("payload || ' ' || coalesce(result, '') || ' ' || coalesce(error_log, '')");
static const char reference_sql[] = PAYMENT("reference", "'erased'");
static const char description_sql[] = PAYMENT("description", "NULL");
static const char meta_sql[] = PAYMENT("meta", "NULL");
static const char checkout_sql[] = PAYMENT("checkout_url", "NULL");
static const char error_sql[] = PAYMENT("error", "'erased'");
static const char mismatch_sql[] = PAYMENT("mismatch", "'erased'");
static const char reason_sql[] = REFUND("reason", "'erased'");
static const char refund_external_sql[] = REFUND("external_reference", "NULL");
static const char refund_error_sql[] = REFUND("error", "'erased'");

/* A callback that no school is known of may be this person's too. */
static const char callbacks_sql[] =
    "UPDATE webhook_requests SET query = '', body = X'' WHERE (school_id = $1 OR school_id IS NULL)"
    " AND id NOT IN " WAITING " AND " HAS("query || ' ' || CAST(body AS TEXT)");
static const char notes_sql[] =
    "UPDATE webhook_events SET note = NULL, external_reference = NULL WHERE request_id IN"
    " (SELECT id FROM webhook_requests WHERE school_id = $1 OR school_id IS NULL)"
    " AND state NOT IN ('new', 'held')"
    " AND " HAS("coalesce(note, '') || ' ' || coalesce(external_reference, '')");
static const char events_sql[] =
    "UPDATE hook_events SET payload = '{}' WHERE school_id = $1 AND " HAS("payload");
static const char facts_sql[] = "DELETE FROM facts WHERE account IN"
                                " (SELECT account FROM integration_configs WHERE school_id = $1)"
                                " AND " HAS("key || ' ' || value");

enum { EXACT = 4, MENTION = 2, MOST_PARAMS = 4 }; /* how many parameters */

static const struct {
    const char *sql;
    enum sl_forget_kind kind;
    size_t n_params;
} records[] = {
    { texts_sql, SL_FORGET_QUEUE, EXACT }, /* before the addresses that it goes by */
    { queue_sql, SL_FORGET_QUEUE, MENTION },
    { messages_sql, SL_FORGET_MESSAGES, EXACT },
    { payments_sql, SL_FORGET_PAYMENTS, EXACT },
    { reference_sql, SL_FORGET_PAYMENTS, MENTION },
    { description_sql, SL_FORGET_PAYMENTS, MENTION },
    { meta_sql, SL_FORGET_PAYMENTS, MENTION },
    { checkout_sql, SL_FORGET_PAYMENTS, MENTION },
    { error_sql, SL_FORGET_PAYMENTS, MENTION },
    { mismatch_sql, SL_FORGET_PAYMENTS, MENTION },
    { reason_sql, SL_FORGET_PAYMENTS, MENTION },
    { refund_error_sql, SL_FORGET_PAYMENTS, MENTION },
    { refund_external_sql, SL_FORGET_PAYMENTS, MENTION },
    { external_sql, SL_FORGET_PAYMENTS, MENTION },
    { external2_sql, SL_FORGET_PAYMENTS, MENTION },
    { references_sql, SL_FORGET_PAYMENTS, EXACT },
    { callbacks_sql, SL_FORGET_CALLBACKS, MENTION },
    { notes_sql, SL_FORGET_CALLBACKS, MENTION },
    { events_sql, SL_FORGET_EVENTS, MENTION },
    { facts_sql, SL_FORGET_FACTS, MENTION },
};

const char *sl_forget_kind_name(enum sl_forget_kind kind)
{
    static const char *const names[SL_FORGET_KINDS] = {
        [SL_FORGET_MESSAGES] = "messages",  [SL_FORGET_PAYMENTS] = "payments",
        [SL_FORGET_QUEUE] = "queue_items",  [SL_FORGET_CALLBACKS] = "callbacks",
        [SL_FORGET_EVENTS] = "hook_events", [SL_FORGET_FACTS] = "facts",
    };

    return names[kind];
}

static void set_params(const struct sl_person *person, size_t n_params,
                       struct sl_value params[MOST_PARAMS])
{
    params[0] = SL_INT(person->school_id);
    params[1] = SL_TEXT(n_params == EXACT ? person->international : person->national);
    params[2] = SL_TEXT(person->trunk);
    params[3] = SL_TEXT(person->national);
}

static int erase(struct sl_db *db, const struct sl_person *person, size_t i, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_value params[MOST_PARAMS];
    int changed;

    set_params(person, records[i].n_params, params);
    if (sl_tx_begin(&tx, db, err) < 0)
        return -1;
    changed = sl_db_run(db, records[i].sql, params, records[i].n_params, err);
    if (changed < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    return changed;
}

int sl_forget_records(struct sl_db *db, const struct sl_person *person, int64_t *counts,
                      struct sl_err *err)
{
    for (size_t i = 0; i < SL_COUNT(records); i++) {
        int changed = erase(db, person, i, err);

        if (changed < 0)
            return -1;
        counts[records[i].kind] += changed;
    }
    return 0;
}

static const char open_messages_sql[] =
    "SELECT count(*) FROM messages WHERE NOT (" GONE ") AND batch_id IN"
    " (SELECT id FROM message_batches WHERE school_id = $1)"
    " AND " IS("coalesce(address, address_given)");
static const char open_payments_sql[] = "SELECT count(*) FROM payments WHERE school_id = $1"
                                        " AND NOT (" SETTLED ") AND " IS("phone");
static const char open_items_sql[] =
    "SELECT count(*) FROM integration_queue WHERE school_id = $1 AND NOT (" OVER
    ") AND " HAS("payload");
static const char open_callbacks_sql[] =
    "SELECT count(*) FROM webhook_requests WHERE (school_id = $1 OR school_id IS NULL)"
    " AND id IN " WAITING " AND " HAS("query || ' ' || CAST(body AS TEXT)");

static const struct {
    const char *sql;
    size_t n_params;
} open_records[] = {
    { open_messages_sql, EXACT },
    { open_payments_sql, EXACT },
    { open_items_sql, MENTION },
    { open_callbacks_sql, MENTION },
};

int sl_forget_open(struct sl_db *db, const struct sl_person *person, int64_t *n, struct sl_err *err)
{
    struct sl_value params[MOST_PARAMS];
    int64_t all = 0, some;

    for (size_t i = 0; i < SL_COUNT(open_records); i++) {
        set_params(person, open_records[i].n_params, params);
        if (sl_db_number(db, open_records[i].sql, params, open_records[i].n_params, &some, err) < 0)
            return -1;
        all += some;
    }
    *n = all;
    return 0;
}

/* ---- Free pages and the log -------------------------------------------------------------- */

/* The copy that VACUUM makes may be larger than memory. */
static const char temp_file_sql[] = "PRAGMA temp_store = FILE";
static const char temp_memory_sql[] = "PRAGMA temp_store = MEMORY";
static const char vacuum_sql[] = "VACUUM";
static const char checkpoint_sql[] = "PRAGMA wal_checkpoint(TRUNCATE)";

int sl_forget_compact(struct sl_db *db, struct sl_err *err)
{
    int64_t busy = 0;

    if (sl_db_script(db, temp_file_sql, err) < 0 || sl_db_script(db, vacuum_sql, err) < 0 ||
        sl_db_script(db, temp_memory_sql, err) < 0 ||
        sl_db_number(db, checkpoint_sql, SL_NO_PARAMS, &busy, err) < 0)
        return -1;
    return busy == 0;
}
