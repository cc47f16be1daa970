/* What a list of notifications is made of: a column of tokens, and templates. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/push_private.h"

/* Templates, or NULL where there is none. */
static int compile(struct sl_template **template, struct sl_arena *arena, const char *what,
                   const char *text, const struct sl_columns *columns, struct sl_err *err)
{
    *template = NULL;
    if (!text || sl_template_compile(template, arena, text, columns, err) == 0)
        return 0;
    return sl_err_context(err, "%s", what);
}

static int begin(void *self, struct sl_service *service, struct sl_arena *arena,
                 const struct sl_school *school, const struct sl_sender *sender,
                 const struct sl_columns *columns, struct sl_err *err)
{
    struct sl_push_list *list = self;
    const struct sl_push_options *options = &list->options;

    (void)service, (void)school;
    list->account = sender ? sender->opened : NULL;
    list->data = SL_NEW(arena, struct sl_template *, options->n_data + 1);
    if (push_check(options, err) < 0 ||
        compile(&list->title, arena, "title", options->title, columns, err) < 0 ||
        compile(&list->body, arena, "body", options->body, columns, err) < 0)
        return -1;
    for (size_t i = 0; i < options->n_data; i++)
        if (compile(&list->data[i], arena, options->data[i].name, options->data[i].value, columns,
                    err) < 0)
            return -1;
    return 0;
}

static const char *render(struct sl_arena *arena, const struct sl_template *template,
                          const char *const *fields)
{
    struct sl_buf text = sl_buf_new(arena);

    if (!template)
        return NULL;
    sl_template_render(template, fields, &text);
    return text.data;
}

static const char *render_payload(const struct sl_push_list *list, struct sl_arena *arena,
                                  const char *const *fields)
{
    struct sl_push_options options = list->options;
    struct sl_pair *data = SL_NEW(arena, struct sl_pair, options.n_data + 1);

    options.title = render(arena, list->title, fields);
    options.body = render(arena, list->body, fields);
    for (size_t i = 0; i < options.n_data; i++)
        data[i] = (struct sl_pair){ options.data[i].name, render(arena, list->data[i], fields) };
    options.data = data;
    return push_payload(arena, &options);
}

static struct sl_draft draft(void *self, struct sl_arena *arena, const char *address,
                             const char *const *fields)
{
    const struct sl_push_list *list = self;
    struct sl_draft draft = { .address = sl_arena_strdup(arena, address) };
    struct sl_err err;

    if (!address || !*address)
        return (struct sl_draft){ .refused = "the token is empty" };
    draft.payload = render_payload(list, arena, fields);
    if (list->account &&
        push_try(arena, list->account, sl_push_channel.operation, draft.payload, address, &err) < 0)
        return (struct sl_draft){ .refused = sl_arena_strdup(arena, err.text) };
    return draft;
}

static void text_hash(void *self, char hex[65])
{
    const struct sl_push_list *list = self;
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *payload = push_payload(arena, &list->options);
    unsigned char digest[SL_SHA256_SIZE];

    sl_sha256(payload, strlen(payload), digest);
    sl_hex(digest, sizeof digest, hex);
}

struct sl_bulk_maker sl_push_maker(struct sl_push_list *list)
{
    return (struct sl_bulk_maker){
        .channel = &sl_push_channel,
        .address_column = list->token_column ? list->token_column : sl_push_channel.address,
        .address_noun = "tokens",
        .begin = begin,
        .draft = draft,
        .text_hash = text_hash,
        .self = list,
    };
}
