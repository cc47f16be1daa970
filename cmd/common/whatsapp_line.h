/* What the line of sl-whatsapp says of a file and of a template. */
#ifndef SL_CMD_COMMON_WHATSAPP_LINE_H
#define SL_CMD_COMMON_WHATSAPP_LINE_H

#include "lib/cli/cli.h"
#include "lib/service/whatsapp.h"

struct sl_file_options {
    const char *path, *link, *kind, *name;
};

struct sl_template_options {
    const char *name, *language, *key;
    struct sl_list params, named, header_params, buttons, replies;
    struct sl_file_options file;
};

/* clang-format off: it takes what is in braces for a block */
#define SL_KEY_OPTION(type)                                                                        \
    {                                                                                              \
        "key", 0, SL_OPT_TEXT, offsetof(type, key), "KEY",                                         \
            .help = "Idempotency key: a second send with it sends nothing"                         \
    }
#define SL_FILE_OPTIONS(type, file_name, link_name)                                                \
    { file_name, 0, SL_OPT_TEXT, offsetof(type, file.path), "FILE", .help = "A file to send" },    \
        { link_name,   0,                                                                          \
          SL_OPT_TEXT, offsetof(type, file.link),                                                  \
          "URL",       .help = "Instead of a file: an https address that anybody can read" },      \
        { "kind",                                                                                  \
          0,                                                                                       \
          SL_OPT_CHOICE,                                                                           \
          offsetof(type, file.kind),                                                               \
          "image|document|video|audio|sticker",                                                    \
          .help = "What it is; without it what its type says" },                                   \
    {                                                                                              \
        "filename", 0, SL_OPT_TEXT, offsetof(type, file.name), "NAME",                             \
            .help = "Of a document by its address: the name that they see"                         \
    }
/* clang-format on */

extern const struct sl_opt sl_template_options[];

/* A file is copied into the spool; with --dry-run it is looked at. */
int sl_take_file(const struct sl_cli *cli, struct sl_service *service,
                 const struct sl_file_options *given, struct sl_whatsapp_media *media,
                 struct sl_err *err);

/* Its name, language and values, those of buttons behind the others. */
int sl_read_template(const struct sl_cli *cli, const struct sl_template_options *given,
                     struct sl_whatsapp_template *template, struct sl_err *err);

/* "NAME=VALUE", which is called `what`. */
int sl_cut_pair(struct sl_arena *arena, const char *what, const char *text, struct sl_pair *pair,
                struct sl_err *err);

#endif
