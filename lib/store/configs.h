/* Providers, and which school has what settings for them. The settings are sealed here: who
 * opens them is lib/service/config.h. */
#ifndef SL_STORE_CONFIGS_H
#define SL_STORE_CONFIGS_H

#include "lib/base/arena.h"
#include "lib/store/db.h"

struct sl_provider {
    int64_t id;
    const char *category, *name, *code, *adapter_class;
    const char *config_schema; /* or NULL */
    bool is_global, is_active;
};

/* Registers an adapter: makes its provider active, with this name and schema. Returns 1, 0 if all
 * of that was so already, or -1. */
int sl_providers_register(struct sl_db *db, const struct sl_provider *provider, int64_t now_ms,
                          struct sl_err *err);

/* From now on the settings of `everyone` serve every school that has none of its own. */
int sl_providers_make_global(struct sl_db *db, int64_t id, struct sl_err *err);

/* By code. Unknown: SL_ERR_CONFIG with the nearest code as its hint. */
int sl_providers_find(struct sl_db *db, struct sl_arena *arena, const char *code,
                      struct sl_provider *provider, struct sl_err *err);
/* By id. Returns 1, 0 or -1. */
int sl_providers_get(struct sl_db *db, struct sl_arena *arena, int64_t id,
                     struct sl_provider *provider, struct sl_err *err);
/* By category and name; `category` NULL: all. */
int sl_providers_list(struct sl_rows *rows, struct sl_db *db, const char *category,
                      struct sl_err *err);
int sl_providers_next(struct sl_rows *rows, struct sl_provider *provider, struct sl_err *err);

struct sl_config_row {
    int64_t id;
    int64_t school_id, provider_id;
    const char *sealed; /* config_encrypted */
    const char *environment;
    bool is_enabled, is_primary;
    int rank;
    const char *account;
    int64_t last_tested_at; /* 0: never */
    const char *last_test_status;
    int64_t created_at, updated_at;
    const char *provider_code; /* of the provider, and … */
    const char *school_code;   /* … of the school: only read */
    const char *category;
    bool is_closed; /* the school: only read */
};

/* The one row of a school and a provider; where the provider is global and the school has none,
 * the row of the school `everyone`. Returns 1, 0 if there is none, or -1. */
int sl_configs_get(struct sl_db *db, struct sl_arena *arena, int64_t school_id, int64_t provider_id,
                   struct sl_config_row *row, struct sl_err *err);

/* The school's primary one of a category, enabled ones only; likewise. */
int sl_configs_primary(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                       const char *category, struct sl_config_row *row, struct sl_err *err);

/* A school's own enabled ones of a category that have a rank, in its order, in the arena: at most
 * `most`. Returns how many, or -1. */
int sl_configs_ranked(struct sl_db *db, struct sl_arena *arena, int64_t school_id,
                      const char *category, struct sl_config_row *rows, size_t most,
                      struct sl_err *err);

/* Inserts (id 0; it gets one) or updates everything but school and provider. Pending queue rows
 * of that school and provider get the row's account. Inside a transaction of the caller's: the
 * id is part of what the settings are sealed with, so they are written in a second call. */
int sl_configs_put(struct sl_db *db, struct sl_config_row *row, int64_t now_ms, struct sl_err *err);

/* Takes the mark of primary from all others of its category and school and gives it to it. */
int sl_configs_make_primary(struct sl_db *db, const struct sl_config_row *row, int64_t now_ms,
                            struct sl_err *err);

/* How many a school has of a category. */
enum sl_configs_which { SL_CONFIGS_ALL, SL_CONFIGS_PRIMARY };
int sl_configs_count(struct sl_db *db, int64_t school_id, const char *category,
                     enum sl_configs_which which, int64_t *count, struct sl_err *err);

int sl_configs_tested(struct sl_db *db, int64_t id, const char *status, int64_t now_ms,
                      struct sl_err *err);

/* By school and category; school_id 0: of all schools. */
int sl_configs_list(struct sl_rows *rows, struct sl_db *db, int64_t school_id, struct sl_err *err);
int sl_configs_next(struct sl_rows *rows, struct sl_config_row *row, struct sl_err *err);

#endif
