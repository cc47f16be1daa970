/* WhatsApp, simulated: templates (docs/providers/whatsapp.md, 4.3). */
#include "sandbox/whatsapp_templates.h"

#include <string.h>

#include "lib/base/json.h"
#include "sandbox/seen.h"
#include "sandbox/whatsapp.h"

static const struct template
{
    const char *name, *language, *status;
    const char *header; /* the kind of file that it is; NULL: none */
    const char *body, *variables[3];
}
templates[] = {
    { "fee_reminder", "en", "APPROVED", NULL, "Dear {{1}}, {{2}} is due", { "1", "2" } },
    { "fee_reminder", "en_US", "APPROVED", NULL, "Dear {{1}}, {{2}} is due", { "1", "2" } },
    { "absence",
      "en",
      "APPROVED",
      NULL,
      "{{child}} was absent, {{parent}}",
      { "child", "parent" } },
    { "receipt", "en", "APPROVED", "DOCUMENT", "The receipt of {{1}}", { "1" } },
    { "closed_today", "en", "APPROVED", NULL, "The school is closed today", { NULL } },
    { "closed_today", "sw", "APPROVED", NULL, "Shule imefungwa leo", { NULL } },
    { "newsletter", "en", "PENDING", NULL, "News", { NULL } },
};

static size_t count(const struct template *template)
{
    size_t n = 0;

    while (n < SL_COUNT(template->variables) && template->variables[n])
        n++;
    return n;
}

static void print(struct sl_buf *out, const struct template *template, const char *comma)
{
    bool named = count(template) > 0 && template->variables[0][0] > '9';

    sl_buf_printf(
        out,
        "%s{\"name\":\"%s\",\"language\":\"%s\",\"status\":\"%s\",\"category\":\"UTILITY\","
        "\"parameter_format\":\"%s\",\"components\":[",
        comma, template->name, template->language, template->status,
        named ? "NAMED" : "POSITIONAL");
    if (template->header)
        sl_buf_printf(out, "{\"type\":\"HEADER\",\"format\":\"%s\"},", template->header);
    sl_buf_printf(out, "{\"type\":\"BODY\",\"text\":\"%s\"}],\"id\":\"1\"}", template->body);
}

/* Two a page, so that whoever wants all must turn pages. */
void sl_whatsapp_list_templates(struct sl_visit *visit)
{
    static const struct sl_seen_kind kind = { .operation = "templates", .names = { "name" } };
    const char *name = sl_visit_query(visit, "name"), *after = sl_visit_query(visit, "after");
    size_t first = after && *after >= '0' && *after <= '9' ? (size_t)(*after - '0') : 0, i;
    const char *comma = "";
    size_t n = 0;

    sl_seen_add(visit, &kind, (const char *const[]){ name });
    sl_visit_begin(visit, 200, "application/json");
    sl_buf_text(&visit->answer, "{\"data\":[");
    for (i = first; i < SL_COUNT(templates) && n < 2; i++) {
        if (name && strcmp(name, templates[i].name) != 0)
            continue;
        print(&visit->answer, &templates[i], comma);
        comma = ",";
        n++;
    }
    sl_buf_text(&visit->answer, "]");
    if (i < SL_COUNT(templates))
        sl_buf_printf(&visit->answer,
                      ",\"paging\":{\"cursors\":{\"before\":\"0\",\"after\":\"%zu\"},"
                      "\"next\":\"https://graph.facebook.com/next\"}",
                      i);
    sl_buf_text(&visit->answer, "}");
}

/* ---- In a message ------------------------------------------------------------------- */

static const struct template *find(const char *name, const char *language)
{
    for (size_t i = 0; name && language && i < SL_COUNT(templates); i++)
        if (strcmp(templates[i].name, name) == 0 && strcmp(templates[i].language, language) == 0)
            return &templates[i];
    return NULL;
}

static struct json_object *parameters_of(struct json_object *template, const char *type)
{
    struct json_object *components = sl_json_at(template, "components");

    for (size_t i = 0; i < sl_json_length(components); i++) {
        struct json_object *component = json_object_array_get_idx(components, i);
        const char *own = sl_json_text(component, "type");

        if (own && strcmp(own, type) == 0)
            return sl_json_at(component, "parameters");
    }
    return NULL;
}

static bool text_is_good(const char *text)
{
    return text && *text && !strpbrk(text, "\n\t") && !strstr(text, "     ");
}

static bool has_name(const struct template *template, const char *name)
{
    for (size_t i = 0; name && i < count(template); i++)
        if (strcmp(template->variables[i], name) == 0)
            return true;
    return false;
}

/* The code of what is wrong with the body's parameters; 0: nothing. */
static int look_at_body(const struct template *template, struct json_object *parameters)
{
    bool named = count(template) > 0 && template->variables[0][0] > '9';

    if (sl_json_length(parameters) != count(template))
        return 132000;
    for (size_t i = 0; i < count(template); i++) {
        struct json_object *one = json_object_array_get_idx(parameters, i);
        const char *name = sl_json_text(one, "parameter_name");

        if (named ? !has_name(template, name) : name != NULL)
            return 100;
        if (!text_is_good(sl_json_text(one, "text")))
            return 132018;
    }
    return 0;
}

bool sl_whatsapp_template_is_good(struct sl_visit *visit, struct json_object *told)
{
    const struct template *template =
        find(sl_json_text(told, "name"), sl_json_text(told, "language.code"));
    struct json_object *header = parameters_of(told, "header");
    int code;

    if (sl_json_at(told, "components") && sl_json_length(sl_json_at(told, "components")) == 0)
        code = 100;
    else if (!template || strcmp(template->status, "APPROVED") != 0)
        code = 132001;
    else if ((template->header != NULL) != (sl_json_length(header) == 1))
        code = 132012;
    else
        code = look_at_body(template, parameters_of(told, "body"));
    if (code)
        sl_whatsapp_refuse(visit, code, "the template, or its parameters");
    return code == 0;
}
