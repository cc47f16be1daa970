#include "lib/store/payments.h"

#include "lib/store/sql.h"

#define PAYMENT_COLUMNS                                                                            \
    "p.id, p.public_id, p.school_id, p.provider_id, p.source, p.status, p.amount_minor,"           \
    " p.currency, p.phone, p.reference, p.description, p.email, p.payer, p.meta,"                  \
    " p.external_reference, p.external_reference2, p.receipt, p.told_receipt,"                     \
    " p.told_amount_minor, p.told_state, p.asked_state, p.mismatch, p.checkout_url, p.error,"      \
    " p.queue_id, p.folded_into, p.created_at, p.updated_at, p.settled_at, v.code, s.code"
#define PAYMENT_TABLES                                                                             \
    " FROM payments p JOIN integration_providers v ON v.id = p.provider_id"                        \
    " JOIN schools s ON s.id = p.school_id"

/* Borrows the row's text. */
static struct sl_payment payment_at(const struct sl_rows *rows)
{
    return (struct sl_payment){
        .id = sl_row_int(rows, 0),
        .public_id = sl_row_text(rows, 1),
        .school_id = sl_row_int(rows, 2),
        .provider_id = sl_row_int(rows, 3),
        .source = sl_row_text(rows, 4),
        .status = sl_row_text(rows, 5),
        .amount_minor = sl_row_int(rows, 6),
        .currency = sl_row_text(rows, 7),
        .phone = sl_row_text(rows, 8),
        .reference = sl_row_text(rows, 9),
        .description = sl_row_text(rows, 10),
        .email = sl_row_text(rows, 11),
        .payer = sl_row_text(rows, 12),
        .meta = sl_row_text(rows, 13),
        .external_reference = sl_row_text(rows, 14),
        .external_reference2 = sl_row_text(rows, 15),
        .receipt = sl_row_text(rows, 16),
        .told_receipt = sl_row_text(rows, 17),
        .told_amount_minor = sl_row_int(rows, 18),
        .told_state = sl_row_text(rows, 19),
        .asked_state = sl_row_text(rows, 20),
        .mismatch = sl_row_text(rows, 21),
        .checkout_url = sl_row_text(rows, 22),
        .error = sl_row_text(rows, 23),
        .queue_id = sl_row_int(rows, 24),
        .folded_into = sl_row_int(rows, 25),
        .created_at = sl_row_int(rows, 26),
        .updated_at = sl_row_int(rows, 27),
        .settled_at = sl_row_int(rows, 28),
        .provider = sl_row_text(rows, 29),
        .school = sl_row_text(rows, 30),
    };
}

static struct sl_payment keep(struct sl_arena *arena, struct sl_payment payment)
{
    const char **texts[] = {
        &payment.public_id,    &payment.source,     &payment.status,
        &payment.currency,     &payment.phone,      &payment.reference,
        &payment.description,  &payment.email,      &payment.payer,
        &payment.meta,         &payment.receipt,    &payment.external_reference,
        &payment.told_receipt, &payment.told_state, &payment.external_reference2,
        &payment.asked_state,  &payment.mismatch,   &payment.checkout_url,
        &payment.error,        &payment.provider,   &payment.school,
    };

    for (size_t i = 0; i < SL_COUNT(texts); i++)
        *texts[i] = sl_arena_strdup(arena, *texts[i]);
    return payment;
}

/* Up to n rows of an answer. Returns how many, or -1. */
static int read_payments(struct sl_db *db, struct sl_arena *arena, const char *sql,
                         const struct sl_value *params, size_t n_params,
                         struct sl_payment *payments, size_t n, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    size_t found = 0;
    int more = 1;

    if (sl_db_query(&rows, db, sql, params, n_params, err) < 0)
        return -1;
    while (found < n && (more = sl_rows_next(&rows, err)) > 0)
        payments[found++] = keep(arena, payment_at(&rows));
    return more < 0 ? -1 : (int)found;
}

/* ---- Writing --------------------------------------------------------------------------- */

static const char add_sql[] =
    "INSERT INTO payments (public_id, school_id, provider_id, source, status, amount_minor,"
    " currency, phone, reference, description, email, payer, meta, external_reference,"
    " external_reference2, receipt, told_receipt, told_amount_minor, told_state, settled_at,"
    " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
    " $14, $15, $16, $17, $18, $19, $20, $21, $21)";

int sl_payments_add(struct sl_db *db, struct sl_payment *payment, int64_t now_ms,
                    struct sl_err *err)
{
    int added = sl_db_insert(
        db, add_sql,
        SL_PARAMS(SL_TEXT(payment->public_id), SL_INT(payment->school_id),
                  SL_INT(payment->provider_id), SL_TEXT(payment->source), SL_TEXT(payment->status),
                  SL_INT(payment->amount_minor), SL_TEXT(payment->currency),
                  SL_TEXT(payment->phone), SL_TEXT(payment->reference),
                  SL_TEXT(payment->description), SL_TEXT(payment->email), SL_TEXT(payment->payer),
                  SL_TEXT(payment->meta), SL_TEXT(payment->external_reference),
                  SL_TEXT(payment->external_reference2), SL_TEXT(payment->receipt),
                  SL_TEXT(payment->told_receipt), SL_ID(payment->told_amount_minor),
                  SL_TEXT(payment->told_state), SL_ID(payment->settled_at), SL_INT(now_ms)),
        &payment->id, err);

    if (added < 0)
        return -1;
    payment->created_at = payment->updated_at = now_ms;
    return 0;
}

static const char write_sql[] =
    "UPDATE payments SET status = $2, phone = $3, payer = $4, external_reference = $5,"
    " external_reference2 = $6, receipt = $7, told_receipt = $8, told_amount_minor = $9,"
    " told_state = $10, asked_state = $11, mismatch = $12, checkout_url = $13, error = $14,"
    " queue_id = $15, folded_into = $16, settled_at = $17, updated_at = $18, amount_minor = $19"
    " WHERE id = $1";

int sl_payments_write(struct sl_db *db, const struct sl_payment *payment, int64_t now_ms,
                      struct sl_err *err)
{
    return sl_db_run(db, write_sql,
                     SL_PARAMS(SL_INT(payment->id), SL_TEXT(payment->status),
                               SL_TEXT(payment->phone), SL_TEXT(payment->payer),
                               SL_TEXT(payment->external_reference),
                               SL_TEXT(payment->external_reference2), SL_TEXT(payment->receipt),
                               SL_TEXT(payment->told_receipt), SL_ID(payment->told_amount_minor),
                               SL_TEXT(payment->told_state), SL_TEXT(payment->asked_state),
                               SL_TEXT(payment->mismatch), SL_TEXT(payment->checkout_url),
                               SL_TEXT(payment->error), SL_ID(payment->queue_id),
                               SL_ID(payment->folded_into), SL_ID(payment->settled_at),
                               SL_INT(now_ms), SL_INT(payment->amount_minor)),
                     err) < 0
               ? -1
               : 0;
}

/* ---- Finding --------------------------------------------------------------------------- */

static const char unfold_sql[] = "UPDATE payments SET folded_into = NULL, receipt = $2,"
                                 " updated_at = $3 WHERE folded_into = $1";

int sl_payments_unfold(struct sl_db *db, int64_t payment_id, const char *receipt, int64_t now_ms,
                       struct sl_err *err)
{
    return sl_db_run(db, unfold_sql,
                     SL_PARAMS(SL_INT(payment_id), SL_TEXT(receipt), SL_INT(now_ms)), err) < 0
               ? -1
               : 0;
}

static const char get_sql[] = "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES " WHERE p.id = $1";
static const char find_sql[] = "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES " WHERE p.public_id = $1";

int sl_payments_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                    struct sl_payment *payment, struct sl_err *err)
{
    return read_payments(db, arena, get_sql, SL_PARAMS(SL_INT(id)), payment, 1, err);
}

int sl_payments_find(struct sl_db *db, struct sl_arena *arena, const char *public_id,
                     struct sl_payment *payment, struct sl_err *err)
{
    return read_payments(db, arena, find_sql, SL_PARAMS(SL_TEXT(public_id)), payment, 1, err);
}

static const char by_receipt_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES
    " WHERE p.school_id = $1 AND p.provider_id = $2 AND p.receipt = $3";
static const char by_told_receipt_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES
    " WHERE p.school_id = $1 AND p.provider_id = $2 AND p.told_receipt = $3 AND p.created_at >= $4"
    " AND p.receipt IS NULL AND p.folded_into IS NULL ORDER BY p.created_at LIMIT 1";

int sl_payments_by_receipt(struct sl_db *db, struct sl_arena *arena, const struct sl_receipt_of *of,
                           struct sl_payment *payment, struct sl_err *err)
{
    int found = read_payments(db, arena, by_receipt_sql,
                              SL_PARAMS(SL_INT(of->school_id), SL_INT(of->provider_id),
                                        SL_TEXT(of->receipt)),
                              payment, 1, err);

    if (found != 0)
        return found;
    return read_payments(db, arena, by_told_receipt_sql,
                         SL_PARAMS(SL_INT(of->school_id), SL_INT(of->provider_id),
                                   SL_TEXT(of->receipt), SL_INT(of->since_ms)),
                         payment, 1, err);
}

static const char meant_by_id_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES
    " WHERE p.public_id = $3 AND p.school_id = $1 AND p.provider_id = $2 AND p.source = 'request'";
static const char meant_by_external_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES
    " WHERE p.school_id = $1 AND p.provider_id = $2 AND p.external_reference = $3"
    " AND p.source = 'request' ORDER BY p.id DESC LIMIT 1";

int sl_payments_meant(struct sl_db *db, struct sl_arena *arena,
                      const struct sl_payment_meant *meant, struct sl_payment *payment,
                      struct sl_err *err)
{
    const char *name = meant->id ? meant->id : meant->external;

    if (!name)
        return 0;
    return read_payments(db, arena, meant->id ? meant_by_id_sql : meant_by_external_sql,
                         SL_PARAMS(SL_INT(meant->school_id), SL_INT(meant->provider_id),
                                   SL_TEXT(name)),
                         payment, 1, err);
}

/* ---- Lists ----------------------------------------------------------------------------- */

#define SHOWN " AND p.folded_into IS NULL AND ($2 IS NULL OR p.status = $2)"

static const char list_all_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES " WHERE p.created_at >= $1" SHOWN
    " AND ($3 IS NULL OR p.reference = $3) ORDER BY p.id DESC";
static const char list_school_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES " WHERE p.created_at >= $1" SHOWN
    " AND p.school_id = $3 ORDER BY p.created_at DESC, p.id DESC";
/* "+ 0": not by the index of school and time. */
static const char list_reference_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES " WHERE p.created_at + 0 >= $1" SHOWN
    " AND p.school_id = $3 AND p.reference = $4 ORDER BY p.id DESC";

int sl_payments_list(struct sl_rows *rows, struct sl_db *db, const struct sl_payment_filter *filter,
                     struct sl_err *err)
{
    struct sl_value since = SL_INT(filter->since_ms), status = SL_TEXT(filter->status);
    struct sl_value school = SL_INT(filter->school_id), reference = SL_TEXT(filter->reference);

    if (!filter->school_id)
        return sl_db_query(rows, db, list_all_sql, SL_PARAMS(since, status, reference), err);
    if (!filter->reference)
        return sl_db_query(rows, db, list_school_sql, SL_PARAMS(since, status, school), err);
    return sl_db_query(rows, db, list_reference_sql, SL_PARAMS(since, status, school, reference),
                       err);
}

int sl_payments_next(struct sl_rows *rows, struct sl_payment *payment, struct sl_err *err)
{
    int more = sl_rows_next(rows, err);

    if (more > 0)
        *payment = payment_at(rows);
    return more;
}

#define OPEN                                                                                       \
    " WHERE p.status IN ('initiated', 'pending', 'unknown') AND p.created_at <= $1"                \
    " AND (p.created_at, p.id) > ($2, $3) AND p.folded_into IS NULL"                               \
    " AND ($4 = 0 OR p.school_id = $4)"

static const char open_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES OPEN " ORDER BY p.created_at, p.id LIMIT $5";
static const char open_count_sql[] = "SELECT count(*) FROM payments p" OPEN;

int sl_payments_open_count(struct sl_db *db, const struct sl_open_filter *filter, int64_t *n,
                           struct sl_err *err)
{
    return sl_db_number(db, open_count_sql,
                        SL_PARAMS(SL_INT(filter->before_ms), SL_INT(filter->after_ms),
                                  SL_INT(filter->after_id), SL_INT(filter->school_id)),
                        n, err) < 0
               ? -1
               : 0;
}

int sl_payments_open(struct sl_db *db, struct sl_arena *arena, const struct sl_open_filter *filter,
                     size_t n, struct sl_payment *payments, struct sl_err *err)
{
    return read_payments(db, arena, open_sql,
                         SL_PARAMS(SL_INT(filter->before_ms), SL_INT(filter->after_ms),
                                   SL_INT(filter->after_id), SL_INT(filter->school_id),
                                   SL_INT((int64_t)n)),
                         payments, n, err);
}

static const char like_sql[] =
    "SELECT " PAYMENT_COLUMNS PAYMENT_TABLES
    " WHERE p.school_id = $1 AND p.created_at BETWEEN $5 AND $6 AND p.provider_id = $2"
    " AND p.source = $3 AND p.amount_minor = $4 AND upper(trim(p.reference)) = $8"
    " AND p.folded_into IS NULL AND CASE $3"
    "  WHEN 'request' THEN p.receipt IS NULL AND p.status NOT IN ('failed', 'cancelled', 'expired')"
    "  ELSE p.receipt IS NOT NULL END ORDER BY p.id LIMIT $7";

int sl_payments_like(struct sl_db *db, struct sl_arena *arena, const struct sl_same_money *money,
                     size_t n, struct sl_payment *payments, struct sl_err *err)
{
    return read_payments(db, arena, like_sql,
                         SL_PARAMS(SL_INT(money->school_id), SL_INT(money->provider_id),
                                   SL_TEXT(money->source), SL_INT(money->amount_minor),
                                   SL_INT(money->from_ms), SL_INT(money->to_ms), SL_INT((int64_t)n),
                                   SL_TEXT(money->reference)),
                         payments, n, err);
}
