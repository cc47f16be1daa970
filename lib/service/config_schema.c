/* The JSON Schema of an adapter's settings (draft 2020-12). */
#include <string.h>

#include "lib/service/config.h"
#include "lib/service/values.h"

static const char *const types[] = {
    [SL_FIELD_TEXT] = "string",   [SL_FIELD_INT] = "integer",   [SL_FIELD_BOOL] = "boolean",
    [SL_FIELD_CHOICE] = "string", [SL_FIELD_URL] = "string",    [SL_FIELD_FILE] = "string",
    [SL_FIELD_CIDRS] = "string",  [SL_FIELD_FOLDER] = "string",
};

static void add_choices(struct sl_arena *arena, struct sl_buf *out, const char *choices)
{
    char *rest = sl_arena_strdup(arena, choices), *word;
    const char *before = ",\"enum\":[";

    while ((word = strsep(&rest, " ")) != NULL) {
        sl_buf_text(out, before);
        sl_json_quote(out, word);
        before = ",";
    }
    sl_buf_text(out, "]");
}

/* Numbers and truth values stand in JSON as they do in text. */
static void add_default(struct sl_buf *out, const struct sl_field *field, const char *value)
{
    sl_buf_text(out, ",\"default\":");
    if (field->kind == SL_FIELD_INT || field->kind == SL_FIELD_BOOL)
        sl_buf_text(out, value);
    else
        sl_json_quote(out, value);
}

static void add_property(struct sl_arena *arena, struct sl_buf *out,
                         const struct sl_adapter *adapter, size_t i)
{
    const struct sl_field *field = sl_values_field(adapter, i);
    const char *otherwise = sl_values_default(arena, adapter, i);

    sl_buf_text(out, i > 0 ? "," : "");
    sl_json_quote(out, field->name);
    sl_buf_printf(out, ":{\"type\":\"%s\",\"description\":", types[field->kind]);
    sl_json_quote(out, field->help);
    if (field->kind == SL_FIELD_CHOICE)
        add_choices(arena, out, field->choices);
    if (field->kind == SL_FIELD_URL)
        sl_buf_text(out, ",\"format\":\"uri\"");
    if (field->kind == SL_FIELD_INT && (field->least != 0 || field->most != 0))
        sl_buf_printf(out, ",\"minimum\":%lld,\"maximum\":%lld", (long long)field->least,
                      (long long)field->most);
    if (field->secret)
        sl_buf_text(out, ",\"writeOnly\":true");
    if (otherwise)
        add_default(out, field, otherwise);
    sl_buf_text(out, "}");
}

static void add_required(struct sl_buf *out, const struct sl_adapter *adapter)
{
    const char *before = "";

    sl_buf_text(out, "},\"required\":[");
    for (size_t i = 0; i < adapter->n_fields; i++) {
        if (!adapter->fields[i].required || adapter->fields[i].otherwise)
            continue;
        sl_buf_text(out, before);
        sl_json_quote(out, adapter->fields[i].name);
        before = ",";
    }
    sl_buf_text(out, "],\"additionalProperties\":false}");
}

const char *sl_config_schema(struct sl_arena *arena, const struct sl_adapter *adapter)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":");
    sl_json_quote(&out, adapter->name);
    sl_buf_text(&out, ",\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < sl_values_count(adapter); i++)
        if (sl_values_field(adapter, i)->name)
            add_property(arena, &out, adapter, i);
    add_required(&out, adapter);
    return out.data;
}
