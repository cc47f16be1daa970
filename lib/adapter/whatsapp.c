#include "lib/adapter/whatsapp.h"

#include <string.h>

#include "lib/base/text.h"

static const char *const places[] = {
    [SL_IN_HEADER] = "header", [SL_IN_BODY] = "body", [SL_IN_BUTTON] = "button"
};

/* ---- To JSON ------------------------------------------------------------------------------- */

static void put_flag(struct json_object *doc, const char *name, bool flag)
{
    if (flag)
        sl_json_put(doc, name, sl_json_new_bool(true));
}

static struct json_object *print_choices(const struct sl_whatsapp_send *send)
{
    struct json_object *choices = sl_json_new_array();

    for (size_t i = 0; i < send->n_choices; i++) {
        struct json_object *pair = sl_json_new_array();

        sl_json_append(pair, sl_json_new_text(send->choices[i].name));
        sl_json_append(pair, sl_json_new_text(send->choices[i].value));
        sl_json_append(choices, pair);
    }
    return choices;
}

static struct json_object *print_values(const struct sl_whatsapp_template *template)
{
    struct json_object *values = sl_json_new_array();

    for (size_t i = 0; i < template->n_values; i++) {
        const struct sl_whatsapp_value *value = &template->values[i];
        struct json_object *one = sl_json_new_object();

        sl_json_put_text(one, "place", places[value->place]);
        sl_json_put_text(one, "name", value->name);
        sl_json_put_text(one, "text", value->text);
        if (value->place == SL_IN_BUTTON)
            sl_json_put_int(one, "button", value->button);
        sl_json_append(values, one);
    }
    return values;
}

static void print_media(struct json_object *doc, const struct sl_whatsapp_media *media)
{
    struct json_object *json = sl_json_put_object(doc, "media");

    sl_json_put_text(json, "kind", media->kind);
    sl_json_put_text(json, "link", media->link);
    sl_json_put_text(json, "id", media->id);
    sl_json_put_text(json, "name", media->name);
    sl_json_put_text(json, "caption", media->caption);
}

static void print_location(struct json_object *doc, const struct sl_whatsapp_location *location)
{
    struct json_object *json = sl_json_put_object(doc, "location");

    sl_json_put_text(json, "latitude", location->latitude);
    sl_json_put_text(json, "longitude", location->longitude);
    sl_json_put_text(json, "name", location->name);
    sl_json_put_text(json, "address", location->address);
}

struct json_object *sl_whatsapp_print(const struct sl_whatsapp_send *send)
{
    struct json_object *doc = sl_json_new_object(), *template;

    sl_json_put_text(doc, "text", send->text);
    put_flag(doc, "preview", send->preview);
    if (send->n_choices > 0)
        sl_json_put(doc, "choices", print_choices(send));
    if (send->template) {
        template = sl_json_put_object(doc, "template");
        sl_json_put_text(template, "name", send->template->name);
        sl_json_put_text(template, "language", send->template->language);
        sl_json_put(template, "values", print_values(send->template));
    }
    if (send->media)
        print_media(doc, send->media);
    if (send->location)
        print_location(doc, send->location);
    sl_json_put_text(doc, "message", send->message);
    put_flag(doc, "in_spite", send->in_spite);
    return doc;
}

/* ---- From JSON ----------------------------------------------------------------------------- */

static const struct sl_pair *read_choices(struct sl_arena *arena, struct json_object *array,
                                          size_t *n)
{
    struct sl_pair *choices;

    *n = sl_json_length(array);
    choices = SL_NEW(arena, struct sl_pair, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        struct json_object *pair = json_object_array_get_idx(array, i);

        if (sl_json_length(pair) == 2)
            choices[i] =
                (struct sl_pair){ json_object_get_string(json_object_array_get_idx(pair, 0)),
                                  json_object_get_string(json_object_array_get_idx(pair, 1)) };
    }
    return choices;
}

static enum sl_whatsapp_place read_place(const char *name)
{
    for (size_t i = 0; name && i < SL_COUNT(places); i++)
        if (strcmp(name, places[i]) == 0)
            return (enum sl_whatsapp_place)i;
    return SL_IN_BODY;
}

static const struct sl_whatsapp_template *read_template(struct sl_arena *arena,
                                                        struct json_object *doc)
{
    struct sl_whatsapp_template *template = SL_NEW(arena, struct sl_whatsapp_template, 1);
    struct json_object *array = sl_json_at(doc, "values");
    size_t n = sl_json_length(array);
    struct sl_whatsapp_value *values = SL_NEW(arena, struct sl_whatsapp_value, n + 1);

    for (size_t i = 0; i < n; i++) {
        struct json_object *one = json_object_array_get_idx(array, i);

        values[i] = (struct sl_whatsapp_value){ .place = read_place(sl_json_text(one, "place")),
                                                .name = sl_json_text(one, "name"),
                                                .text = sl_json_text(one, "text"),
                                                .button = sl_json_int(one, "button", 0) };
    }
    *template = (struct sl_whatsapp_template){ .name = sl_json_text(doc, "name"),
                                               .language = sl_json_text(doc, "language"),
                                               .values = values,
                                               .n_values = n };
    return template;
}

static const struct sl_whatsapp_media *read_media(struct sl_arena *arena, struct json_object *doc,
                                                  const struct sl_file *file)
{
    struct sl_whatsapp_media *media = SL_NEW(arena, struct sl_whatsapp_media, 1);

    *media = (struct sl_whatsapp_media){ .kind = sl_json_text(doc, "kind"),
                                         .file = file,
                                         .link = sl_json_text(doc, "link"),
                                         .id = sl_json_text(doc, "id"),
                                         .name = sl_json_text(doc, "name"),
                                         .caption = sl_json_text(doc, "caption") };
    return media;
}

static const struct sl_whatsapp_location *read_location(struct sl_arena *arena,
                                                        struct json_object *doc)
{
    struct sl_whatsapp_location *location = SL_NEW(arena, struct sl_whatsapp_location, 1);

    *location = (struct sl_whatsapp_location){ .latitude = sl_json_text(doc, "latitude"),
                                               .longitude = sl_json_text(doc, "longitude"),
                                               .name = sl_json_text(doc, "name"),
                                               .address = sl_json_text(doc, "address") };
    return location;
}

struct sl_whatsapp_send *sl_whatsapp_read(struct sl_arena *arena, struct json_object *doc,
                                          const struct sl_file *file)
{
    struct sl_whatsapp_send *send = SL_NEW(arena, struct sl_whatsapp_send, 1);
    struct json_object *template = sl_json_at(doc, "template"), *media = sl_json_at(doc, "media");
    struct json_object *location = sl_json_at(doc, "location");

    *send = (struct sl_whatsapp_send){
        .text = sl_json_text(doc, "text"),
        .preview = json_object_get_boolean(sl_json_at(doc, "preview")),
        .template = template ? read_template(arena, template) : NULL,
        .media = media ? read_media(arena, media, file) : NULL,
        .location = location ? read_location(arena, location) : NULL,
        .message = sl_json_text(doc, "message"),
        .in_spite = json_object_get_boolean(sl_json_at(doc, "in_spite")),
    };
    send->choices = read_choices(arena, sl_json_at(doc, "choices"), &send->n_choices);
    return send;
}
