#include "lib/store/logs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/store/sql.h"

/* ---- Cells ------------------------------------------------------------------------------ */

struct sl_log_cell sl_log_text(const char *text)
{
    if (!text)
        return (struct sl_log_cell){ .kind = SL_LOG_NULL };
    return (struct sl_log_cell){ .kind = SL_LOG_TEXT, .text = text, .n = strlen(text) };
}

struct sl_log_cell sl_log_number(int64_t number)
{
    return (struct sl_log_cell){ .kind = SL_LOG_NUMBER, .number = number };
}

struct sl_log_cell sl_log_number_or_null(int64_t number, int64_t null)
{
    return number == null ? sl_log_text(NULL) : sl_log_number(number);
}

/* ---- Writing ---------------------------------------------------------------------------- */

static const char last_sql[] = "SELECT id, hash FROM integration_logs ORDER BY id DESC LIMIT 1";
static const char last_anchor_sql[] =
    "SELECT last_id, hash FROM log_anchors ORDER BY id DESC LIMIT 1";

static int read_link(struct sl_db *db, const char *sql, struct sl_log_link *last,
                     struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    size_t n;
    const char *hash;
    int more = sl_db_first(&rows, db, sql, SL_NO_PARAMS, err);

    if (more <= 0)
        return more;
    *last = (struct sl_log_link){ .id = sl_row_int(&rows, 0) };
    (void)sl_row_blob(&rows, 1, &n);
    hash = sl_row_text(&rows, 1);
    memcpy(last->hash, hash, n < SL_LOG_HASH_SIZE ? n : SL_LOG_HASH_SIZE - 1);
    return 1;
}

int sl_logs_last(struct sl_db *db, struct sl_log_link *last, struct sl_err *err)
{
    int found = read_link(db, last_sql, last, err);

    if (found == 0)
        found = read_link(db, last_anchor_sql, last, err);
    if (found == 0) {
        last->id = 0;
        memset(last->hash, '0', SL_LOG_HASH_SIZE - 1);
        last->hash[SL_LOG_HASH_SIZE - 1] = '\0';
    }
    return found < 0 ? -1 : 0;
}

static const char insert_sql[] =
    "INSERT INTO integration_logs (id, school_id, provider_id, direction, operation,"
    " reference_type, reference_id, request_data, response_data, status, status_code,"
    " error_message, duration_ms, external_reference, ip_address, created_at, attempt, actor,"
    " salt, body_digest, previous_hash, hash)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
    " $19, $20, $21, $22)";

int sl_logs_add(struct sl_db *db, const struct sl_log_row *row, struct sl_err *err)
{
    struct sl_value values[SL_LOG_COLUMNS];

    for (size_t i = 0; i < SL_LOG_COLUMNS; i++) {
        const struct sl_log_cell *cell = &row->cells[i];

        values[i] = cell->kind == SL_LOG_NUMBER ? SL_INT(cell->number) : SL_TEXT(cell->text);
        if (cell->kind == SL_LOG_NULL)
            values[i] = SL_NULL;
    }
    return sl_db_run(db, insert_sql, values, SL_LOG_COLUMNS, err) < 0 ? -1 : 0;
}

static const char insert_phone_sql[] =
    "INSERT INTO log_phones (phone_hash, log_id) VALUES ($1, $2)";

int sl_logs_add_phones(struct sl_db *db, int64_t id, const unsigned char *hashes, size_t n_hashes,
                       struct sl_err *err)
{
    for (size_t i = 0; i < n_hashes; i++) {
        const char *hash = (const char *)hashes + i * SL_LOG_PHONE_SIZE;

        if (sl_db_run(db, insert_phone_sql, SL_PARAMS(SL_BLOB(hash, SL_LOG_PHONE_SIZE), SL_INT(id)),
                      err) < 0)
            return -1;
    }
    return 0;
}

/* ---- Reading ---------------------------------------------------------------------------- */

#define ROW                                                                                        \
    "SELECT l.id, l.school_id, l.provider_id, l.direction, l.operation, l.reference_type,"         \
    " l.reference_id, l.request_data, l.response_data, l.status, l.status_code,"                   \
    " l.error_message, l.duration_ms, l.external_reference, l.ip_address, l.created_at,"           \
    " l.attempt, l.actor, l.salt, l.body_digest, l.previous_hash, l.hash,"                         \
    " s.code, p.code, s.timezone FROM integration_logs l"                                          \
    " LEFT JOIN schools s ON s.id = l.school_id"                                                   \
    " LEFT JOIN integration_providers p ON p.id = l.provider_id"

/* Our ids of what the provider calls $8: the log has no reference with somebody's number in it. */
#define OURS                                                                                       \
    "SELECT m.public_id FROM payments m WHERE m.external_reference = $8"                           \
    " AND m.school_id IN (SELECT id FROM schools)"                                                 \
    " AND m.provider_id IN (SELECT id FROM integration_providers)"                                 \
    " UNION ALL SELECT q.public_id FROM messages m JOIN integration_queue q ON q.id = m.queue_id"  \
    " WHERE m.external_reference = $8"

/* What a filter does not name is null. Each list finds its ids by the one index that says most,
 * and only then reads rows whole. */
#define IDS                                                                                        \
    " WHERE l.id IN (SELECT i.id FROM integration_logs i"                                          \
    " WHERE ($1 IS NULL OR i.school_id = $1) AND ($2 IS NULL OR i.provider_id = $2)"               \
    " AND ($3 IS NULL OR i.direction = $3) AND ($4 IS NULL OR i.operation = $4)"                   \
    " AND ($5 IS NULL OR i.status = $5)"                                                           \
    " AND ($6 IS NULL OR i.created_at >= $6) AND ($7 IS NULL OR i.created_at < $7)"                \
    " AND ($8 IS NULL OR i.external_reference = $8 OR i.reference_id = $8"                         \
    " OR i.reference_id IN (" OURS "))"
#define NEWEST " ORDER BY i.id DESC LIMIT $9) ORDER BY l.id DESC"

static const char list_sql[] = ROW IDS NEWEST;
static const char list_school_sql[] = ROW IDS " AND i.school_id = $1" NEWEST;
static const char list_operation_sql[] =
    ROW IDS " AND i.school_id = $1 AND i.operation = $4" NEWEST;
static const char list_since_sql[] = ROW IDS
    " AND i.created_at >= coalesce($6, 0) AND i.created_at < coalesce($7, 9223372036854775807)"
    " ORDER BY i.created_at DESC, i.id DESC LIMIT $9) ORDER BY l.id DESC";
static const char list_reference_sql[] = ROW IDS
    " AND i.id IN (SELECT e.id FROM integration_logs e WHERE e.external_reference = $8"
    " UNION ALL SELECT r.id FROM integration_logs r WHERE r.reference_id = $8"
    " UNION ALL SELECT r.id FROM integration_logs r WHERE r.reference_id IN (" OURS "))" NEWEST;
static const char list_phone_sql[] =
    ROW IDS " AND i.id IN (SELECT h.log_id FROM log_phones h WHERE h.phone_hash = $9)"
            " ORDER BY i.id DESC LIMIT $10) ORDER BY l.id DESC";

static const char *choose_list(const struct sl_log_filter *filter)
{
    if (filter->phone_hash)
        return list_phone_sql;
    if (filter->reference)
        return list_reference_sql;
    if (filter->school_id && filter->operation)
        return list_operation_sql;
    if (filter->since || filter->until)
        return list_since_sql;
    return filter->school_id ? list_school_sql : list_sql;
}

int sl_logs_list(struct sl_rows *rows, struct sl_db *db, const struct sl_log_filter *filter,
                 struct sl_err *err)
{
    struct sl_value values[] = {
        SL_ID(filter->school_id),   SL_ID(filter->provider_id), SL_TEXT(filter->direction),
        SL_TEXT(filter->operation), SL_TEXT(filter->status),    SL_ID(filter->since),
        SL_ID(filter->until),       SL_TEXT(filter->reference), SL_INT(filter->limit),
        SL_INT(filter->limit),
    };
    size_t n = SL_COUNT(values) - 1;

    if (filter->phone_hash) {
        values[8] = SL_BLOB((const char *)filter->phone_hash, SL_LOG_PHONE_SIZE);
        n++;
    }
    return sl_db_query(rows, db, choose_list(filter), values, n, err);
}

static const char find_sql[] = ROW " WHERE l.id = $1";

/* Where the times begin and end is looked up first, so that the rows come by id, unsorted. */
static const char bounds_sql[] =
    "SELECT min(id), max(id) FROM integration_logs WHERE created_at >= $1 AND created_at < $2";
static const char stream_sql[] =
    ROW " WHERE l.id > $1 AND l.id <= $2 AND ($3 IS NULL OR l.school_id = $3)"
        " AND ($4 IS NULL OR l.provider_id = $4)"
        " AND l.created_at >= $5 AND l.created_at < $6 ORDER BY l.id";

struct bounds {
    int64_t since, until;
    int64_t after_id, last_id;
};

static int narrow(struct sl_db *db, struct bounds *bounds, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int64_t first;

    if (sl_db_query(&rows, db, bounds_sql, SL_PARAMS(SL_INT(bounds->since), SL_INT(bounds->until)),
                    err) < 0 ||
        sl_rows_next(&rows, err) < 0)
        return -1;
    first = sl_row_int(&rows, 0);
    bounds->after_id = first > bounds->after_id ? first - 1 : bounds->after_id;
    bounds->last_id = sl_row_int(&rows, 1);
    return 0;
}

int sl_logs_stream(struct sl_rows *rows, struct sl_db *db, int64_t after_id,
                   const struct sl_log_filter *filter, struct sl_err *err)
{
    struct bounds bounds = { filter->since ? filter->since : INT64_MIN,
                             filter->until ? filter->until : INT64_MAX, after_id, INT64_MAX };

    if ((filter->since || filter->until) && narrow(db, &bounds, err) < 0)
        return -1;
    return sl_db_query(rows, db, stream_sql,
                       SL_PARAMS(SL_INT(bounds.after_id), SL_INT(bounds.last_id),
                                 SL_ID(filter->school_id), SL_ID(filter->provider_id),
                                 SL_INT(bounds.since), SL_INT(bounds.until)),
                       err);
}

int sl_logs_find(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_err *err)
{
    return sl_db_query(rows, db, find_sql, SL_PARAMS(SL_INT(id)), err);
}

static bool is_number(size_t column)
{
    static const bool numbers[SL_LOG_COLUMNS] = {
        [SL_LOG_ID] = true,          [SL_LOG_SCHOOL_ID] = true,   [SL_LOG_PROVIDER_ID] = true,
        [SL_LOG_STATUS_CODE] = true, [SL_LOG_DURATION_MS] = true, [SL_LOG_CREATED_AT] = true,
        [SL_LOG_ATTEMPT] = true,
    };

    return numbers[column];
}

/* The size is asked for before the text, whose end is then a NUL. */
static struct sl_log_cell read_cell(const struct sl_rows *rows, size_t column)
{
    struct sl_log_cell cell = { .kind = SL_LOG_NULL };

    if (sl_row_null(rows, (int)column))
        return cell;
    if (is_number(column))
        return sl_log_number(sl_row_int(rows, (int)column));
    cell.kind = SL_LOG_TEXT;
    (void)sl_row_blob(rows, (int)column, &cell.n);
    cell.text = sl_row_text(rows, (int)column);
    return cell;
}

int sl_logs_next(struct sl_rows *rows, struct sl_log_row *row, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more <= 0)
        return more;
    for (size_t i = 0; i < SL_LOG_COLUMNS; i++)
        row->cells[i] = read_cell(rows, i);
    row->school = sl_row_text(rows, SL_LOG_COLUMNS);
    row->provider = sl_row_text(rows, SL_LOG_COLUMNS + 1);
    row->zone = sl_row_text(rows, SL_LOG_COLUMNS + 2);
    return 1;
}

static const char phones_sql[] =
    "SELECT phone_hash FROM log_phones WHERE log_id = $1 ORDER BY phone_hash";

int sl_logs_phones(struct sl_db *db, int64_t id, struct sl_buf *hashes, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    int n = 0, more;

    if (sl_db_query(&rows, db, phones_sql, SL_PARAMS(SL_INT(id)), err) < 0)
        return -1;
    for (; (more = sl_rows_next(&rows, err)) > 0; n++) {
        size_t n_bytes;
        const char *bytes = sl_row_blob(&rows, 0, &n_bytes);
        char hash[SL_LOG_PHONE_SIZE + 1] = { 0 };

        /* Another length was not written by us: the digest then differs too. */
        if (n_bytes > 0)
            memcpy(hash, bytes, n_bytes < sizeof hash ? n_bytes : sizeof hash);
        hash[0] = (char)(n_bytes == SL_LOG_PHONE_SIZE ? hash[0] : ~hash[0]);
        sl_buf_add(hashes, hash, SL_LOG_PHONE_SIZE);
    }
    return more < 0 ? -1 : n;
}

static const char by_hash_sql[] = "SELECT id FROM integration_logs WHERE hash = $1 LIMIT 1";

int sl_logs_by_hash(struct sl_db *db, const char *hash, int64_t *id, struct sl_err *err)
{
    return sl_db_number(db, by_hash_sql, SL_PARAMS(SL_TEXT(hash)), id, err);
}

static const char last_phone_sql[] = "SELECT coalesce(max(log_id), 0) FROM log_phones";

int sl_logs_last_phone(struct sl_db *db, int64_t *id, struct sl_err *err)
{
    return sl_db_number(db, last_phone_sql, SL_NO_PARAMS, id, err) < 0 ? -1 : 0;
}

/* ---- Counting ---------------------------------------------------------------------------- */

static const char changed_sql[] =
    "SELECT coalesce(max(created_at), 0) FROM integration_logs WHERE reference_id = $1"
    " AND reference_type = 'config' AND operation = 'config.set'"
    " AND json_extract(request_data, '$.' || $2) IS NOT NULL";

int sl_logs_changed(struct sl_db *db, int64_t config_id, const char *setting, int64_t *at_ms,
                    struct sl_err *err)
{
    char id[24];

    (void)snprintf(id, sizeof id, "%" PRId64, config_id);
    return sl_db_number(db, changed_sql, SL_PARAMS(SL_TEXT(id), SL_TEXT(setting)), at_ms, err) < 0
               ? -1
               : 0;
}

static const char stats_sql[] =
    "SELECT s.code, p.code, l.operation, l.direction, count(*),"
    " sum(CASE l.status WHEN 'success' THEN 1 ELSE 0 END),"
    " sum(CASE l.status WHEN 'failed' THEN 1 ELSE 0 END),"
    " sum(CASE l.status WHEN 'timeout' THEN 1 ELSE 0 END),"
    " coalesce(sum(l.duration_ms) / count(l.duration_ms), -1), coalesce(max(l.duration_ms), -1),"
    " max(l.created_at) FROM integration_logs l"
    " LEFT JOIN schools s ON s.id = l.school_id"
    " LEFT JOIN integration_providers p ON p.id = l.provider_id"
    " WHERE ($1 IS NULL OR l.school_id = $1) AND l.created_at >= $2"
    " GROUP BY s.code, p.code, l.operation, l.direction"
    " ORDER BY s.code, p.code, l.operation, l.direction";

int sl_logs_stats(struct sl_rows *rows, struct sl_db *db, int64_t school_id, int64_t since,
                  struct sl_err *err)
{
    return sl_db_query(rows, db, stats_sql, SL_PARAMS(SL_ID(school_id), SL_INT(since)), err);
}

int sl_logs_stats_next(struct sl_rows *rows, struct sl_log_stat *stat, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more <= 0)
        return more;
    *stat = (struct sl_log_stat){
        .school = sl_row_text(rows, 0),
        .provider = sl_row_text(rows, 1),
        .operation = sl_row_text(rows, 2),
        .direction = sl_row_text(rows, 3),
        .calls = sl_row_int(rows, 4),
        .success = sl_row_int(rows, 5),
        .failed = sl_row_int(rows, 6),
        .timeout = sl_row_int(rows, 7),
        .average_ms = sl_row_int(rows, 8),
        .longest_ms = sl_row_int(rows, 9),
        .last_at = sl_row_int(rows, 10),
    };
    return 1;
}

/* ---- What a row is about, unmasked ------------------------------------------------------- */

/* A message's row names its queue row, whose public id only the school's own rows are searched
 * for. A send of one number is found by the provider's reference too. */
static const char people_sql[] =
    "SELECT 'message', b.public_id || '-' || m.line, m.address, NULL FROM messages m"
    " JOIN message_batches b ON b.id = m.batch_id WHERE b.school_id = $1 AND m.id IN"
    " (SELECT x.id FROM messages x WHERE x.external_reference = $2 AND $3 = 'message'"
    " UNION SELECT y.id FROM integration_queue q JOIN messages y ON y.queue_id = q.id"
    " WHERE q.school_id = $1 AND q.public_id = $4 AND $3 = 'message')"
    " UNION ALL SELECT 'payment', public_id, phone, payer FROM payments"
    " WHERE school_id = $1 AND public_id = $4 AND $3 = 'payment'"
    " UNION ALL SELECT 'payment', public_id, email, payer FROM payments"
    " WHERE school_id = $1 AND public_id = $4 AND $3 = 'payment' AND email IS NOT NULL"
    " UNION ALL SELECT 'refund', r.public_id, f.phone, f.payer FROM refunds r"
    " JOIN payments f ON f.id = r.payment_id"
    " WHERE f.school_id = $1 AND r.public_id = $4 AND $3 = 'refund' LIMIT 1000";

int sl_logs_people(struct sl_rows *rows, struct sl_db *db, const struct sl_log_row *row,
                   struct sl_err *err)
{
    const struct sl_log_cell *cells = row->cells;

    return sl_db_query(rows, db, people_sql,
                       SL_PARAMS(SL_INT(cells[SL_LOG_SCHOOL_ID].number),
                                 SL_TEXT(cells[SL_LOG_EXTERNAL_REFERENCE].text),
                                 SL_TEXT(cells[SL_LOG_REFERENCE_TYPE].text),
                                 SL_TEXT(cells[SL_LOG_REFERENCE_ID].text)),
                       err);
}

int sl_logs_people_next(struct sl_rows *rows, struct sl_log_person *person, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more <= 0)
        return more;
    *person = (struct sl_log_person){
        .kind = sl_row_text(rows, 0),
        .id = sl_row_text(rows, 1),
        .address = sl_row_text(rows, 2),
        .name = sl_row_text(rows, 3),
    };
    return 1;
}
