#include "lib/service/config.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/service/school.h"
#include "lib/service/values.h"

/* ---- Opening ------------------------------------------------------------------------- */

static int find_adapter(const char *code, const struct sl_adapter **adapter, struct sl_err *err)
{
    *adapter = sl_adapter_find(code);
    if (*adapter)
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG, "this version cannot talk to the provider '%s' yet", code);
    return sl_err_hint(err, "`sl-config providers` shows those that are active");
}

int sl_config_adapter(struct sl_service *service, const char *provider_code,
                      const struct sl_adapter **adapter, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_provider provider;

    if (sl_providers_find(service->db, arena, provider_code, &provider, err) < 0)
        return -1;
    return find_adapter(provider_code, adapter, err);
}

static int not_set_up(const struct sl_school *school, const char *provider, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_CONFIG, "%s has no settings for %s", school->code, provider);
    return sl_err_hint(err, "give them with `sl-config set -s %s -p %s`", school->code, provider);
}

static int disabled(const struct sl_config_row *row, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_CONFIG, "%s is disabled for %s", row->provider_code,
                     row->school_code);
    return sl_err_hint(err, "enable it with `sl-config enable -s %s -p %s`", row->school_code,
                       row->provider_code);
}

static int find_rows(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                     int64_t provider_id, struct sl_account *account, struct sl_config_row *row,
                     struct sl_err *err)
{
    struct sl_provider provider;
    int found = sl_schools_get(service->db, arena, school_id, &account->school, err);

    if (found > 0)
        found = sl_providers_get(service->db, arena, provider_id, &provider, err);
    if (found == 0)
        return sl_err_set(err, SL_ERR_CONFIG, "there is no school %lld or provider %lld",
                          (long long)school_id, (long long)provider_id);
    if (found < 0 || find_adapter(provider.code, &account->adapter, err) < 0)
        return -1;
    found = sl_configs_get(service->db, arena, school_id, provider_id, row, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return not_set_up(&account->school, provider.code, err);
    return row->is_enabled ? 0 : disabled(row, err);
}

int sl_config_usable(struct sl_service *service, int64_t school_id, int64_t provider_id,
                     struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_account account = { 0 };
    struct sl_config_row row;
    struct sl_school school;
    int found = sl_schools_get(service->db, arena, school_id, &school, err);

    if (found < 0 || (found > 0 && sl_school_open(&school, err) < 0))
        return -1;
    return provider_id ? find_rows(service, arena, school_id, provider_id, &account, &row, err) : 0;
}

static int limit(struct sl_arena *arena, const struct sl_values *values, const char *name)
{
    const char *text = sl_values_named(arena, values, name);
    int64_t number = 0;

    (void)(text && sl_parse_int(text, 0, INT32_MAX, &number));
    return (int)number;
}

static void fill_limits(struct sl_arena *arena, const struct sl_values *values,
                        struct sl_account *account)
{
    account->limits = account->adapter->limits;
    account->limits.rate_per_second = limit(arena, values, "rate_per_second");
    account->limits.burst = limit(arena, values, "burst");
    account->limits.max_in_flight = limit(arena, values, "max_in_flight");
    account->limits.batch_size = limit(arena, values, "batch_size");
    account->limits.daily_limit = limit(arena, values, "daily_limit");
}

static void fill_secrets(struct sl_arena *arena, const struct sl_values *values,
                         struct sl_account *account)
{
    const char **secrets = SL_NEW(arena, const char *, values->n);

    for (size_t i = 0; i < values->n; i++)
        if (values->at[i] && *values->at[i] && sl_values_field(values->adapter, i)->secret)
            secrets[account->n_secrets++] = values->at[i];
    account->secrets = secrets;
}

static void fill(struct sl_service *service, struct sl_arena *arena,
                 const struct sl_config_row *row, const struct sl_values *values,
                 struct sl_account *account)
{
    const char *callback = sl_values_named(arena, values, "callback_base_url");

    account->provider_id = row->provider_id;
    account->config_id = row->id;
    account->config_school_id = row->school_id;
    account->account = row->account;
    account->updated_at = row->updated_at;
    account->ca_file = sl_values_named(arena, values, "ca_file");
    account->callback_url = callback ? callback : service->settings.public_url;
    account->settings = (struct sl_settings){
        .environment = row->environment,
        .country = account->school.country,
        .currency = account->school.currency,
        .school = account->school.name,
    };
    sl_values_fill(arena, values, &account->settings);
    fill_limits(arena, values, account);
    fill_secrets(arena, values, account);
}

int sl_config_open(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                   int64_t provider_id, struct sl_account *out, struct sl_err *err)
{
    struct sl_account account = { 0 };
    struct sl_config_row row;
    struct sl_values values;
    const char *missing;

    if (find_rows(service, arena, school_id, provider_id, &account, &row, err) < 0 ||
        sl_values_open(service, arena, &row, account.adapter, &values, err) < 0)
        return -1;
    missing = sl_values_missing(arena, &values);
    if (missing) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "%s for %s: not set: %s", row.provider_code,
                         row.school_code, missing);
        return sl_err_hint(err, "give what is missing with `sl-config set -s %s -p %s`",
                           row.school_code, row.provider_code);
    }
    fill(service, arena, &row, &values, &account);
    *out = account;
    return 0;
}

const char *sl_account_default(const struct sl_account *account, enum sl_stands_for what)
{
    for (size_t i = 0; i < account->adapter->n_fields; i++)
        if (account->adapter->fields[i].stands_for == what)
            return account->settings.values[i];
    return NULL;
}

/* ---- Choosing ------------------------------------------------------------------------ */

static int choose_named(struct sl_service *service, struct sl_arena *arena,
                        const struct sl_school *school, enum sl_category category, const char *code,
                        struct sl_config_row *row, struct sl_err *err)
{
    const struct sl_adapter *adapter;
    struct sl_provider provider;
    int found;

    if (sl_providers_find(service->db, arena, code, &provider, err) < 0 ||
        find_adapter(code, &adapter, err) < 0)
        return -1;
    if (adapter->category != category) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "%s is for %s, not for %s", code,
                         sl_category_names[adapter->category], sl_category_names[category]);
        return sl_err_hint(err, "`sl-config providers %s` lists those that are",
                           sl_category_names[category]);
    }
    found = sl_configs_get(service->db, arena, school->id, provider.id, row, err);
    return found == 0 ? not_set_up(school, code, err) : found;
}

/* Any provider of the category that this version can talk to, for the line that sets it. */
static const char *example(enum sl_category category)
{
    for (size_t i = 0; sl_adapters[i]; i++)
        if (sl_adapters[i]->category == category)
            return sl_adapters[i]->code;
    return "PROVIDER";
}

static int choose_primary(struct sl_service *service, struct sl_arena *arena,
                          const struct sl_school *school, enum sl_category category,
                          struct sl_config_row *row, struct sl_err *err)
{
    const char *name = sl_category_names[category];
    int found = sl_configs_primary(service->db, arena, school->id, name, row, err);
    int64_t n = 0;

    if (found != 0)
        return found;
    if (sl_configs_count(service->db, school->id, name, SL_CONFIGS_ALL, &n, err) < 0)
        return -1;
    if (n > 0) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "%s has no primary provider for %s that is enabled",
                         school->code, name);
        return sl_err_hint(err,
                           "choose one with `sl-config primary -s %s -p PROVIDER`, or name it"
                           " with -p",
                           school->code);
    }
    (void)sl_err_set(err, SL_ERR_CONFIG, "%s has no provider for %s", school->code, name);
    return sl_err_hint(err, "set one up, as with `sl-config set -s %s -p %s`", school->code,
                       example(category));
}

int sl_config_choose(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_school *school, enum sl_category category,
                     const char *provider_code, struct sl_config_row *row, struct sl_err *err)
{
    int found;

    if (sl_school_open(school, err) < 0)
        return -1;
    found = provider_code ? choose_named(service, arena, school, category, provider_code, row, err)
                          : choose_primary(service, arena, school, category, row, err);
    if (found < 0)
        return -1;
    return row->is_enabled ? 0 : disabled(row, err);
}
