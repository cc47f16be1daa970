/* sl-whatsapp: messages by WhatsApp. */
#include <string.h>

#include "cmd/common/batch_verbs.h"
#include "cmd/common/bulk.h"
#include "cmd/common/open.h"
#include "cmd/common/optout_verbs.h"
#include "cmd/common/send.h"
#include "cmd/common/whatsapp_ask.h"
#include "cmd/common/whatsapp_line.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/whatsapp.h"

/* ---- What the verbs that send share -------------------------------------------------------- */

/* clang-format off: it takes what is in braces for a block */
#define FREE_OPTIONS(type)                                                                         \
    { "reply-to",  0,                                                                              \
      SL_OPT_TEXT, offsetof(type, reply_to),                                                       \
      "ID",        .help = "Show it as the answer to a message of theirs, by its wamid" },         \
    {                                                                                              \
        "force", 0, SL_OPT_FLAG, offsetof(type, force), NULL,                                      \
            .help = "Send though it is not known that they wrote within 24 hours"                  \
    }
/* clang-format on */

/* Who sends. */
struct sending_of {
    const struct sl_cli *cli;
    struct sl_service *service;
    struct sl_school school;
};

static void end_sending(struct sending_of *sending)
{
    sl_service_close(&sending->service);
}

static int begin_sending(struct sending_of *sending, struct sl_err *err)
{
    return sl_open_school(sending->cli, SL_ALL_KEYS, &sending->service, &sending->school, err);
}

/* A file that several get is uploaded before, once. */
static int send_message(struct sending_of *sending, const struct sl_whatsapp_send *message,
                        const char *key, struct sl_err *err)
{
    const struct sl_cli *cli = sending->cli;
    const struct sl_whatsapp_options options = { .provider = cli->provider, .key = key };
    struct sl_sending prepared;

    if (sl_whatsapp_prepare(sending->service, cli->arena, &sending->school, &options, message,
                            cli->operands, cli->n_operands, &prepared, err) < 0)
        return -1;
    if (prepared.n_files > 0 && prepared.n > 1 && !cli->dry_run &&
        sl_whatsapp_upload(sending->service, cli->arena, &sending->school, &prepared.sender,
                           prepared.files, err) < 0)
        return -1;
    return sl_send_run(cli, sending->service, &sending->school, &prepared, err);
}

/* ---- send ---------------------------------------------------------------------------------- */

struct send_options {
    const char *message, *reply_to, *key;
    struct sl_list choices;
    bool preview, force;
};

static const struct sl_opt send_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct send_options, message), "TEXT",
      .help = "What to say", .required = true },
    { "choice", 0, SL_OPT_LIST, offsetof(struct send_options, choices), "ID=TITLE",
      .help = "A button under the text, at most three" },
    { "preview", 0, SL_OPT_FLAG, offsetof(struct send_options, preview), NULL,
      .help = "Show what is behind the first address in the text" },
    FREE_OPTIONS(struct send_options),
    SL_KEY_OPTION(struct send_options),
    { 0 },
};

static int send_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct send_options *given = opaque;
    SL_AUTO(end_sending) struct sending_of sending = { .cli = cli };
    struct sl_pair *choices = SL_NEW(cli->arena, struct sl_pair, given->choices.n + 1);
    const struct sl_whatsapp_send message = { .text = given->message,
                                              .preview = given->preview,
                                              .choices = choices,
                                              .n_choices = given->choices.n,
                                              .message = given->reply_to,
                                              .in_spite = given->force };

    for (size_t i = 0; i < given->choices.n; i++)
        if (sl_cut_pair(cli->arena, "choice", given->choices.items[i], &choices[i], err) < 0)
            return -1;
    if (begin_sending(&sending, err) < 0)
        return -1;
    return send_message(&sending, &message, given->key, err);
}

/* ---- template ------------------------------------------------------------------------------ */

static int template_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct sl_template_options *given = opaque;
    SL_AUTO(end_sending) struct sending_of sending = { .cli = cli };
    struct sl_whatsapp_template template;
    struct sl_whatsapp_media media;
    struct sl_whatsapp_send message = { .template = &template };

    if (sl_read_template(cli, given, &template, err) < 0 || begin_sending(&sending, err) < 0 ||
        sl_take_file(cli, sending.service, &given->file, &media, err) < 0)
        return -1;
    if (given->file.path || given->file.link)
        message.media = &media;
    return send_message(&sending, &message, given->key, err);
}

/* ---- media, location ------------------------------------------------------------------------ */

struct media_options {
    struct sl_file_options file;
    const char *caption, *reply_to, *key;
    bool force;
};

static const struct sl_opt media_options[] = {
    SL_FILE_OPTIONS(struct media_options, "file", "link"),
    { "caption", 0, SL_OPT_TEXT, offsetof(struct media_options, caption), "TEXT",
      .help = "What stands under it" },
    FREE_OPTIONS(struct media_options),
    SL_KEY_OPTION(struct media_options),
    { 0 },
};

static int media_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct media_options *given = opaque;
    SL_AUTO(end_sending) struct sending_of sending = { .cli = cli };
    struct sl_whatsapp_media media;
    const struct sl_whatsapp_send message = { .media = &media,
                                              .message = given->reply_to,
                                              .in_spite = given->force };

    if (!given->file.path && !given->file.link)
        return sl_err_set(err, SL_ERR_USAGE, "nothing to send: --file or --link is needed");
    if (begin_sending(&sending, err) < 0 ||
        sl_take_file(cli, sending.service, &given->file, &media, err) < 0)
        return -1;
    media.caption = given->caption;
    return send_message(&sending, &message, given->key, err);
}

struct location_options {
    const char *at, *name, *address, *reply_to, *key;
    bool force;
};

static const struct sl_opt location_options[] = {
    { "at", 0, SL_OPT_TEXT, offsetof(struct location_options, at), "LATITUDE,LONGITUDE",
      .help = "In degrees: -1.2921,36.8219", .required = true },
    { "name", 0, SL_OPT_TEXT, offsetof(struct location_options, name), "TEXT",
      .help = "What the place is called" },
    { "address", 0, SL_OPT_TEXT, offsetof(struct location_options, address), "TEXT",
      .help = "Its address" },
    FREE_OPTIONS(struct location_options),
    SL_KEY_OPTION(struct location_options),
    { 0 },
};

static int location_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct location_options *given = opaque;
    SL_AUTO(end_sending) struct sending_of sending = { .cli = cli };
    const char *comma = strchr(given->at, ',');
    struct sl_whatsapp_location location = { .name = given->name, .address = given->address };
    const struct sl_whatsapp_send message = { .location = &location,
                                              .message = given->reply_to,
                                              .in_spite = given->force };

    if (comma) {
        location.latitude = sl_arena_memdup(cli->arena, given->at, (size_t)(comma - given->at));
        location.longitude = comma + 1;
    }
    if (begin_sending(&sending, err) < 0)
        return -1;
    return send_message(&sending, &message, given->key, err);
}

/* ---- bulk ---------------------------------------------------------------------------------- */

struct bulk_options {
    const char *name, *language, *params, *header_params, *header_file, *phone_column;
    struct sl_bulk_line list;
};

static const struct sl_opt bulk_options[] = {
    { "name", 0, SL_OPT_TEXT, offsetof(struct bulk_options, name), "NAME",
      .help = "The template, as it was approved", .required = true },
    { "language", 0, SL_OPT_TEXT, offsetof(struct bulk_options, language), "CODE",
      .help = "One that it was approved in; without it the setting's" },
    { "params", 0, SL_OPT_TEXT, offsetof(struct bulk_options, params), "COLUMN,...",
      .help = "The columns of {{1}}, {{2}} …; NAME=COLUMN for variables that have names" },
    { "header-params", 0, SL_OPT_TEXT, offsetof(struct bulk_options, header_params), "COLUMN",
      .help = "The column of the header's variable" },
    { "header-file", 0, SL_OPT_TEXT, offsetof(struct bulk_options, header_file), "FILE",
      .help = "A file as the header, the same for all" },
    { "phone-column", 0, SL_OPT_TEXT, offsetof(struct bulk_options, phone_column), "COLUMN",
      .help = "Column of the phone numbers (phone)" },
    SL_BULK_OPTIONS(struct bulk_options, list),
    { 0 },
};

static int take_header(const struct sl_cli *cli, const char *path, struct sl_whatsapp_list *list,
                       struct sl_err *err)
{
    SL_AUTO(end_sending) struct sending_of sending = { .cli = cli };
    const struct sl_file_options given = { .path = path };
    struct sl_whatsapp_media media;

    if (!path)
        return 0;
    if (begin_sending(&sending, err) < 0 ||
        sl_take_file(cli, sending.service, &given, &media, err) < 0)
        return -1;
    list->file = media.file;
    return 0;
}

static int bulk_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct bulk_options *given = opaque;
    struct sl_whatsapp_list list = { .name = given->name,
                                     .language = given->language,
                                     .params = given->params,
                                     .header_params = given->header_params,
                                     .phone_column = given->phone_column,
                                     .dry_run = cli->dry_run };
    struct sl_bulk_maker maker;

    if (take_header(cli, given->header_file, &list, err) < 0)
        return -1;
    maker = sl_whatsapp_maker(&list);
    return sl_bulk_run(cli, &given->list, &maker, err);
}

/* ---- The program --------------------------------------------------------------------------- */

#define SENDS(word, what, table, type, function)                                                   \
    {                                                                                              \
        .name = word, .operands = "NUMBER...", .summary = what, .options = table,                  \
        .options_size = sizeof(struct type), .min_operands = 1, .max_operands = SIZE_MAX,          \
        .run = function, .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN            \
    }

static const struct sl_verb verbs[] = {
    SENDS("send", "Send a text to people who wrote within 24 hours", send_options, send_options,
          send_run),
    SENDS("template", "Send a template that was approved", sl_template_options, sl_template_options,
          template_run),
    SENDS("media", "Send a picture, document, video or sound", media_options, media_options,
          media_run),
    SENDS("location", "Send a place on the map", location_options, location_options, location_run),
    { .name = "bulk",
      .summary = "Send a template to a list: a CSV with its values",
      .options = bulk_options,
      .options_size = sizeof(struct bulk_options),
      .run = bulk_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "templates",
      .summary = "List the templates of the account",
      .options = sl_templates_options,
      .options_size = sizeof(struct sl_templates_options),
      .run = sl_templates_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "read",
      .operands = "ID",
      .summary = "Tell somebody that their message was read, by its wamid",
      .min_operands = 1,
      .max_operands = 1,
      .run = sl_read_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    SL_BATCH_VERBS("message"),
    SL_OPTOUT_VERBS("NUMBER", "numbers"),
};

static const struct sl_program program = {
    .name = "sl-whatsapp",
    .summary = "Messages by WhatsApp",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-config(1), sl-webhook(1), sl-queue(1), sl-queue-run(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
