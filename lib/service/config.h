/* A school's settings for a provider: checked, sealed, opened. */
#ifndef SL_SERVICE_CONFIG_H
#define SL_SERVICE_CONFIG_H

#include "lib/adapter/adapter.h"
#include "lib/service/service.h"
#include "lib/store/configs.h"
#include "lib/store/schools.h"

/* What an operation needs to know of its school's account, opened. */
struct sl_account {
    struct sl_school school;
    const struct sl_adapter *adapter;
    int64_t hook_id; /* of a hook (lib/service/hooks.h), which has no provider; else 0 */
    int64_t provider_id, config_id;
    int64_t config_school_id;    /* the school's, or that of `everyone` */
    const char *account;         /* keyed hash of its identity: names bucket, breaker, token */
    struct sl_settings settings; /* what adapters are given; values in the arena, defaults in */
    struct sl_limits limits;     /* the adapter's, overruled by the school's settings */
    const char *ca_file;         /* or NULL */
    const char *callback_url;    /* base of callback addresses: the adapter's own setting
                                  * callback_base_url, else public_url; NULL: neither is set */
    const char *const *secrets;  /* n_secrets values that must show nowhere */
    size_t n_secrets;
    int64_t updated_at;
};

/* Opens it. SL_ERR_CONFIG if the school has no such settings, they are disabled, their key is
 * missing, or a required one is. Everything is in the arena, which the caller wipes. */
int sl_config_open(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                   int64_t provider_id, struct sl_account *account, struct sl_err *err);

/* The setting that stands in for what a message does not say; NULL: the provider has none, or it is
 * not set. */
const char *sl_account_default(const struct sl_account *account, enum sl_stands_for what);

/* Whether what is queued for that provider (0: a hook) can go: the school is open, and has settings
 * that are enabled. They are not unsealed: what is missing in them is not seen. SL_ERR_CONFIG says
 * what is in the way, with its cure. */
int sl_config_usable(struct sl_service *service, int64_t school_id, int64_t provider_id,
                     struct sl_err *err);

/* Which provider serves a category: the one of that code, or the school's primary. SL_ERR_CONFIG
 * if it is unknown, of another category, or not set up, naming the line that sets it. */
int sl_config_choose(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, enum sl_category category,
                     const char *provider_code, struct sl_config_row *row, struct sl_err *err);

/* The adapter of a provider. SL_ERR_CONFIG if it is unknown, with the nearest code as its hint, or
 * this version has no adapter for it. */
int sl_config_adapter(struct sl_service *service, const char *provider_code,
                      const struct sl_adapter **adapter, struct sl_err *err);

/* One NAME=VALUE of `set`; value NULL: unset. */
struct sl_change {
    const char *name, *value;
};

/* Changes settings in one transaction: checks every name and value by the adapter's table and
 * check(), seals, renames the account, makes the first of its category the primary, lifts the
 * account's block, gives callbacks' settings to the school's webhooks, and writes who did it to
 * the audit log. SL_ERR_DATA names the setting and the cure; nothing is changed then.
 * `environment` NULL: as before, or the provider's own default. */
struct sl_config_set {
    const char *environment;
    bool make_primary;
    bool partial; /* required settings may still be missing */
    const struct sl_change *changes;
    size_t n_changes;
};
int sl_config_set(struct sl_service *service, const struct sl_school *school,
                  const struct sl_adapter *adapter, const struct sl_config_set *set,
                  struct sl_err *err);

/* The same inside a transaction of the caller's. */
int sl_config_change(struct sl_service *service, const struct sl_school *school,
                     const struct sl_adapter *adapter, const struct sl_config_set *set,
                     struct sl_err *err);

/* The school's own row for a provider; not everyone's. SL_ERR_CONFIG if it has none. */
int sl_config_find(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const char *provider_code,
                   struct sl_config_row *row, struct sl_err *err);

/* Acts of people on it, each in one transaction and with a row of the audit log. */
enum sl_config_act { SL_CONFIG_DISABLE, SL_CONFIG_ENABLE, SL_CONFIG_PRIMARY };
int sl_config_act(struct sl_service *service, const struct sl_school *school,
                  const char *provider_code, enum sl_config_act act, struct sl_err *err);

/* The order of failover within a category: these providers, then those that are not named. */
int sl_config_rank(struct sl_service *service, const struct sl_school *school, const char *category,
                   const char *const *provider_codes, size_t n, struct sl_err *err);

/* The settings that every provider has beside its own: base_url, ca_file, rate_per_second,
 * burst, max_in_flight, batch_size, daily_limit. Ends with a NULL name. */
extern const struct sl_field sl_common_fields[];

/* The JSON Schema of an adapter's settings, for integration_providers.config_schema. */
const char *sl_config_schema(struct sl_arena *arena, const struct sl_adapter *adapter);

#endif
