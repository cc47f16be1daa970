#include "lib/service/endpoints.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/act.h"
#include "lib/service/config.h"
#include "lib/service/values.h"

/* ---- What proves a callback ---------------------------------------------------------- */

static struct sl_seal_place place_of(const struct sl_endpoint *endpoint)
{
    return (struct sl_seal_place){ "integration_webhooks", "secret_key", endpoint->school_id,
                                   endpoint->provider_id, endpoint->id };
}

void sl_endpoint_route(struct sl_service *service, const struct sl_adapter *adapter,
                       const char *value, char *hex)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    sl_index_hash(service->keyring, "route", sl_arena_printf(arena, "%s:%s", adapter->code, value),
                  hex);
}

/* NULL where no hook is routed, or nothing is set to route by. */
static const char *route_value(struct sl_arena *arena, const struct sl_values *values)
{
    for (size_t i = 0; i < values->adapter->n_hooks; i++)
        if (values->adapter->hooks[i].routed_by)
            return sl_values_named(arena, values, values->adapter->hooks[i].routed_by);
    return NULL;
}

static int seal(struct sl_service *service, const struct sl_endpoint *endpoint,
                const struct sl_values *values, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_seal_place place = place_of(endpoint);
    const char *text = sl_values_print(arena, values, SL_VALUES_CALLBACK);
    const char *sealed =
        sl_service_seal(service, SL_KEY_WEBHOOK, arena, text, strlen(text), &place, err);
    const char *by = route_value(arena, values);
    char route[SL_INDEX_HEX_SIZE];

    if (!sealed)
        return -1;
    if (by)
        sl_endpoint_route(service, values->adapter, by, route);
    return sl_endpoints_seal(service->db, endpoint->id, sealed, by ? route : NULL, err) < 0 ? -1
                                                                                            : 0;
}

/* Also those of schools that everyone's settings serve. Returns 1, 0 or -1. */
static int is_served(struct sl_service *service, const struct sl_endpoint *endpoint,
                     const struct sl_config_row *row, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_config_row found;
    int status =
        sl_configs_get(service->db, arena, endpoint->school_id, endpoint->provider_id, &found, err);

    return status > 0 ? found.id == row->id : status;
}

int sl_endpoints_refresh(struct sl_service *service, const struct sl_config_row *row,
                         const struct sl_values *values, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_endpoint endpoint;
    int more, served;

    if (sl_endpoints_list(&rows, service->db, 0, row->provider_id, err) < 0)
        return -1;
    while ((more = sl_endpoints_next(&rows, &endpoint, err)) > 0) {
        served = endpoint.is_active ? is_served(service, &endpoint, row, err) : 0;
        if (served < 0 || (served > 0 && seal(service, &endpoint, values, err) < 0))
            return -1;
    }
    return more;
}

static int fill_school(struct sl_service *service, struct sl_arena *arena,
                       const struct sl_endpoint *endpoint, struct sl_settings *settings,
                       struct sl_err *err)
{
    struct sl_school school = { 0 };
    struct sl_config_row row = { 0 };

    if (sl_schools_get(service->db, arena, endpoint->school_id, &school, err) < 0 ||
        sl_configs_get(service->db, arena, endpoint->school_id, endpoint->provider_id, &row, err) <
            0)
        return -1;
    settings->environment = row.environment ? row.environment : "sandbox";
    settings->country = school.country;
    settings->currency = school.currency;
    settings->school = school.name;
    return 0;
}

int sl_endpoint_settings(struct sl_service *service, struct sl_arena *arena,
                         const struct sl_endpoint *endpoint, const struct sl_adapter *adapter,
                         struct sl_settings *settings, struct sl_err *err)
{
    const struct sl_seal_place place = place_of(endpoint);
    struct sl_values values = sl_values_new(arena, adapter);
    const char **filled = SL_NEW(arena, const char *, adapter->n_fields);
    const char *text = "{}";
    size_t n = 2;

    *settings = (struct sl_settings){ .values = filled };
    if (endpoint->sealed)
        text = sl_service_unseal(service, SL_KEY_WEBHOOK, arena, endpoint->sealed, &place, &n, err);
    if (!text || fill_school(service, arena, endpoint, settings, err) < 0)
        return -1;
    if (!sl_values_parse(&values, arena, text, n))
        return sl_err_set(err, SL_ERR_CONFIG, "endpoint %lld: what was sealed is no JSON",
                          (long long)endpoint->id);
    for (size_t i = 0; i < adapter->n_fields; i++)
        if (adapter->fields[i].callback)
            filled[i] = values.at[i] ? values.at[i] : adapter->fields[i].otherwise;
    return 0;
}

/* ---- The addresses ------------------------------------------------------------------- */

static bool is_given_out(const struct sl_adapter *adapter, size_t i)
{
    return adapter->hook_alias && i < adapter->n_hooks && !adapter->hooks[i].per_operation;
}

static bool calls_back(const struct sl_adapter *adapter)
{
    for (size_t i = 0; i < adapter->n_hooks; i++)
        if (is_given_out(adapter, i))
            return true;
    return false;
}

/* What we hand over ourselves goes by its neutral alias alone: some providers refuse addresses
 * with their own name in them. */
static struct sl_endpoint_url url_of(struct sl_arena *arena, const struct sl_adapter *adapter,
                                     const struct sl_hook *hook, const char *base,
                                     const char *token)
{
    return (struct sl_endpoint_url){
        .hook = hook->word,
        .url = sl_arena_printf(arena, "%s/hooks/%s/%s/%s", base, adapter->hook_alias, token,
                               hook->word),
        .endpoint_url =
            hook->help ? sl_arena_printf(arena, "%s%s/%s", base, hook->endpoint, token) : NULL,
        .help = hook->help,
    };
}

static void list_urls(struct sl_arena *arena, const struct sl_adapter *adapter, const char *base,
                      const char *token, struct sl_endpoint_made *made)
{
    struct sl_endpoint_url *urls = SL_NEW(arena, struct sl_endpoint_url, adapter->n_hooks);

    made->n_urls = 0;
    for (size_t i = 0; i < adapter->n_hooks; i++)
        if (is_given_out(adapter, i))
            urls[made->n_urls++] = url_of(arena, adapter, &adapter->hooks[i], base, token);
    made->urls = urls;
}

/* ---- Acts of people ------------------------------------------------------------------ */

static int record(struct sl_service *service, const struct sl_endpoint *endpoint,
                  const char *operation, struct sl_err *err)
{
    char id[24];
    const struct sl_act act = {
        .operation = operation,
        .school_id = endpoint->school_id,
        .provider_id = endpoint->provider_id,
        .kind = "webhook",
        .id = id,
    };

    (void)snprintf(id, sizeof id, "%lld", (long long)endpoint->id);
    return sl_act_record(service, &act, err);
}

/* What both making and rotating an endpoint need of the school's settings. */
struct setup {
    const struct sl_adapter *adapter;
    struct sl_values values;
    int64_t config_school_id; /* whose settings they are: the school's own, or everyone's */
    const char *base;         /* in front of the addresses */
};

static int find_base(struct sl_service *service, struct sl_arena *arena, struct setup *setup,
                     struct sl_err *err)
{
    const char *own = sl_values_named(arena, &setup->values, "callback_base_url");

    setup->base = own ? own : service->settings.public_url;
    if (setup->base)
        return 0;
    (void)sl_err_set(err, SL_ERR_CONFIG, "no public address is set, so there is nothing to call");
    return sl_err_hint(err, "write `public_url: https://…` into %s", service->settings.config);
}

static int set_up(struct sl_service *service, struct sl_arena *arena, int64_t school_id,
                  int64_t provider_id, const char *provider_code, struct setup *setup,
                  struct sl_err *err)
{
    struct sl_config_row row;
    int found;

    if (sl_config_adapter(service, provider_code, &setup->adapter, err) < 0)
        return -1;
    if (!calls_back(setup->adapter))
        return sl_err_set(err, SL_ERR_DATA, "%s calls no address of ours", provider_code);
    found = sl_configs_get(service->db, arena, school_id, provider_id, &row, err);
    if (found == 0) {
        (void)sl_err_set(err, SL_ERR_CONFIG, "there are no settings for %s yet", provider_code);
        return sl_err_hint(err, "give them first, with `sl-config set -p %s`", provider_code);
    }
    if (found < 0 || sl_values_open(service, arena, &row, setup->adapter, &setup->values, err) < 0)
        return -1;
    setup->config_school_id = row.school_id;
    return find_base(service, arena, setup, err);
}

/* Words of our own that are missing. */
static const struct sl_pair *make_words(struct sl_arena *arena, const struct setup *setup,
                                        size_t *n)
{
    const struct sl_adapter *adapter = setup->adapter;
    struct sl_pair *words = SL_NEW(arena, struct sl_pair, adapter->n_fields);

    *n = 0;
    for (size_t i = 0; i < adapter->n_fields; i++) {
        char token[SL_CALLBACK_TOKEN_SIZE], hash[SL_TOKEN_HASH_SIZE];

        if (!adapter->fields[i].made || setup->values.at[i])
            continue;
        sl_callback_token(token, hash);
        words[(*n)++] = (struct sl_pair){ adapter->fields[i].name, sl_arena_strdup(arena, token) };
    }
    return words;
}

/* The addresses that the adapter hands over itself become settings, and so do words of our own. They
 * are one school's: the settings of everyone cannot hold them. */
static int hand_over(struct sl_service *service, struct sl_arena *arena, const struct setup *setup,
                     int64_t school_id, struct sl_endpoint_made *made, struct sl_err *err)
{
    const struct sl_adapter *adapter = setup->adapter;
    struct sl_change *changes = SL_NEW(arena, struct sl_change, adapter->n_fields);
    struct sl_config_set set = { .partial = true, .changes = changes };
    struct sl_school school;

    for (size_t i = 0; i < adapter->n_fields; i++)
        for (size_t k = 0; adapter->fields[i].hook && k < made->n_urls; k++)
            if (strcmp(adapter->fields[i].hook, made->urls[k].hook) == 0)
                changes[set.n_changes++] =
                    (struct sl_change){ adapter->fields[i].name, made->urls[k].url };
    made->words = make_words(arena, setup, &made->n_words);
    for (size_t i = 0; i < made->n_words; i++)
        changes[set.n_changes++] = (struct sl_change){ made->words[i].name, made->words[i].value };
    if (set.n_changes == 0)
        return 0;
    if (setup->config_school_id != school_id) {
        (void)sl_err_set(err, SL_ERR_CONFIG,
                         "%s gets this address with its settings, and the school has none of its "
                         "own",
                         adapter->name);
        return sl_err_hint(err, "give them with `sl-config set -p %s`", adapter->code);
    }
    if (sl_schools_get(service->db, arena, school_id, &school, err) < 0)
        return -1;
    return sl_config_change(service, &school, adapter, &set, err);
}

int sl_endpoint_add(struct sl_service *service, struct sl_arena *arena,
                    const struct sl_school *school, const char *provider_code, const char *name,
                    struct sl_endpoint_made *made, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    char *token = SL_NEW(arena, char, SL_CALLBACK_TOKEN_SIZE), hash[SL_TOKEN_HASH_SIZE];
    struct sl_endpoint endpoint = { .school_id = school->id, .token_hash = hash, .name = name };
    struct sl_endpoint_made now = { .token = token };
    struct sl_provider provider;
    struct setup setup;

    if (sl_providers_find(service->db, arena, provider_code, &provider, err) < 0 ||
        set_up(service, arena, school->id, provider.id, provider_code, &setup, err) < 0)
        return -1;
    sl_callback_token(token, hash);
    endpoint.provider_id = provider.id;
    list_urls(arena, setup.adapter, setup.base, token, &now);
    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_endpoints_add(service->db, &endpoint, sl_now_ms(), err) < 0 ||
        seal(service, &endpoint, &setup.values, err) < 0 ||
        hand_over(service, arena, &setup, school->id, &now, err) < 0 ||
        record(service, &endpoint, "webhook.add", err) < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    now.id = endpoint.id;
    *made = now;
    return 0;
}

static int find_endpoint(struct sl_service *service, struct sl_arena *arena, int64_t id,
                         struct sl_endpoint *endpoint, struct sl_err *err)
{
    int found = sl_endpoints_get(service->db, arena, id, endpoint, err);

    if (found != 0)
        return found < 0 ? -1 : 0;
    (void)sl_err_set(err, SL_ERR_DATA, "there is no endpoint %lld", (long long)id);
    return sl_err_hint(err, "`sl-config webhook list` shows them");
}

int sl_endpoint_rotate(struct sl_service *service, struct sl_arena *arena, int64_t id,
                       struct sl_endpoint_made *made, struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    char *token = SL_NEW(arena, char, SL_CALLBACK_TOKEN_SIZE), hash[SL_TOKEN_HASH_SIZE];
    struct sl_endpoint_made now = { .id = id, .token = token };
    struct sl_endpoint endpoint;
    struct setup setup;

    if (find_endpoint(service, arena, id, &endpoint, err) < 0 ||
        set_up(service, arena, endpoint.school_id, endpoint.provider_id, endpoint.provider_code,
               &setup, err) < 0)
        return -1;
    sl_callback_token(token, hash);
    list_urls(arena, setup.adapter, setup.base, token, &now);
    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_endpoints_rotate(service->db, id, hash, err) < 0 ||
        seal(service, &endpoint, &setup.values, err) < 0 ||
        hand_over(service, arena, &setup, endpoint.school_id, &now, err) < 0 ||
        record(service, &endpoint, "webhook.rotate", err) < 0 || sl_tx_commit(&tx, err) < 0)
        return -1;
    *made = now;
    return 0;
}

int sl_endpoint_disable(struct sl_service *service, int64_t id, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };
    struct sl_endpoint endpoint;

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        find_endpoint(service, arena, id, &endpoint, err) < 0 ||
        sl_endpoints_disable(service->db, id, err) < 0 ||
        record(service, &endpoint, "webhook.disable", err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
