/* What a list of mails is made of: a column of addresses, templates, files for all and for one. */
#include <string.h>

#include "lib/base/email.h"
#include "lib/base/text.h"
#include "lib/service/email_private.h"

/* ---- Before the first row --------------------------------------------------------------- */

static int compile(struct sl_template **template, struct sl_arena *arena, const char *what,
                   const char *text, const struct sl_columns *columns, struct sl_err *err)
{
    *template = NULL;
    if (!text || sl_template_compile(template, arena, text, columns, err) == 0)
        return 0;
    return sl_err_context(err, "%s", what);
}

static int attach_for_all(struct sl_email_list *list, struct sl_arena *arena, struct sl_err *err)
{
    struct sl_file *files = SL_NEW(arena, struct sl_file, list->n_attach + 1);

    for (size_t i = 0; i < list->n_attach; i++)
        if (sl_attach(list->service, arena, list->attach[i], list->how, &files[i], err) < 0)
            return -1;
    list->options.files = files;
    list->options.n_files = list->n_attach;
    return 0;
}

static int begin(void *self, struct sl_service *service, struct sl_arena *arena,
                 const struct sl_school *school, const struct sl_sender *sender,
                 const struct sl_columns *columns, struct sl_err *err)
{
    struct sl_email_list *list = self;
    const struct sl_email_options *options = &list->options;
    struct email_payload ignored;

    (void)school;
    list->service = service;
    list->account = sender ? sender->opened : NULL;
    list->n_columns = columns->n;
    if (email_payload(arena, options, &ignored, err) < 0 ||
        compile(&list->subject, arena, "subject", options->subject, columns, err) < 0 ||
        compile(&list->text, arena, "text", options->text, columns, err) < 0 ||
        compile(&list->html, arena, "html", options->html, columns, err) < 0)
        return -1;
    if (list->attach_column &&
        sl_columns_find(columns, list->attach_column, &list->attach_at, err) < 0)
        return sl_err_context(err, "the column of attachments");
    return attach_for_all(list, arena, err);
}

/* ---- A row ------------------------------------------------------------------------------ */

static const char *render(struct sl_arena *arena, const struct sl_template *template,
                          const char *const *fields)
{
    struct sl_buf text = sl_buf_new(arena);

    if (!template)
        return NULL;
    sl_buf_text(&text, "");
    sl_template_render(template, fields, &text);
    return text.data;
}

static const char *escape(struct sl_arena *arena, const char *text)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "");
    for (; *text; text++)
        switch (*text) {
        case '&': sl_buf_text(&out, "&amp;"); break;
        case '<': sl_buf_text(&out, "&lt;"); break;
        case '>': sl_buf_text(&out, "&gt;"); break;
        case '"': sl_buf_text(&out, "&quot;"); break;
        case '\'': sl_buf_text(&out, "&#39;"); break;
        default: sl_buf_add(&out, text, 1);
        }
    return out.data;
}

/* A name with a '<' in it is text, not markup. */
static const char *const *escape_all(const struct sl_email_list *list, struct sl_arena *arena,
                                     const char *const *fields)
{
    const char **escaped = SL_NEW(arena, const char *, list->n_columns + 1);

    for (size_t i = 0; i < list->n_columns; i++)
        escaped[i] = fields[i] ? escape(arena, fields[i]) : NULL;
    return escaped;
}

/* The files for all, and the one of the row's own. */
static int attach_own(const struct sl_email_list *list, struct sl_arena *arena,
                      const char *const *fields, struct email_payload *payload, struct sl_err *err)
{
    const char *path = list->attach_column ? fields[list->attach_at] : NULL;
    struct sl_file *files;

    if (!list->attach_column)
        return 0;
    if (!path || !*path)
        return sl_err_set(err, SL_ERR_DATA, "no attachment is named");
    files = SL_NEW(arena, struct sl_file, payload->n_files + 1);
    if (payload->n_files > 0)
        memcpy(files, payload->files, payload->n_files * sizeof *files);
    payload->files = files;
    return sl_attach(list->service, arena, path, list->how, &files[payload->n_files++], err);
}

static struct sl_draft refuse(struct sl_arena *arena, const char *why)
{
    return (struct sl_draft){ .refused = sl_arena_strdup(arena, why) };
}

static int render_row(const struct sl_email_list *list, struct sl_arena *arena,
                      const char *const *fields, struct email_payload *payload, struct sl_err *err)
{
    const char *problem;

    if (email_payload(arena, &list->options, payload, err) < 0)
        return -1;
    payload->subject = render(arena, list->subject, fields);
    payload->text = render(arena, list->text, fields);
    payload->html = list->html ? render(arena, list->html, escape_all(list, arena, fields)) : NULL;
    problem = email_subject_problem(payload->subject);
    if (!problem)
        problem = email_body_problem(arena, payload->text, payload->html);
    if (problem)
        return sl_err_set(err, SL_ERR_DATA, "%s", problem);
    return attach_own(list, arena, fields, payload, err);
}

static struct sl_draft draft(void *self, struct sl_arena *arena, const char *given,
                             const char *const *fields)
{
    const struct sl_email_list *list = self;
    const char *why, *address = sl_email_read(arena, given ? given : "", &why);
    struct email_payload payload;
    struct sl_err err;

    if (!address)
        return refuse(arena, why);
    if (render_row(list, arena, fields, &payload, &err) < 0 ||
        (list->account && email_try(arena, list->account, &payload, &address, 1, &err) < 0))
        return refuse(arena, err.text);
    return (struct sl_draft){ .address = address,
                              .payload = email_print(arena, &payload),
                              .files = payload.files,
                              .n_files = payload.n_files };
}

/* ---- The maker -------------------------------------------------------------------------- */

/* Of the files only their content counts, not where they lie. */
static void text_hash(void *self, char hex[65])
{
    const struct sl_email_list *list = self;
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct email_payload payload;
    struct sl_err ignored;
    unsigned char digest[SL_SHA256_SIZE];
    const char *text;

    (void)email_payload(arena, &list->options, &payload, &ignored); /* begin() has done it */
    text = sl_arena_printf(arena, "%s%s", email_print(arena, &payload),
                           list->attach_column ? list->attach_column : "");
    sl_sha256(text, strlen(text), digest);
    sl_hex(digest, sizeof digest, hex);
}

struct sl_bulk_maker sl_email_maker(struct sl_email_list *list)
{
    return (struct sl_bulk_maker){
        .channel = &sl_email_channel,
        .address_column = list->email_column ? list->email_column : sl_email_channel.address,
        .address_noun = "mail addresses",
        .begin = begin,
        .draft = draft,
        .text_hash = text_hash,
        .self = list,
    };
}
