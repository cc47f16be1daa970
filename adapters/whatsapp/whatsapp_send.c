/* WhatsApp: messages and uploads (docs/providers/whatsapp.md, 4.2 to 4.5). */
#include <string.h>

#include "adapters/whatsapp/whatsapp.h"
#include "lib/adapter/multipart.h"
#include "lib/base/text.h"

enum {
    MOST_TEXT = 4096,
    MOST_CAPTION = 1024,
    MOST_CHOICES = 3,
    MOST_TITLE = 20,
    MEGABYTE = 1 << 20,
};

/* ---- Texts, with choices under them -------------------------------------------------------- */

static int check_text(const struct sl_whatsapp_send *send, struct sl_err *err)
{
    size_t most = send->n_choices > 0 ? MOST_CAPTION : MOST_TEXT;

    if (!send->text[strspn(send->text, " \t\r\n")])
        return sl_err_set(err, SL_ERR_DATA, "the text is empty");
    if (sl_utf8_length(send->text) > most)
        return sl_err_set(err, SL_ERR_DATA, "the text is longer than %zu characters", most);
    if (send->n_choices > MOST_CHOICES)
        return sl_err_set(err, SL_ERR_DATA, "a text has at most %d choices", MOST_CHOICES);
    for (size_t i = 0; i < send->n_choices; i++) {
        const char *id = send->choices[i].name, *title = send->choices[i].value;

        if (!id || !*id || strlen(id) > 256 || !title || !*title ||
            sl_utf8_length(title) > MOST_TITLE)
            return sl_err_set(err, SL_ERR_DATA,
                              "a choice needs an id and a title of 1 to %d characters", MOST_TITLE);
    }
    return 0;
}

static void put_choices(const struct sl_whatsapp_send *send, struct json_object *doc)
{
    struct json_object *object = sl_json_put_object(doc, "interactive");
    struct json_object *body, *buttons;

    sl_json_put_text(doc, "type", "interactive");
    sl_json_put_text(object, "type", "button");
    body = sl_json_put_object(object, "body");
    sl_json_put_text(body, "text", send->text);
    buttons = whatsapp_put_array(sl_json_put_object(object, "action"), "buttons");
    for (size_t i = 0; i < send->n_choices; i++) {
        struct json_object *button = whatsapp_append_object(buttons), *reply;

        sl_json_put_text(button, "type", "reply");
        reply = sl_json_put_object(button, "reply");
        sl_json_put_text(reply, "id", send->choices[i].name);
        sl_json_put_text(reply, "title", send->choices[i].value);
    }
}

static void put_text(const struct sl_whatsapp_send *send, struct json_object *doc)
{
    struct json_object *object;

    if (send->n_choices > 0) {
        put_choices(send, doc);
        return;
    }
    sl_json_put_text(doc, "type", "text");
    object = sl_json_put_object(doc, "text");
    sl_json_put_text(object, "body", send->text);
    sl_json_put(object, "preview_url", sl_json_new_bool(send->preview));
}

/* ---- Media --------------------------------------------------------------------------------- */

static const struct {
    const char *type, *kind;
    int64_t most; /* bytes */
} known_types[] = {
    { "image/jpeg", "image", 5 * MEGABYTE },  { "image/png", "image", 5 * MEGABYTE },
    { "audio/aac", "audio", 16 * MEGABYTE },  { "audio/amr", "audio", 16 * MEGABYTE },
    { "audio/mpeg", "audio", 16 * MEGABYTE }, { "audio/mp4", "audio", 16 * MEGABYTE },
    { "audio/ogg", "audio", 16 * MEGABYTE },  { "video/mp4", "video", 16 * MEGABYTE },
    { "video/3gpp", "video", 16 * MEGABYTE }, { "image/webp", "sticker", 500 * 1024 },
};

/* What a file is by its type; NULL: it can only be a document, as all can. */
static const char *natural_kind(const struct sl_file *file, int64_t *most)
{
    for (size_t i = 0; i < SL_COUNT(known_types); i++)
        if (strcmp(file->type, known_types[i].type) == 0) {
            *most = known_types[i].most;
            return known_types[i].kind;
        }
    return NULL;
}

static const char *kind_of(const struct sl_whatsapp_media *media)
{
    int64_t most;
    const char *natural = media->file ? natural_kind(media->file, &most) : NULL;

    return media->kind ? media->kind : natural ? natural : "document";
}

static int check_file(const struct sl_file *file, const char *kind, struct sl_err *err)
{
    int64_t most = 100LL * MEGABYTE;

    if (strcmp(kind, "document") != 0) {
        const char *natural = natural_kind(file, &most);

        if (!natural || strcmp(natural, kind) != 0)
            return sl_err_set(err, SL_ERR_DATA, "%s is %s, which cannot be sent as %s", file->name,
                              file->type, kind);
    }
    if (file->size == 0)
        return sl_err_set(err, SL_ERR_DATA, "%s is empty", file->name);
    if (file->size > most)
        return sl_err_set(err, SL_ERR_DATA, "%s has %lld bytes; as %s it may have %lld", file->name,
                          (long long)file->size, kind, (long long)most);
    return 0;
}

static int check_media(const struct sl_whatsapp_media *media, struct sl_err *err)
{
    static const char kinds[] = " image document video audio sticker ";
    const char *kind = kind_of(media), *at = strstr(kinds, kind);

    if (!at || at == kinds || at[-1] != ' ' || at[strlen(kind)] != ' ')
        return sl_err_set(err, SL_ERR_DATA, "'%s' is no kind of media:%s", kind, kinds);
    if ((media->file != NULL) + (media->link != NULL) + (media->id != NULL) != 1)
        return sl_err_set(err, SL_ERR_DATA, "media is either a file or a link");
    if (media->link && strncmp(media->link, "https://", 8) != 0)
        return sl_err_set(err, SL_ERR_DATA, "the link '%s' is not an https address", media->link);
    if (media->file && check_file(media->file, kind, err) < 0)
        return -1;
    if (!media->caption)
        return 0;
    if (strcmp(kind, "audio") == 0 || strcmp(kind, "sticker") == 0)
        return sl_err_set(err, SL_ERR_DATA, "%s takes no caption", kind);
    if (!*media->caption || sl_utf8_length(media->caption) > MOST_CAPTION)
        return sl_err_set(err, SL_ERR_DATA, "a caption has 1 to %d characters", MOST_CAPTION);
    return 0;
}

/* Without a name a document is shown as "Untitled". */
void whatsapp_put_media(const struct sl_call *call, const struct sl_whatsapp_media *media,
                        struct json_object *doc)
{
    const char *name = media->file ? media->file->name : media->name;
    const char *kind = kind_of(media);
    struct json_object *object;

    sl_json_put_text(doc, "type", kind);
    object = sl_json_put_object(doc, kind);
    sl_json_put_text(object, "id", media->file ? sl_json_text(call->memory, "media") : media->id);
    sl_json_put_text(object, "link", media->link);
    if (strcmp(kind, "document") == 0)
        sl_json_put_text(object, "filename", name);
    sl_json_put_text(object, "caption", media->caption);
}

/* ---- Places -------------------------------------------------------------------------------- */

/* As it was written: a double would have other digits. */
static struct json_object *degrees(const char *text)
{
    int64_t micro = 0;

    (void)sl_parse_decimal(text, 9, &micro);
    return sl_json_new_decimal((double)micro / 1e9, text);
}

static int check_location(const struct sl_whatsapp_location *location, struct sl_err *err)
{
    int64_t latitude, longitude, most = 90LL * 1000000000;

    if (!location->latitude || !location->longitude ||
        !sl_parse_decimal(location->latitude, 9, &latitude) ||
        !sl_parse_decimal(location->longitude, 9, &longitude) || latitude < -most ||
        latitude > most || longitude < -2 * most || longitude > 2 * most)
        return sl_err_set(err, SL_ERR_DATA,
                          "a place is written in degrees, latitude and longitude: -1.2921,36.8219");
    return 0;
}

static void put_location(const struct sl_whatsapp_location *location, struct json_object *doc)
{
    struct json_object *object = sl_json_put_object(doc, "location");

    sl_json_put_text(doc, "type", "location");
    sl_json_put(object, "longitude", degrees(location->longitude));
    sl_json_put(object, "latitude", degrees(location->latitude));
    sl_json_put_text(object, "name", location->name);
    sl_json_put_text(object, "address", location->address);
}

/* ---- Messages ------------------------------------------------------------------------------ */

/* Free words only to who wrote to us within a day. */
static int check_window(const struct sl_call *call, struct sl_err *err)
{
    const struct sl_whatsapp_send *send = call->in.whatsapp;

    if (send->template || send->in_spite || call->facts[WHATSAPP_WINDOW])
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA,
                     "it is not known that this parent wrote within 24 hours: use a template");
    return sl_err_hint(err, "`sl-whatsapp template` reaches them; --force sends in spite of it");
}

static int check_send(const struct sl_call *call, struct sl_err *err)
{
    const struct sl_whatsapp_send *send = call->in.whatsapp;
    int n = (send->text != NULL) + (send->template != NULL) + (send->location != NULL) +
            (send->media != NULL && !send->template);

    if (*send->to != '+')
        return sl_err_set(err, SL_ERR_DATA, "the number has no country code");
    if (n != 1)
        return sl_err_set(err, SL_ERR_DATA,
                          "a message is one of text, template, media and location");
    if (send->text && check_text(send, err) < 0)
        return -1;
    if (send->media && check_media(send->media, err) < 0)
        return -1;
    if (send->template && whatsapp_check_template(call, send->template, err) < 0)
        return -1;
    if (send->location && check_location(send->location, err) < 0)
        return -1;
    return check_window(call, err);
}

static void set_body(const struct sl_call *call, struct sl_request *request,
                     struct json_object *doc)
{
    request->body = sl_json_print(call->arena, doc);
    request->n_body = strlen(request->body);
    whatsapp_address(call, request, "POST",
                     sl_arena_printf(call->arena, "/%s/messages",
                                     call->settings->values[PHONE_NUMBER_ID]));
    sl_request_header(request, "Content-Type", "application/json");
}

int whatsapp_build_send(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    const struct sl_whatsapp_send *send = call->in.whatsapp;
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (check_send(call, err) < 0)
        return -1;
    doc = sl_json_new_object();
    sl_json_put_text(doc, "messaging_product", "whatsapp");
    sl_json_put_text(doc, "recipient_type", "individual");
    sl_json_put_text(doc, "to", send->to + 1);
    if (send->message)
        sl_json_put_text(sl_json_put_object(doc, "context"), "message_id", send->message);
    sl_json_put_text(doc, "biz_opaque_callback_data", call->id);
    if (send->text)
        put_text(send, doc);
    else if (send->template)
        whatsapp_put_template(call, doc);
    else if (send->media)
        whatsapp_put_media(call, send->media, doc);
    else
        put_location(send->location, doc);
    set_body(call, request, doc);
    return 0;
}

int whatsapp_build_read(const struct sl_call *call, struct sl_request *request, struct sl_err *err)
{
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;

    if (!call->in.whatsapp->message || !*call->in.whatsapp->message)
        return sl_err_set(err, SL_ERR_DATA, "no message is named");
    doc = sl_json_new_object();
    sl_json_put_text(doc, "messaging_product", "whatsapp");
    sl_json_put_text(doc, "status", "read");
    sl_json_put_text(doc, "message_id", call->in.whatsapp->message);
    set_body(call, request, doc);
    return 0;
}

/* Before a message, or for many of them. What is there already is not uploaded once more. */
int whatsapp_build_upload(const struct sl_call *call, struct sl_request *request,
                          struct sl_err *err)
{
    const struct sl_whatsapp_media *media = call->in.whatsapp->media;
    struct sl_multipart form;

    if (!media || !media->file)
        return sl_err_set(err, SL_ERR_DATA, "there is no file to upload");
    if ((call->in.whatsapp->to ? check_send(call, err) : check_media(media, err)) < 0)
        return -1;
    if (call->facts[WHATSAPP_MEDIA])
        return 0;
    sl_multipart_begin(&form, call, 1);
    sl_multipart_add(&form, "messaging_product", "whatsapp");
    sl_multipart_add(&form, "type", media->file->type);
    sl_multipart_file(&form, "file", media->file);
    whatsapp_address(call, request, "POST",
                     sl_arena_printf(call->arena, "/%s/media",
                                     call->settings->values[PHONE_NUMBER_ID]));
    sl_multipart_end(&form, request);
    return 0;
}
