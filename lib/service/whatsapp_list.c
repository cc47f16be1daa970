/* What a list of WhatsApp messages is made of: a column of phone numbers, a template, and columns for
 * its variables. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/whatsapp_private.h"
#include "lib/text/csv.h"

/* ---- Which column is what --------------------------------------------------------------------- */

static size_t count_words(const char *list)
{
    size_t n = list && *list ? 1 : 0;

    for (; list && *list; list++)
        n += *list == ',';
    return n;
}

struct mapping {
    struct sl_arena *arena;
    const struct sl_columns *columns;
    struct sl_whatsapp_value *values;
    size_t *places, n;
};

/* "column", or "variable=column" */
static int map_word(struct mapping *mapping, char *word, enum sl_whatsapp_place place,
                    struct sl_err *err)
{
    char *equals = strchr(word, '=');
    const char *column = equals ? equals + 1 : word;
    struct sl_whatsapp_value *value = &mapping->values[mapping->n];

    if (equals)
        *equals = '\0';
    if (!*word || !*column)
        return sl_err_set(err, SL_ERR_DATA, "a variable's column is written COLUMN or NAME=COLUMN");
    *value = (struct sl_whatsapp_value){ .place = place, .name = equals ? word : NULL };
    return sl_columns_find(mapping->columns, column, &mapping->places[mapping->n++], err);
}

static int map_words(struct mapping *mapping, const char *list, enum sl_whatsapp_place place,
                     struct sl_err *err)
{
    char *word = list ? sl_arena_strdup(mapping->arena, list) : NULL;

    while (word) {
        char *comma = strchr(word, ',');

        if (comma)
            *comma = '\0';
        if (map_word(mapping, word, place, err) < 0)
            return -1;
        word = comma ? comma + 1 : NULL;
    }
    return 0;
}

static int map_columns(struct sl_whatsapp_list *list, struct sl_arena *arena,
                       const struct sl_columns *columns, struct sl_err *err)
{
    size_t n = count_words(list->params) + count_words(list->header_params);
    struct mapping mapping = { .arena = arena,
                               .columns = columns,
                               .values = SL_NEW(arena, struct sl_whatsapp_value, n + 2),
                               .places = SL_NEW(arena, size_t, n + 2) };

    if (sl_refuse_empty("list of params", list->params, err) < 0 ||
        sl_refuse_empty("list of header params", list->header_params, err) < 0 ||
        map_words(&mapping, list->header_params, SL_IN_HEADER, err) < 0 ||
        map_words(&mapping, list->params, SL_IN_BODY, err) < 0)
        return -1;
    list->columns = mapping.places;
    list->template = (struct sl_whatsapp_template){ .name = list->name,
                                                    .language = list->language,
                                                    .values = mapping.values,
                                                    .n_values = mapping.n };
    return 0;
}

/* ---- Rows ------------------------------------------------------------------------------------- */

static int begin(void *self, struct sl_service *service, struct sl_arena *arena,
                 const struct sl_school *school, const struct sl_sender *sender,
                 const struct sl_columns *columns, struct sl_err *err)
{
    struct sl_whatsapp_list *list = self;

    list->sender = sender;
    list->country = whatsapp_country(sender->opened, school);
    list->media = (struct sl_whatsapp_media){ .kind = list->file_kind, .file = list->file };
    if (map_columns(list, arena, columns, err) < 0 ||
        whatsapp_look_up_template(service, arena, school, list, err) < 0)
        return -1;
    if (!list->file || list->dry_run)
        return 0;
    return sl_whatsapp_upload(service, arena, school, sender, list->file, err);
}

static struct sl_draft draft(void *self, struct sl_arena *arena, const char *address,
                             const char *const *fields)
{
    const struct sl_whatsapp_list *list = self;
    struct sl_whatsapp_template template = list->template;
    struct sl_whatsapp_value *values =
        SL_NEW(arena, struct sl_whatsapp_value, template.n_values + 1);
    struct sl_whatsapp_send message = { .template = &template,
                                        .media = list->file ? &list->media : NULL };
    const char *why, *number = whatsapp_number(arena, address, list->country, &why);
    struct sl_err err;

    if (!number)
        return (struct sl_draft){ .refused = why };
    for (size_t i = 0; i < template.n_values; i++) {
        values[i] = template.values[i];
        values[i].text = fields[list->columns[i]];
    }
    template.values = values;
    if (whatsapp_try(arena, list->sender, &message, number, &err) < 0)
        return (struct sl_draft){ .refused = sl_arena_strdup(arena, err.text) };
    return (struct sl_draft){ .address = number,
                              .payload = whatsapp_payload(arena, &message),
                              .files = list->file,
                              .n_files = list->file != NULL };
}

static void text_hash(void *self, char hex[65])
{
    const struct sl_whatsapp_list *list = self;
    const char *const parts[] = { list->name,      list->language,
                                  list->params,    list->header_params,
                                  list->file_kind, list->file ? list->file->sha256 : NULL };
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    unsigned char digest[SL_SHA256_SIZE];

    sl_hash_begin(&hash);
    for (size_t i = 0; i < SL_COUNT(parts); i++)
        if (parts[i])
            sl_hash_add(&hash, parts[i], strlen(parts[i]) + 1);
        else
            sl_hash_add(&hash, "\1", 1);
    sl_hash_result(&hash, digest);
    sl_hex(digest, sizeof digest, hex);
}

struct sl_bulk_maker sl_whatsapp_maker(struct sl_whatsapp_list *list)
{
    return (struct sl_bulk_maker){
        .channel = list->file ? &whatsapp_media_channel : &sl_whatsapp_channel,
        .address_column = list->phone_column ? list->phone_column : sl_whatsapp_channel.address,
        .address_noun = "phone numbers",
        .begin = begin,
        .draft = draft,
        .text_hash = text_hash,
        .self = list,
    };
}
