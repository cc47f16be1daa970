#include "cmd/common/whatsapp_line.h"

#include <string.h>

#include "lib/base/text.h"

int sl_take_file(const struct sl_cli *cli, struct sl_service *service,
                 const struct sl_file_options *given, struct sl_whatsapp_media *media,
                 struct sl_err *err)
{
    struct sl_file *file = SL_NEW(cli->arena, struct sl_file, 1);

    *media =
        (struct sl_whatsapp_media){ .kind = given->kind, .link = given->link, .name = given->name };
    if (given->path && given->link)
        return sl_err_set(err, SL_ERR_USAGE, "a file or an address of one, not both");
    if (!given->path)
        return 0;
    if (sl_attach(service, cli->arena, given->path, cli->dry_run ? SL_ATTACH_LOOK : SL_ATTACH_COPY,
                  file, err) < 0)
        return -1;
    media->file = file;
    return 0;
}

int sl_cut_pair(struct sl_arena *arena, const char *what, const char *text, struct sl_pair *pair,
                struct sl_err *err)
{
    const char *equals = strchr(text, '=');

    if (!equals || equals == text)
        return sl_err_set(err, SL_ERR_DATA, "%s '%s' is not NAME=VALUE", what,
                          sl_printable(arena, text, strlen(text), 80));
    *pair = (struct sl_pair){ sl_arena_memdup(arena, text, (size_t)(equals - text)), equals + 1 };
    return 0;
}

const struct sl_opt sl_template_options[] = {
    { "name", 0, SL_OPT_TEXT, offsetof(struct sl_template_options, name), "NAME",
      .help = "Its name, as it was approved", .required = true },
    { "language", 0, SL_OPT_TEXT, offsetof(struct sl_template_options, language), "CODE",
      .help = "One that it was approved in: en, en_US, sw; without it the setting's" },
    { "param", 0, SL_OPT_LIST, offsetof(struct sl_template_options, params), "VALUE",
      .help = "For {{1}}, {{2}} … of the body, in their order" },
    { "variable", 0, SL_OPT_LIST, offsetof(struct sl_template_options, named), "NAME=VALUE",
      .help = "For a variable of the body that has a name" },
    { "header-param", 0, SL_OPT_LIST, offsetof(struct sl_template_options, header_params), "VALUE",
      .help = "For the variable of the header" },
    { "button", 0, SL_OPT_LIST, offsetof(struct sl_template_options, buttons), "N=VALUE",
      .help = "The end of the address of button N, from 0" },
    { "quick-reply", 0, SL_OPT_LIST, offsetof(struct sl_template_options, replies), "N=PAYLOAD",
      .help = "What comes back when button N is chosen" },
    SL_FILE_OPTIONS(struct sl_template_options, "header-file", "header-link"),
    SL_KEY_OPTION(struct sl_template_options),
    { 0 },
};

static int add_buttons(const struct sl_cli *cli, const struct sl_list *list, const char *kind,
                       struct sl_whatsapp_template *template, struct sl_whatsapp_value *values,
                       struct sl_err *err)
{
    for (size_t i = 0; i < list->n; i++) {
        struct sl_whatsapp_value *value = &values[template->n_values++];
        struct sl_pair pair;

        *value = (struct sl_whatsapp_value){ .place = SL_IN_BUTTON, .name = kind };
        if (sl_cut_pair(cli->arena, "button", list->items[i], &pair, err) < 0)
            return -1;
        if (!sl_parse_int(pair.name, 0, 9, &value->button))
            return sl_err_set(err, SL_ERR_DATA, "button '%s' is no number from 0 to 9", pair.name);
        value->text = pair.value;
    }
    return 0;
}

int sl_read_template(const struct sl_cli *cli, const struct sl_template_options *given,
                     struct sl_whatsapp_template *template, struct sl_err *err)
{
    size_t most = given->params.n + given->named.n + given->header_params.n + given->buttons.n +
                  given->replies.n;
    struct sl_whatsapp_value *values = SL_NEW(cli->arena, struct sl_whatsapp_value, most + 1);
    struct sl_pair pair;

    *template = (struct sl_whatsapp_template){ .name = given->name,
                                               .language = given->language,
                                               .values = values };
    if (given->params.n > 0 && given->named.n > 0)
        return sl_err_set(err, SL_ERR_USAGE,
                          "the variables of a template have numbers (--param) or names "
                          "(--variable), not both");
    for (size_t i = 0; i < given->header_params.n; i++)
        values[template->n_values++] =
            (struct sl_whatsapp_value){ SL_IN_HEADER, NULL, given->header_params.items[i], 0 };
    for (size_t i = 0; i < given->params.n; i++)
        values[template->n_values++] =
            (struct sl_whatsapp_value){ SL_IN_BODY, NULL, given->params.items[i], 0 };
    for (size_t i = 0; i < given->named.n; i++) {
        if (sl_cut_pair(cli->arena, "variable", given->named.items[i], &pair, err) < 0)
            return -1;
        values[template->n_values++] =
            (struct sl_whatsapp_value){ SL_IN_BODY, pair.name, pair.value, 0 };
    }
    if (add_buttons(cli, &given->buttons, "url", template, values, err) < 0)
        return -1;
    return add_buttons(cli, &given->replies, "quick_reply", template, values, err);
}
