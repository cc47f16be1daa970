/* Whether a list's template is there, and takes what the list gives it: asked before the first row,
 * since the provider would refuse every one. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/config.h"
#include "lib/service/whatsapp_private.h"

static const char templates_operation[] = "whatsapp.templates";

/* The rows that the question was answered with; those of other languages too. */
struct looked_up {
    struct json_object *rows;
};

static void end_looking(struct looked_up *looked_up)
{
    sl_json_free(&looked_up->rows);
}

static void settled(void *opaque, const struct sl_job *job, enum sl_course course)
{
    struct looked_up *looked_up = opaque;

    (void)course;
    for (size_t i = 0; i < sl_json_length(job->result.rows); i++)
        sl_json_append(looked_up->rows,
                       json_object_get(json_object_array_get_idx(job->result.rows, i)));
}

/* That of our name and language; *languages gets those that there are. */
static struct json_object *find(const struct looked_up *looked_up, const char *name,
                                const char *language, struct sl_buf *languages)
{
    for (size_t i = 0; i < sl_json_length(looked_up->rows); i++) {
        struct json_object *row = json_object_array_get_idx(looked_up->rows, i);
        const char *own = sl_json_text(row, "language"), *called = sl_json_text(row, "name");

        if (!own || !called || strcmp(called, name) != 0)
            continue;
        if (strcmp(own, language) == 0)
            return row;
        sl_buf_printf(languages, "%s%s", languages->len > 0 ? ", " : "", own);
    }
    return NULL;
}

static bool is_among(struct json_object *names, const char *name)
{
    for (size_t i = 0; i < sl_json_length(names); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(names, i)), name) == 0)
            return true;
    return false;
}

/* Those that have names are given by name, the others by their number. */
static int check_place(const struct sl_whatsapp_list *list, struct json_object *row,
                       enum sl_whatsapp_place place, const char *part, struct sl_err *err)
{
    struct json_object *names = sl_json_at(row, part);
    size_t wanted = sl_json_length(names), given = 0;

    for (size_t i = 0; i < list->template.n_values; i++) {
        const struct sl_whatsapp_value *value = &list->template.values[i];

        if (value->place != place)
            continue;
        given++;
        if (value->name && !is_among(names, value->name))
            return sl_err_set(err, SL_ERR_DATA, "the %s of the template '%s' has no variable '%s'",
                              part, list->name, value->name);
        if (!value->name && wanted > 0 && !is_among(names, "1"))
            return sl_err_set(err, SL_ERR_DATA,
                              "the variables of '%s' have names: give them as NAME=COLUMN",
                              list->name);
    }
    if (given == wanted)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "the %s of the template '%s' has %zu variables, not %zu",
                      part, list->name, wanted, given);
}

static int check_media(const struct sl_whatsapp_list *list, struct json_object *row,
                       struct sl_err *err)
{
    struct json_object *header = sl_json_at(row, "header");
    bool wants = json_object_is_type(header, json_type_string) &&
                 strcmp(json_object_get_string(header), "LOCATION") != 0;

    if (wants == (list->file != NULL))
        return 0;
    return sl_err_set(err, SL_ERR_DATA,
                      wants ? "the header of the template '%s' is a file: name it with "
                              "--header-file"
                            : "the header of the template '%s' is no file",
                      list->name);
}

static int check_found(const struct sl_whatsapp_list *list, struct json_object *row,
                       struct sl_err *err)
{
    const char *status = sl_json_text(row, "status");

    if (!status || strcmp(status, "APPROVED") != 0)
        return sl_err_set(err, SL_ERR_DATA, "the template '%s' is not approved: it is %s",
                          list->name, status ? status : "in no known state");
    if (check_media(list, row, err) < 0 || check_place(list, row, SL_IN_HEADER, "header", err) < 0)
        return -1;
    return check_place(list, row, SL_IN_BODY, "body", err);
}

static int look_up(struct sl_service *service, struct sl_arena *arena,
                   const struct sl_school *school, const struct sl_whatsapp_list *list,
                   struct looked_up *looked_up, struct sl_once_end *end, struct sl_err *err)
{
    const struct sl_whatsapp_template named = { .name = list->name };
    const struct sl_whatsapp_send about = { .template = &named };
    const struct sl_once once = {
        .school = school,
        .account = list->sender->opened,
        .operation = templates_operation,
        .payload = whatsapp_payload(arena, &about),
        .engine = { .program = "sl-whatsapp", .settled = settled, .opaque = looked_up },
    };

    if (sl_once_run(service, arena, &once, end, err) < 0)
        return -1;
    return end->how == SL_ONCE_REFUSED ? sl_once_error(&once, end, err) : 0;
}

static bool can_look(const struct sl_account *account)
{
    const struct sl_op *op = sl_adapter_op(account->adapter, templates_operation);

    for (size_t i = 0; op && i < account->adapter->n_fields; i++)
        if (account->adapter->fields[i].needed_for &&
            strcmp(account->adapter->fields[i].needed_for, templates_operation) == 0 &&
            !account->settings.values[i])
            return false;
    return op != NULL;
}

int whatsapp_look_up_template(struct sl_service *service, struct sl_arena *arena,
                              const struct sl_school *school, const struct sl_whatsapp_list *list,
                              struct sl_err *err)
{
    SL_AUTO(end_looking) struct looked_up looked_up = { sl_json_new_array() };
    const char *language = list->language
                               ? list->language
                               : sl_account_default(list->sender->opened, SL_STANDS_FOR_LANGUAGE);
    struct sl_buf languages = sl_buf_new(arena);
    struct json_object *row;
    struct sl_once_end end;

    if (!language || !can_look(list->sender->opened))
        return 0;
    if (look_up(service, arena, school, list, &looked_up, &end, err) < 0)
        return -1;
    if (end.how != SL_ONCE_DONE)
        return 0;
    row = find(&looked_up, list->name, language, &languages);
    if (row)
        return check_found(list, row, err);
    (void)sl_err_set(err, SL_ERR_DATA, "there is no template '%s' in %s", list->name, language);
    return languages.len > 0
               ? sl_err_hint(err, "it is there in %s", languages.data)
               : sl_err_hint(err, "`sl-whatsapp templates` lists those that there are");
}
