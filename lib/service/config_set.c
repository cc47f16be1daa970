/* Changing a school's settings for a provider. */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/service/act.h"
#include "lib/service/config_folders.h"
#include "lib/service/config.h"
#include "lib/service/endpoints.h"
#include "lib/service/values.h"
#include "lib/store/accounts.h"

/* One call of sl_config_set(), inside its transaction. */
struct edit {
    struct sl_service *service;
    struct sl_arena *arena;
    const struct sl_school *school;
    const struct sl_adapter *adapter;
    const struct sl_config_set *set;
    struct sl_config_row row;
    struct sl_values before, after;
    const char *environment_before; /* NULL: the row is new */
    const char *lost;               /* why the earlier settings do not open; or NULL */
    int64_t now_ms;
};

/* ---- What was there ------------------------------------------------------------------ */

/* Settings that no key opens any more can only be given again, all of them. */
static int load_before(struct edit *edit, struct sl_err *err)
{
    struct sl_err why;

    edit->before = sl_values_new(edit->arena, edit->adapter);
    if (edit->row.id == 0 || sl_values_open(edit->service, edit->arena, &edit->row, edit->adapter,
                                            &edit->before, &why) == 0)
        return 0;
    if (why.code != SL_ERR_CONFIG) {
        *err = why;
        return -1;
    }
    edit->lost = sl_arena_strdup(edit->arena, why.text);
    return 0;
}

/* The row of `everyone` is another school's. */
static int load_row(struct edit *edit, struct sl_err *err)
{
    struct sl_provider provider;
    int found;

    if (sl_providers_find(edit->service->db, edit->arena, edit->adapter->code, &provider, err) < 0)
        return -1;
    found = sl_configs_get(edit->service->db, edit->arena, edit->school->id, provider.id,
                           &edit->row, err);
    if (found < 0)
        return -1;
    if (found > 0 && edit->row.school_id == edit->school->id) {
        edit->environment_before = edit->row.environment;
        return 0;
    }
    edit->row = (struct sl_config_row){
        .school_id = edit->school->id,
        .provider_id = provider.id,
        .sealed = "",
        .is_enabled = true,
        .provider_code = edit->adapter->code,
        .school_code = edit->school->code,
        .category = sl_category_names[edit->adapter->category],
    };
    return 0;
}

/* ---- The changes --------------------------------------------------------------------- */

static int refuse_name(const struct edit *edit, const char *name, struct sl_err *err)
{
    const struct sl_adapter *adapter = edit->adapter;
    const char **names = SL_NEW(edit->arena, const char *, sl_values_count(adapter) + 1), *meant;
    size_t n = 0;

    names[n++] = "environment";
    for (size_t i = 0; i < sl_values_count(adapter); i++)
        if (sl_values_field(adapter, i)->name)
            names[n++] = sl_values_field(adapter, i)->name;
    meant = sl_nearest(name, names, n);
    (void)sl_err_set(err, SL_ERR_DATA, "%s has no setting '%s'", adapter->code, name);
    return meant ? sl_err_hint(err, "did you mean '%s'?", meant)
                 : sl_err_hint(err, "`sl-config fields %s` lists them", adapter->code);
}

static const char *trimmed(struct sl_arena *arena, const char *text)
{
    static const char blanks[] = " \t\r\n";
    size_t n;

    text += strspn(text, blanks);
    n = strlen(text);
    while (n > 0 && strchr(blanks, text[n - 1]))
        n--;
    return sl_arena_memdup(arena, text, n);
}

static const char *default_environment(const struct sl_adapter *adapter)
{
    return adapter->environment ? adapter->environment : "sandbox";
}

/* An empty value is none. */
static int apply_one(struct edit *edit, const struct sl_change *change, const char **environment,
                     struct sl_err *err)
{
    const char *value = change->value ? trimmed(edit->arena, change->value) : NULL;
    int i = sl_values_find(edit->adapter, change->name);

    if (value && !*value)
        value = NULL;
    if (i < 0 && strcmp(change->name, "environment") == 0) {
        *environment = value ? value : default_environment(edit->adapter);
        return 0;
    }
    if (i < 0)
        return refuse_name(edit, change->name, err);
    if (value &&
        sl_field_check(edit->arena, sl_values_field(edit->adapter, (size_t)i), &value, err) < 0)
        return -1;
    edit->after.at[i] = value;
    return 0;
}

static int choose_environment(struct edit *edit, const char *given, struct sl_err *err)
{
    const char *environment = edit->set->environment ? edit->set->environment : given;

    if (!environment)
        environment = edit->environment_before;
    if (!environment)
        environment = default_environment(edit->adapter);
    edit->row.environment = environment;
    if (strcmp(environment, "sandbox") == 0 || strcmp(environment, "production") == 0)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "environment: '%s' is neither sandbox nor production",
                      environment);
}

static int apply(struct edit *edit, struct sl_err *err)
{
    const char *environment = NULL;

    edit->after = sl_values_new(edit->arena, edit->adapter);
    memcpy(edit->after.at, edit->before.at, edit->after.n * sizeof *edit->after.at);
    for (size_t i = 0; i < edit->set->n_changes; i++)
        if (apply_one(edit, &edit->set->changes[i], &environment, err) < 0)
            return -1;
    return choose_environment(edit, environment, err);
}

/* ---- What they come to --------------------------------------------------------------- */

static int check_missing(const struct edit *edit, struct sl_err *err)
{
    const char *missing = sl_values_missing(edit->arena, &edit->after);

    if (!missing || edit->set->partial)
        return 0;
    if (edit->environment_before && !edit->lost) { /* something is taken away */
        (void)sl_err_set(err, SL_ERR_DATA, "%s cannot do without: %s", edit->adapter->code,
                         missing);
        return sl_err_hint(err,
                           "to stop using it: `sl-config disable -s %s -p %s`; another value"
                           " is given with `sl-config set`",
                           edit->school->code, edit->adapter->code);
    }
    if (edit->lost) {
        (void)sl_err_set(err, SL_ERR_DATA, "the earlier settings are lost (%s)", edit->lost);
        return sl_err_hint(err, "give all of them again; not given: %s", missing);
    }
    (void)sl_err_set(err, SL_ERR_DATA, "%s needs: %s", edit->adapter->code, missing);
    return sl_err_hint(err, "`sl-config fields %s` says what they mean; secrets come with --from",
                       edit->adapter->code);
}

static int check_limits(const struct edit *edit, struct sl_err *err)
{
    const struct sl_limits *limits = &edit->adapter->limits;
    const char *text = sl_values_named(edit->arena, &edit->after, "batch_size");
    const char *ca_file = sl_values_named(edit->arena, &edit->after, "ca_file");
    int64_t size = 0;

    if (text && limits->most_items > 0 && (!sl_parse_int(text, 1, limits->most_items, &size)))
        return sl_err_set(err, SL_ERR_DATA, "batch_size: %s takes 1 to %d in one request",
                          edit->adapter->code, limits->most_items);
    if (ca_file && *ca_file != '/')
        return sl_err_set(err, SL_ERR_DATA, "ca_file: '%s' is no path that starts with '/'",
                          ca_file);
    return 0;
}

static int check(const struct edit *edit, struct sl_err *err)
{
    struct sl_settings settings = {
        .environment = edit->row.environment,
        .country = edit->school->country,
        .currency = edit->school->currency,
        .school = edit->school->name,
    };

    if (check_missing(edit, err) < 0 || check_limits(edit, err) < 0 ||
        sl_config_check_folders(edit->service, edit->arena, &edit->row, &edit->after, err) < 0)
        return -1;
    if (!edit->adapter->check)
        return 0;
    sl_values_fill(edit->arena, &edit->after, &settings);
    if (edit->adapter->check(edit->arena, &settings, err) == 0)
        return 0;
    err->code = SL_ERR_DATA; /* what is wrong is what was typed now */
    return -1;
}

/* ---- Storing ------------------------------------------------------------------------- */

static int store_row(struct edit *edit, struct sl_err *err)
{
    struct sl_db *db = edit->service->db;
    struct sl_config_row *row = &edit->row;
    char *account = SL_NEW(edit->arena, char, SL_INDEX_HEX_SIZE);
    const char *old = row->account;

    sl_values_account(edit->service, &edit->after, row->environment, account);
    row->account = account;
    row->last_tested_at = 0; /* what was tested was something else */
    row->last_test_status = NULL;
    if (sl_accounts_ensure(db, account, row->provider_id, err) < 0 ||
        sl_accounts_lift(db, account, err) < 0 ||
        (row->id == 0 && sl_configs_put(db, row, edit->now_ms, err) < 0) ||
        sl_values_seal(edit->service, edit->arena, row, &edit->after, &row->sealed, err) < 0)
        return -1;
    return sl_configs_put(db, row, edit->now_ms, err) < 0
               ? -1
               : sl_accounts_replaced(db, old, account, err);
}

static int mark_primary(struct edit *edit, struct sl_err *err)
{
    struct sl_db *db = edit->service->db;
    int64_t n = 0;

    if (sl_configs_count(db, edit->school->id, edit->row.category, SL_CONFIGS_PRIMARY, &n, err) < 0)
        return -1;
    if (n > 0 && !edit->set->make_primary)
        return 0;
    return sl_configs_make_primary(db, &edit->row, edit->now_ms, err);
}

static int record(const struct edit *edit, struct sl_err *err)
{
    struct sl_buf changes = sl_buf_new(edit->arena);
    struct sl_act act = {
        .operation = "config.set",
        .school_id = edit->row.school_id,
        .provider_id = edit->row.provider_id,
        .kind = "config",
        .id = sl_arena_printf(edit->arena, "%lld", (long long)edit->row.id),
    };

    if (sl_act_differs(edit->environment_before, edit->row.environment))
        sl_act_change(&changes, "environment", edit->environment_before, edit->row.environment);
    for (size_t i = 0; i < edit->after.n; i++) {
        const struct sl_field *field = sl_values_field(edit->adapter, i);
        const char *before = edit->before.at[i], *after = edit->after.at[i];

        if (sl_act_differs(before, after))
            sl_act_change(&changes, field->name, sl_values_shown(edit->arena, field, before),
                          sl_values_shown(edit->arena, field, after));
    }
    act.changes = sl_act_changes(&changes);
    return sl_act_record(edit->service, &act, err);
}

static int store(struct edit *edit, struct sl_err *err)
{
    if (store_row(edit, err) < 0 || mark_primary(edit, err) < 0)
        return -1;
    if (strcmp(edit->school->code, "everyone") == 0 &&
        sl_providers_make_global(edit->service->db, edit->row.provider_id, err) < 0)
        return -1;
    if (sl_endpoints_refresh(edit->service, &edit->row, &edit->after, err) < 0)
        return -1;
    return record(edit, err);
}

int sl_config_change(struct sl_service *service, const struct sl_school *school,
                     const struct sl_adapter *adapter, const struct sl_config_set *set,
                     struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct edit edit = {
        .service = service,
        .arena = arena,
        .school = school,
        .adapter = adapter,
        .set = set,
        .now_ms = sl_now_ms(),
    };

    if (load_row(&edit, err) < 0 || load_before(&edit, err) < 0 || apply(&edit, err) < 0 ||
        check(&edit, err) < 0)
        return -1;
    return store(&edit, err);
}

int sl_config_set(struct sl_service *service, const struct sl_school *school,
                  const struct sl_adapter *adapter, const struct sl_config_set *set,
                  struct sl_err *err)
{
    SL_AUTO(sl_tx_end) struct sl_tx tx = { 0 };

    if (sl_tx_begin(&tx, service->db, err) < 0 ||
        sl_config_change(service, school, adapter, set, err) < 0)
        return -1;
    return sl_tx_commit(&tx, err);
}
