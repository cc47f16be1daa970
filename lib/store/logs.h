/* Log rows: the audit trail as it stands in the database.
 *
 * A row is read and written as cells in the order of its columns, and not as a struct of
 * numbers and strings, because the hash over it must tell null from 0 and see every byte. It
 * is written once; afterwards only its bodies may be erased (lib/store/forget.h). Ids have no
 * gaps: a row that is missing shows. */
#ifndef SL_STORE_LOGS_H
#define SL_STORE_LOGS_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

enum sl_log_column {
    SL_LOG_ID,
    SL_LOG_SCHOOL_ID,
    SL_LOG_PROVIDER_ID,
    SL_LOG_DIRECTION,
    SL_LOG_OPERATION,
    SL_LOG_REFERENCE_TYPE,
    SL_LOG_REFERENCE_ID,
    SL_LOG_REQUEST_DATA,
    SL_LOG_RESPONSE_DATA,
    SL_LOG_STATUS,
    SL_LOG_STATUS_CODE,
    SL_LOG_ERROR_MESSAGE,
    SL_LOG_DURATION_MS,
    SL_LOG_EXTERNAL_REFERENCE,
    SL_LOG_IP_ADDRESS,
    SL_LOG_CREATED_AT,
    SL_LOG_ATTEMPT,
    SL_LOG_ACTOR,
    SL_LOG_SALT,
    SL_LOG_BODY_DIGEST,
    SL_LOG_PREVIOUS_HASH,
    SL_LOG_HASH,
    SL_LOG_COLUMNS
};

struct sl_log_cell {
    enum { SL_LOG_NULL, SL_LOG_NUMBER, SL_LOG_TEXT } kind;
    int64_t number;
    const char *text; /* n bytes and a NUL */
    size_t n;
};

struct sl_log_row {
    struct sl_log_cell cells[SL_LOG_COLUMNS];
    const char *school, *provider; /* their codes, and … */
    const char *zone;              /* … the school's; NULL where there is none. Only read */
};

struct sl_log_cell sl_log_text(const char *text); /* NULL is null */
struct sl_log_cell sl_log_number(int64_t number);
struct sl_log_cell sl_log_number_or_null(int64_t number, int64_t null);

/* ---- Writing: inside a transaction of the caller's ----------------------------------- */

enum { SL_LOG_HASH_SIZE = 65, SL_LOG_PHONE_SIZE = 16 };

/* The end of the chain: the last row or, if all are gone, what the newest anchor says of it;
 * id 0 and 64 zeros before the first row. */
struct sl_log_link {
    int64_t id;
    char hash[SL_LOG_HASH_SIZE];
};
int sl_logs_last(struct sl_db *db, struct sl_log_link *last, struct sl_err *err);

int sl_logs_add(struct sl_db *db, const struct sl_log_row *row, struct sl_err *err);

/* `hashes` are n_hashes of SL_LOG_PHONE_SIZE bytes, none twice. */
int sl_logs_add_phones(struct sl_db *db, int64_t id, const unsigned char *hashes, size_t n_hashes,
                       struct sl_err *err);

/* ---- Reading: then sl_logs_next() until 0 or -1 --------------------------------------- */

/* What is 0 or NULL does not filter. */
struct sl_log_filter {
    int64_t school_id, provider_id;
    const char *direction, *operation, *status;
    const char *reference;           /* ours or the provider's */
    const unsigned char *phone_hash; /* SL_LOG_PHONE_SIZE bytes */
    int64_t since, until;            /* until: not included */
    int64_t limit;                   /* of sl_logs_list(): that many, the newest */
};

/* Newest first. */
int sl_logs_list(struct sl_rows *rows, struct sl_db *db, const struct sl_log_filter *filter,
                 struct sl_err *err);

/* In the order of id, those above after_id; of the filter only school, provider and times. One
 * answer is one state of the database, however long its reader takes. */
int sl_logs_stream(struct sl_rows *rows, struct sl_db *db, int64_t after_id,
                   const struct sl_log_filter *filter, struct sl_err *err);

/* The one row. */
int sl_logs_find(struct sl_rows *rows, struct sl_db *db, int64_t id, struct sl_err *err);
int sl_logs_next(struct sl_rows *rows, struct sl_log_row *row, struct sl_err *err);

/* The row's phone hashes, sorted, appended to *hashes. Returns how many, or -1. */
int sl_logs_phones(struct sl_db *db, int64_t id, struct sl_buf *hashes, struct sl_err *err);

/* The id of the row with that hash: for telling what happened to a torn chain; it looks at
 * every row. Returns 1, 0 or -1. */
int sl_logs_by_hash(struct sl_db *db, const char *hash, int64_t *id, struct sl_err *err);

/* The highest id that a phone hash belongs to; 0 if there are none. Returns 0 or -1. */
int sl_logs_last_phone(struct sl_db *db, int64_t *id, struct sl_err *err);

/* When a person last changed a setting of a config, by the rows of config.set; 0: no row tells. */
int sl_logs_changed(struct sl_db *db, int64_t config_id, const char *setting, int64_t *at_ms,
                    struct sl_err *err);

struct sl_log_stat {
    const char *school, *provider; /* NULL: none */
    const char *operation, *direction;
    int64_t calls, success, failed, timeout;
    int64_t average_ms, longest_ms; /* -1: never measured */
    int64_t last_at;
};

/* By school, provider, operation and direction; school_id 0: of all. */
int sl_logs_stats(struct sl_rows *rows, struct sl_db *db, int64_t school_id, int64_t since,
                  struct sl_err *err);
int sl_logs_stats_next(struct sl_rows *rows, struct sl_log_stat *stat, struct sl_err *err);

/* ---- What a row is about, unmasked ----------------------------------------------------- */

/* An address in our own records of the row's reference or external reference. */
struct sl_log_person {
    const char *kind, *id; /* "payment" and its public id; "message" and "BATCH:LINE" */
    const char *address, *name;
};

/* Looks in the row's school alone; at most a thousand of them. */
int sl_logs_people(struct sl_rows *rows, struct sl_db *db, const struct sl_log_row *row,
                   struct sl_err *err);
int sl_logs_people_next(struct sl_rows *rows, struct sl_log_person *person, struct sl_err *err);

#endif
