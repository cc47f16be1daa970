/* WhatsApp: templates and their values (docs/providers/whatsapp.md, 4.3). */
#include <string.h>

#include "adapters/whatsapp/whatsapp.h"
#include "lib/base/text.h"

enum { MOST_VALUES = 1024, MOST_HEADER = 60 };

struct json_object *whatsapp_append_object(struct json_object *array)
{
    struct json_object *object = sl_json_new_object();

    sl_json_append(array, object);
    return object;
}

struct json_object *whatsapp_put_array(struct json_object *doc, const char *name)
{
    struct json_object *array = sl_json_new_array();

    sl_json_put(doc, name, array);
    return array;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

/* Newlines, tabs and runs of blanks are refused on the wire: each becomes one blank. */
static const char *clean(struct sl_arena *arena, const char *text)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "");
    for (; text && *text; text++) {
        if (!is_blank(*text))
            sl_buf_add(&out, text, 1);
        else if (out.len > 0 && out.data[out.len - 1] != ' ')
            sl_buf_text(&out, " ");
    }
    if (out.len > 0 && out.data[out.len - 1] == ' ')
        out.data[out.len - 1] = '\0';
    return out.data;
}

static bool is_template_name(const char *name)
{
    return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] &&
           strlen(name) <= 512;
}

int whatsapp_check_template(const struct sl_call *call, const struct sl_whatsapp_template *template,
                            struct sl_err *err)
{
    size_t length = 0;

    if (!template->name || !is_template_name(template->name))
        return sl_err_set(err, SL_ERR_DATA,
                          "'%s' is no template: names have lower-case letters, digits and _",
                          template->name ? template->name : "");
    for (size_t i = 0; i < template->n_values; i++) {
        const struct sl_whatsapp_value *value = &template->values[i];
        const char *text = clean(call->arena, value->text);

        if (!*text)
            return sl_err_set(err, SL_ERR_DATA, "value %zu of the template is empty", i + 1);
        if (value->place == SL_IN_BODY)
            length += sl_utf8_length(text);
        if (value->place == SL_IN_HEADER && sl_utf8_length(text) > MOST_HEADER)
            return sl_err_set(err, SL_ERR_DATA, "a template's header has at most %d characters",
                              MOST_HEADER);
    }
    if (length > MOST_VALUES)
        return sl_err_set(err, SL_ERR_DATA,
                          "the values have more than the %d characters that a "
                          "template may have",
                          MOST_VALUES);
    return 0;
}

static void put_values(const struct sl_call *call, const struct sl_whatsapp_template *template,
                       enum sl_whatsapp_place place, struct json_object *parameters)
{
    for (size_t i = 0; i < template->n_values; i++) {
        const struct sl_whatsapp_value *value = &template->values[i];
        struct json_object *one;

        if (value->place != place)
            continue;
        one = whatsapp_append_object(parameters);
        sl_json_put_text(one, "type", "text");
        sl_json_put_text(one, "parameter_name", value->name);
        sl_json_put_text(one, "text", clean(call->arena, value->text));
    }
}

static bool has_place(const struct sl_whatsapp_template *template, enum sl_whatsapp_place place)
{
    for (size_t i = 0; i < template->n_values; i++)
        if (template->values[i].place == place)
            return true;
    return false;
}

static struct json_object *add_component(struct json_object *components, const char *type)
{
    struct json_object *component = whatsapp_append_object(components);

    sl_json_put_text(component, "type", type);
    return component;
}

static void put_button(const struct sl_call *call, const struct sl_whatsapp_value *value,
                       struct json_object *components)
{
    static const char *const members[][2] = { { "quick_reply", "payload" },
                                              { "copy_code", "coupon_code" } };
    const char *kind = value->name ? value->name : "url", *member = "text";
    struct json_object *component = add_component(components, "button"), *one;

    for (size_t i = 0; i < SL_COUNT(members); i++)
        if (strcmp(kind, members[i][0]) == 0)
            member = members[i][1];
    sl_json_put_text(component, "sub_type", kind);
    sl_json_put_text(component, "index",
                     sl_arena_printf(call->arena, "%lld", (long long)value->button));
    one = whatsapp_append_object(whatsapp_put_array(component, "parameters"));
    sl_json_put_text(one, "type", member);
    sl_json_put_text(one, member, clean(call->arena, value->text));
}

/* Only parts with variables are named. */
void whatsapp_put_template(const struct sl_call *call, struct json_object *doc)
{
    const struct sl_whatsapp_send *send = call->in.whatsapp;
    const struct sl_whatsapp_template *template = send->template;
    const char *language =
        template->language ? template->language : call->settings->values[DEFAULT_LANGUAGE];
    struct json_object *object, *components = sl_json_new_array();

    sl_json_put_text(doc, "type", "template");
    object = sl_json_put_object(doc, "template");
    sl_json_put_text(object, "name", template->name);
    sl_json_put_text(sl_json_put_object(object, "language"), "code", language);
    if (send->media)
        whatsapp_put_media(call, send->media,
                           whatsapp_append_object(
                               whatsapp_put_array(add_component(components, "header"),
                                                  "parameters")));
    else if (has_place(template, SL_IN_HEADER))
        put_values(call, template, SL_IN_HEADER,
                   whatsapp_put_array(add_component(components, "header"), "parameters"));
    if (has_place(template, SL_IN_BODY))
        put_values(call, template, SL_IN_BODY,
                   whatsapp_put_array(add_component(components, "body"), "parameters"));
    for (size_t i = 0; i < template->n_values; i++)
        if (template->values[i].place == SL_IN_BUTTON)
            put_button(call, &template->values[i], components);
    if (sl_json_length(components) > 0)
        sl_json_put(object, "components", components);
    else
        sl_json_free(&components);
}
