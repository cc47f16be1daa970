#include "lib/service/values.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/service/config.h"

const struct sl_field sl_common_fields[] = {
    { .name = "base_url",
      .help = "Address to call instead of the provider's own",
      .kind = SL_FIELD_URL },
    { .name = "ca_file",
      .help = "PEM file of a private server's certificate authority; a path",
      .kind = SL_FIELD_TEXT },
    { .name = "rate_per_second",
      .help = "Requests, recipients or parts a second, by the provider; 0: no limit",
      .kind = SL_FIELD_INT,
      .most = 1000000 },
    { .name = "burst",
      .help = "How many may leave at once before the rate counts",
      .kind = SL_FIELD_INT,
      .most = 1000000 },
    { .name = "max_in_flight",
      .help = "Requests on their way at once; 0: as many as the program has",
      .kind = SL_FIELD_INT,
      .most = 10000 },
    { .name = "batch_size",
      .help = "Recipients in one request; 0: as many as there are",
      .kind = SL_FIELD_INT,
      .most = 1000000 },
    { .name = "daily_limit",
      .help = "Messages in 24 hours, counted by recipient; 0: no limit",
      .kind = SL_FIELD_INT,
      .most = 1000000000 },
    { 0 },
};

enum { N_COMMON = SL_COUNT(sl_common_fields) - 1 };

/* ---- Fields -------------------------------------------------------------------------- */

size_t sl_values_count(const struct sl_adapter *adapter)
{
    return adapter->n_fields + N_COMMON;
}

static int find_own(const struct sl_adapter *adapter, const char *name)
{
    for (size_t i = 0; i < adapter->n_fields; i++)
        if (strcmp(adapter->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Of an index that is within the count. */
static const struct sl_field *field_at(const struct sl_adapter *adapter, size_t i)
{
    static const struct sl_field left_out = { 0 };
    const struct sl_field *common;

    if (i < adapter->n_fields)
        return &adapter->fields[i];
    common = &sl_common_fields[i - adapter->n_fields];
    return find_own(adapter, common->name) < 0 ? common : &left_out;
}

const struct sl_field *sl_values_field(const struct sl_adapter *adapter, size_t i)
{
    return i < sl_values_count(adapter) ? field_at(adapter, i) : NULL;
}

int sl_values_find(const struct sl_adapter *adapter, const char *name)
{
    int own = find_own(adapter, name);

    if (own >= 0)
        return own;
    for (size_t i = 0; i < N_COMMON; i++)
        if (strcmp(sl_common_fields[i].name, name) == 0)
            return (int)(adapter->n_fields + i);
    return -1;
}

const char *sl_values_default(struct sl_arena *arena, const struct sl_adapter *adapter, size_t i)
{
    const struct sl_field *field = field_at(adapter, i);
    const struct {
        const char *name;
        int limit;
    } limits[] = {
        { "rate_per_second", adapter->limits.rate_per_second },
        { "burst", adapter->limits.burst },
        { "max_in_flight", adapter->limits.max_in_flight },
        { "batch_size", adapter->limits.batch_size },
        { "daily_limit", adapter->limits.daily_limit },
    };

    if (i < adapter->n_fields)
        return field->otherwise;
    for (size_t k = 0; field->name && k < SL_COUNT(limits); k++)
        if (strcmp(limits[k].name, field->name) == 0)
            return sl_arena_printf(arena, "%d", limits[k].limit);
    return NULL;
}

/* ---- Values -------------------------------------------------------------------------- */

struct sl_values sl_values_new(struct sl_arena *arena, const struct sl_adapter *adapter)
{
    size_t n = sl_values_count(adapter);

    return (struct sl_values){ adapter, n, SL_NEW(arena, const char *, n) };
}

const char *sl_values_named(struct sl_arena *arena, const struct sl_values *values,
                            const char *name)
{
    int i = sl_values_find(values->adapter, name);

    if (i < 0)
        return NULL;
    return values->at[i] ? values->at[i] : sl_values_default(arena, values->adapter, (size_t)i);
}

void sl_values_fill(struct sl_arena *arena, const struct sl_values *values,
                    struct sl_settings *settings)
{
    const struct sl_adapter *adapter = values->adapter;
    const char **filled = SL_NEW(arena, const char *, adapter->n_fields);

    for (size_t i = 0; i < adapter->n_fields; i++)
        filled[i] = values->at[i] ? values->at[i] : adapter->fields[i].otherwise;
    settings->values = filled;
    settings->base_url = sl_values_named(arena, values, "base_url");
}

const char *sl_values_missing(struct sl_arena *arena, const struct sl_values *values)
{
    struct sl_buf names = sl_buf_new(arena);

    for (size_t i = 0; i < values->adapter->n_fields; i++) {
        const struct sl_field *field = &values->adapter->fields[i];

        if (field->required && !values->at[i] && !field->otherwise)
            sl_buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", field->name);
    }
    return names.len > 0 ? names.data : NULL;
}

const char *sl_values_lacking(struct sl_arena *arena, const struct sl_adapter *adapter,
                              const char *const *at)
{
    struct sl_buf names = sl_buf_new(arena);

    for (size_t i = 0; i < adapter->n_fields; i++)
        if (adapter->fields[i].needed_for && !at[i])
            sl_buf_printf(&names, "%s%s (needed for %s)", names.len > 0 ? ", " : "",
                          adapter->fields[i].name, adapter->fields[i].needed_for);
    return names.len > 0 ? names.data : NULL;
}

/* ---- As JSON, sealed ----------------------------------------------------------------- */

static void add_member(struct sl_buf *out, const char *name, const char *value)
{
    sl_buf_text(out, out->len > 1 ? "," : "");
    sl_json_quote(out, name);
    sl_buf_text(out, ":");
    if (value)
        sl_json_quote(out, value);
    else
        sl_buf_text(out, "null");
}

/* Written, not built: what json-c held of the secrets would not be wiped. */
const char *sl_values_print(struct sl_arena *arena, const struct sl_values *values,
                            enum sl_values_which which)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "{");
    for (size_t i = 0; i < values->n; i++) {
        const struct sl_field *field = field_at(values->adapter, i);

        if (values->at[i] && (which == SL_VALUES_ALL || field->callback))
            add_member(&out, field->name, values->at[i]);
    }
    sl_buf_text(&out, "}");
    return out.data;
}

bool sl_values_parse(struct sl_values *values, struct sl_arena *arena, const char *text, size_t n)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(text, n);

    if (!json_object_is_type(doc, json_type_object))
        return false;
    for (size_t i = 0; i < values->n; i++) {
        const struct sl_field *field = field_at(values->adapter, i);
        struct json_object *member = NULL;

        if (field->name && json_object_object_get_ex(doc, field->name, &member) &&
            json_object_is_type(member, json_type_string))
            values->at[i] = sl_arena_strdup(arena, json_object_get_string(member));
    }
    return true;
}

static struct sl_seal_place place_of(const struct sl_config_row *row)
{
    return (struct sl_seal_place){ "integration_configs", "config_encrypted", row->school_id,
                                   row->provider_id, row->id };
}

int sl_values_open(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_config_row *row, const struct sl_adapter *adapter,
                   struct sl_values *values, struct sl_err *err)
{
    const struct sl_seal_place place = place_of(row);
    struct sl_values opened = sl_values_new(arena, adapter);
    size_t n;
    char *text = sl_service_unseal(service, SL_KEY_SEAL, arena, row->sealed, &place, &n, err);

    if (!text)
        return sl_err_context(err, "settings of %s for %s", row->school_code, row->provider_code);
    if (!sl_values_parse(&opened, arena, text, n))
        return sl_err_set(err, SL_ERR_CONFIG, "settings of %s for %s: what was sealed is no JSON",
                          row->school_code, row->provider_code);
    *values = opened;
    return 0;
}

int sl_values_seal(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_config_row *row, const struct sl_values *values,
                   const char **sealed, struct sl_err *err)
{
    const struct sl_seal_place place = place_of(row);
    const char *text = sl_values_print(arena, values, SL_VALUES_ALL);

    *sealed = sl_service_seal(service, SL_KEY_SEAL, arena, text, strlen(text), &place, err);
    return *sealed ? 0 : -1;
}

/* ---- Who we are, and what may be seen ------------------------------------------------ */

/* JSON is unambiguous, whatever the values hold. Without an address of its own the environment
 * says which of the provider's it is. */
void sl_values_account(struct sl_service *service, const struct sl_values *values,
                       const char *environment, char *hex)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const struct sl_adapter *adapter = values->adapter;
    const char *base_url = sl_values_named(arena, values, "base_url");
    struct sl_buf who = sl_buf_new(arena);

    sl_buf_text(&who, "{");
    add_member(&who, adapter->code, base_url ? base_url : environment);
    for (size_t i = 0; i < adapter->n_fields; i++) {
        const struct sl_field *field = &adapter->fields[i];

        if (field->identity || (adapter->grant && field->secret && !field->hook))
            add_member(&who, field->name, values->at[i] ? values->at[i] : field->otherwise);
    }
    sl_buf_text(&who, "}");
    sl_index_hash(service->keyring, "account", who.data, hex);
}

const char *sl_values_shown(struct sl_arena *arena, const struct sl_field *field, const char *value)
{
    static const char dots[] = "••••";
    size_t n = value ? sl_utf8_length(value) : 0;

    if (!value)
        return NULL;
    if (field->kind == SL_FIELD_FILE)
        return field->secret ? dots
                             : sl_arena_printf(arena, "(a file of %zu bytes)", strlen(value));
    if (!field->secret)
        return value;
    if (n < 12)
        return dots;
    for (const char *at = value; n > 4; n--) {
        (void)sl_utf8_next(&at);
        value = at;
    }
    return sl_arena_printf(arena, "%s%s", dots, value);
}
