/* sl-email: mail. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/common/batch_verbs.h"
#include "cmd/common/bulk.h"
#include "cmd/common/open.h"
#include "cmd/common/optout_verbs.h"
#include "cmd/common/send.h"
#include "lib/base/crypto.h"
#include "lib/service/email.h"

enum { MOST_TEXT = 4 << 20 /* bytes of a text that is read from a file */ };

/* ---- What a mail is made of ---------------------------------------------------------------- */

struct content {
    const char *subject, *text, *text_file, *html_file, *from, *reply_to;
    struct sl_list attach;
};

/* clang-format off: it takes what is in braces for a block */
#define CONTENT_OPTIONS(type, member, what)                                                        \
    {                                                                                              \
        "subject",                                                                                 \
        0,                                                                                         \
        SL_OPT_TEXT,                                                                               \
        offsetof(type, member.subject),                                                            \
        what,                                                                                      \
        .help = "Its subject",                                                                     \
        .required = true                                                                           \
    },                                                                                             \
        { "text", 'm', SL_OPT_TEXT, offsetof(type, member.text), what, .help = "What it says" },   \
        { "text-file", 0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.text_file),                                           \
          "FILE",      .help = "The same, from a file" },                                          \
        { "html-file", 0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.html_file),                                           \
          "FILE",      .help = "The same in HTML, beside the text or alone" },                     \
        { "attach",    'a',                                                                        \
          SL_OPT_LIST, offsetof(type, member.attach),                                              \
          "FILE",      .help = "A file to send with it; as often as needed" },                     \
        { "from",      0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.from),                                                \
          "ADDRESS",   .help = "Sender instead of the account's own" },                            \
    {                                                                                              \
        "reply-to", 0, SL_OPT_TEXT, offsetof(type, member.reply_to), "ADDRESS",                    \
            .help = "Where answers go"                                                             \
    }
/* clang-format on */

static void close_file(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

static int read_file(struct sl_arena *arena, const char *path, const char **text,
                     struct sl_err *err)
{
    SL_AUTO(close_file) FILE *file = fopen(path, "re");
    struct sl_buf all = sl_buf_new(arena);
    char bytes[16384];
    size_t n;

    if (!file)
        return sl_err_set(err, SL_ERR_DATA, "%s: %s", path, strerror(errno));
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0) {
        sl_buf_add(&all, bytes, n);
        if (all.len > MOST_TEXT)
            return sl_err_set(err, SL_ERR_DATA, "%s is longer than %d bytes", path, MOST_TEXT);
    }
    if (ferror(file))
        return sl_err_set(err, SL_ERR_DATA, "%s: %s", path, strerror(errno));
    if (all.len > 0 && memchr(all.data, '\0', all.len))
        return sl_err_set(err, SL_ERR_DATA, "%s is no text: it has a NUL", path);
    *text = all.len > 0 ? all.data : "";
    return 0;
}

static int read_content(const struct sl_cli *cli, const struct content *content, const char *key,
                        struct sl_email_options *options, struct sl_err *err)
{
    *options = (struct sl_email_options){ .provider = cli->provider,
                                          .key = key,
                                          .from = content->from,
                                          .reply_to = content->reply_to,
                                          .subject = content->subject,
                                          .text = content->text };
    if (content->text && content->text_file)
        return sl_err_set(err, SL_ERR_USAGE, "--text and --text-file are the same thing twice");
    if (!content->text && !content->text_file && !content->html_file)
        return sl_err_set(err, SL_ERR_USAGE,
                          "the mail says nothing: --text, --text-file or "
                          "--html-file is needed");
    if (content->text_file && read_file(cli->arena, content->text_file, &options->text, err) < 0)
        return -1;
    if (!content->html_file)
        return 0;
    return read_file(cli->arena, content->html_file, &options->html, err);
}

/* ---- send ---------------------------------------------------------------------------------- */

struct send_options {
    struct content content;
    struct sl_list to, cc, bcc;
    const char *key;
};

static const struct sl_opt send_options[] = {
    { "to", 't', SL_OPT_LIST, offsetof(struct send_options, to), "ADDRESS",
      .help = "Whom it is for; as often as needed, or behind the options" },
    { "cc", 0, SL_OPT_LIST, offsetof(struct send_options, cc), "ADDRESS",
      .help = "Who gets a copy, and all see it" },
    { "bcc", 0, SL_OPT_LIST, offsetof(struct send_options, bcc), "ADDRESS",
      .help = "Who gets a copy, and nobody sees it" },
    CONTENT_OPTIONS(struct send_options, content, "TEXT"),
    { "key", 0, SL_OPT_TEXT, offsetof(struct send_options, key), "KEY",
      .help = "Idempotency key: a second send with it sends nothing" },
    { 0 },
};

static int attach_all(const struct sl_cli *cli, struct sl_service *service,
                      const struct sl_list *paths, struct sl_email_options *options,
                      struct sl_err *err)
{
    enum sl_attach how = cli->dry_run ? SL_ATTACH_LOOK : SL_ATTACH_COPY;
    struct sl_file *files = SL_NEW(cli->arena, struct sl_file, paths->n + 1);

    for (size_t i = 0; i < paths->n; i++)
        if (sl_attach(service, cli->arena, paths->items[i], how, &files[i], err) < 0)
            return -1;
    options->files = files;
    options->n_files = paths->n;
    return 0;
}

/* Those of --to, and the operands. */
static int read_people(const struct sl_cli *cli, const struct send_options *given,
                       struct sl_email_people *people, struct sl_err *err)
{
    const char **to = SL_NEW(cli->arena, const char *, given->to.n + cli->n_operands + 1);

    *people = (struct sl_email_people){ .to = to,
                                        .cc = given->cc.items,
                                        .bcc = given->bcc.items,
                                        .n_to = given->to.n + cli->n_operands,
                                        .n_cc = given->cc.n,
                                        .n_bcc = given->bcc.n };
    for (size_t i = 0; i < given->to.n; i++)
        to[i] = given->to.items[i];
    for (size_t i = 0; i < cli->n_operands; i++)
        to[given->to.n + i] = cli->operands[i];
    return people->n_to > 0 ? 0 : sl_err_set(err, SL_ERR_USAGE, "--to is needed: whom it is for");
}

static int send_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct send_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_email_options options;
    struct sl_email_people people;
    struct sl_sending sending;
    struct sl_school school;

    if (read_people(cli, given, &people, err) < 0 ||
        read_content(cli, &given->content, given->key, &options, err) < 0 ||
        sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        attach_all(cli, service, &given->content.attach, &options, err) < 0 ||
        sl_email_prepare(service, cli->arena, &school, &options, &people, &sending, err) < 0)
        return -1;
    return sl_send_run(cli, service, &school, &sending, err);
}

/* ---- bulk ---------------------------------------------------------------------------------- */

struct bulk_options {
    struct content content;
    const char *email_column, *attach_column;
    struct sl_bulk_line list;
};

static const struct sl_opt bulk_options[] = {
    CONTENT_OPTIONS(struct bulk_options, content, "TEMPLATE"),
    { "attach-column", 0, SL_OPT_TEXT, offsetof(struct bulk_options, attach_column), "COLUMN",
      .help = "Column of paths: each row's own file" },
    { "email-column", 0, SL_OPT_TEXT, offsetof(struct bulk_options, email_column), "COLUMN",
      .help = "Column of the addresses (email)" },
    SL_BULK_OPTIONS(struct bulk_options, list),
    { 0 },
};

static int bulk_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct bulk_options *given = opaque;
    struct sl_email_list list = { .email_column = given->email_column,
                                  .attach_column = given->attach_column,
                                  .attach = given->content.attach.items,
                                  .n_attach = given->content.attach.n,
                                  .how = cli->dry_run ? SL_ATTACH_LOOK : SL_ATTACH_COPY };
    const struct sl_bulk_maker maker = sl_email_maker(&list);

    if (read_content(cli, &given->content, NULL, &list.options, err) < 0)
        return -1;
    return sl_bulk_run(cli, &given->list, &maker, err);
}

/* ---- The program --------------------------------------------------------------------------- */

static const struct sl_verb verbs[] = {
    { .name = "send",
      .operands = "[ADDRESS...]",
      .summary = "Send one mail to some recipients",
      .options = send_options,
      .options_size = sizeof(struct send_options),
      .max_operands = SIZE_MAX,
      .run = send_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "bulk",
      .summary = "Mail a list: a CSV and templates",
      .options = bulk_options,
      .options_size = sizeof(struct bulk_options),
      .run = bulk_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    SL_BATCH_VERBS("mail"),
    SL_OPTOUT_VERBS("ADDRESS", "addresses"),
};

static const struct sl_program program = {
    .name = "sl-email",
    .summary = "Mail",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = sl_complete,
    .see_also = "sl-config(1), sl-queue(1), sl-queue-run(1), sl-logs(1)",
};

int main(int argc, char **argv)
{
    sl_crypto_init();
    return sl_cli_main(argc, argv, &program);
}
