/* sl-push: notifications to apps. */
#include <string.h>

#include "cmd/common/batch_verbs.h"
#include "cmd/common/bulk.h"
#include "cmd/common/open.h"
#include "cmd/common/send.h"
#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/service/push.h"

/* ---- What a notification is made of -------------------------------------------------------- */

struct content {
    const char *title, *body, *priority, *ttl, *collapse, *sound, *badge, *image, *category,
        *thread;
    struct sl_list data;
};

/* clang-format off: it takes what is in braces for a block */
#define CONTENT_OPTIONS(type, member, what)                                                        \
    { "title", 't', SL_OPT_TEXT, offsetof(type, member.title), what, .help = "Its first line" },   \
        { "body",                                                                                  \
          'b',                                                                                     \
          SL_OPT_TEXT,                                                                             \
          offsetof(type, member.body),                                                             \
          what,                                                                                    \
          .help = "What it says; without title and body the app is woken and shows nothing" },     \
        { "data",       'd',                                                                       \
          SL_OPT_LIST,  offsetof(type, member.data),                                               \
          "NAME=VALUE", .help = "For the app; as often as needed" },                               \
        { "priority",    0,                                                                        \
          SL_OPT_CHOICE, offsetof(type, member.priority),                                          \
          "high|normal", .help = "Whether it may wait until the device is awake" },                \
        { "ttl",       0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.ttl),                                                 \
          "SECONDS",   .help = "How long it is worth delivering; 0: now or never" },               \
        { "collapse",  0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.collapse),                                            \
          "KEY",       .help = "A later one with the same key replaces it on the device" },        \
        { "sound",     0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.sound),                                               \
          "NAME",      .help = "default, or a sound of the app" },                                 \
        { "badge",     0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.badge),                                               \
          "N",         .help = "The number at the app's icon (Apple)" },                           \
        { "image",     0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.image),                                               \
          "URL",       .help = "https address of a picture" },                                     \
        { "category",  0,                                                                          \
          SL_OPT_TEXT, offsetof(type, member.category),                                            \
          "NAME",      .help = "Which of the app's actions are offered (Apple)" },                 \
    {                                                                                              \
        "thread", 0, SL_OPT_TEXT, offsetof(type, member.thread), "NAME",                           \
            .help = "What is shown together (Apple)"                                               \
    }
/* clang-format on */

static int read_number(const char *what, const char *text, int64_t most, int64_t *number,
                       struct sl_err *err)
{
    *number = -1;
    if (!text || sl_parse_int(text, 0, most, number))
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "%s '%s' is no whole number from 0 to %lld", what, text,
                      (long long)most);
}

static int read_data(struct sl_arena *arena, const struct sl_list *list, const struct sl_pair **out,
                     struct sl_err *err)
{
    struct sl_pair *pairs = SL_NEW(arena, struct sl_pair, list->n + 1);

    for (size_t i = 0; i < list->n; i++) {
        const char *equals = strchr(list->items[i], '=');

        if (!equals || equals == list->items[i])
            return sl_err_set(err, SL_ERR_DATA, "data '%s' is not NAME=VALUE", list->items[i]);
        pairs[i].name = sl_arena_memdup(arena, list->items[i], (size_t)(equals - list->items[i]));
        pairs[i].value = equals + 1;
        for (size_t j = 0; j < i; j++)
            if (strcmp(pairs[i].name, pairs[j].name) == 0)
                return sl_err_set(err, SL_ERR_DATA, "data '%s' is given twice", pairs[i].name);
    }
    *out = pairs;
    return 0;
}

static int read_content(const struct sl_cli *cli, const struct content *content, const char *key,
                        struct sl_push_options *options, struct sl_err *err)
{
    *options = (struct sl_push_options){
        .provider = cli->provider,
        .key = key,
        .title = content->title,
        .body = content->body,
        .n_data = content->data.n,
        .priority = content->priority,
        .collapse = content->collapse,
        .sound = content->sound,
        .image = content->image,
        .category = content->category,
        .thread = content->thread,
    };
    if (read_number("ttl", content->ttl, 365 * 86400, &options->ttl_s, err) < 0 ||
        read_number("badge", content->badge, 99999, &options->badge, err) < 0)
        return -1;
    return read_data(cli->arena, &content->data, &options->data, err);
}

/* ---- send, topic --------------------------------------------------------------------------- */

struct send_options {
    struct content content;
    const char *key, *topic;
};

#define KEY_OPTION                                                                                 \
    {                                                                                              \
        "key", 0, SL_OPT_TEXT, offsetof(struct send_options, key), "KEY",                          \
            .help = "Idempotency key: a second send with it sends nothing"                         \
    }

static const struct sl_opt send_options[] = {
    CONTENT_OPTIONS(struct send_options, content, "TEXT"),
    KEY_OPTION,
    { 0 },
};

static const struct sl_opt topic_options[] = {
    { "topic", 0, SL_OPT_TEXT, offsetof(struct send_options, topic), "NAME",
      .help = "Topic that apps follow; without it the setting default_topic" },
    CONTENT_OPTIONS(struct send_options, content, "TEXT"),
    KEY_OPTION,
    { 0 },
};

static int send_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct send_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_push_options options;
    struct sl_sending sending;
    struct sl_school school;

    if (read_content(cli, &given->content, given->key, &options, err) < 0 ||
        sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_push_prepare(service, cli->arena, &school, &options, cli->operands, cli->n_operands,
                        &sending, err) < 0)
        return -1;
    return sl_send_run(cli, service, &school, &sending, err);
}

static int topic_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct send_options *given = opaque;
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_push_options options;
    struct sl_sending sending;
    struct sl_school school;

    if (read_content(cli, &given->content, given->key, &options, err) < 0 ||
        sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_push_prepare_topic(service, cli->arena, &school, &options, given->topic, &sending, err) <
            0)
        return -1;
    return sl_send_run(cli, service, &school, &sending, err);
}

/* ---- bulk ---------------------------------------------------------------------------------- */

struct bulk_options {
    struct content content;
    const char *token_column;
    struct sl_bulk_line list;
};

static const struct sl_opt bulk_options[] = {
    CONTENT_OPTIONS(struct bulk_options, content, "TEMPLATE"),
    { "token-column", 0, SL_OPT_TEXT, offsetof(struct bulk_options, token_column), "COLUMN",
      .help = "Column of the devices' tokens (token)" },
    SL_BULK_OPTIONS(struct bulk_options, list),
    { 0 },
};

static int bulk_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct bulk_options *given = opaque;
    struct sl_push_list list = { .token_column = given->token_column };
    const struct sl_bulk_maker maker = sl_push_maker(&list);

    if (read_content(cli, &given->content, NULL, &list.options, err) < 0)
        return -1;
    return sl_bulk_run(cli, &given->list, &maker, err);
}

/* ---- The program --------------------------------------------------------------------------- */

static const struct sl_verb verbs[] = {
    { .name = "send",
      .operands = "TOKEN...",
      .summary = "Send one notification to some devices",
      .options = send_options,
      .options_size = sizeof(struct send_options),
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .run = send_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "bulk",
      .summary = "Notify a list: a CSV and templates",
      .options = bulk_options,
      .options_size = sizeof(struct bulk_options),
      .run = bulk_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "topic",
      .summary = "Notify all who follow a topic",
      .options = topic_options,
      .options_size = sizeof(struct send_options),
      .run = topic_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    SL_BATCH_VERBS("notification"),
};

static const struct sl_program program = {
    .name = "sl-push",
    .summary = "Notifications to apps",
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
