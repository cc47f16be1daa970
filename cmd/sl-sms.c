/* sl-sms: text messages. */
#include <string.h>

#include "cmd/common/batch.h"
#include "cmd/common/batch_verbs.h"
#include "cmd/common/bulk.h"
#include "cmd/common/open.h"
#include "cmd/common/optout_verbs.h"
#include "cmd/common/send.h"
#include "lib/base/clock.h"
#include "lib/service/config.h"
#include "lib/service/sms.h"
#include "lib/service/testing.h"
#include "lib/store/optouts.h"
#include "lib/text/phone.h"
#include "lib/text/segments.h"

/* ---- What a text is made of --------------------------------------------------------------- */

/* clang-format off: it takes what is in braces for a block */
#define FROM_OPTION(type)                                                                          \
    {                                                                                              \
        "from", 0, SL_OPT_TEXT, offsetof(type, from), "NAME",                                      \
            .help = "Sender id to show instead of the account's"                                   \
    }
#define LENGTH_OPTIONS(type)                                                                       \
    { "max-segments",                                                                              \
      0,                                                                                           \
      SL_OPT_INT,                                                                                  \
      offsetof(type, max_segments),                                                                \
      "N",                                                                                         \
      .help = "Refuse longer texts",                                                               \
      .least = 1,                                                                                  \
      .most = 255,                                                                                 \
      .initial = 10 },                                                                             \
    {                                                                                              \
        "plain", 0, SL_OPT_FLAG, offsetof(type, plain), NULL,                                      \
            .help = "Replace curly quotes, dashes and the like by GSM characters"                  \
    }
#define PHONE_COLUMN_OPTION(type)                                                                  \
    {                                                                                              \
        "phone-column", 0, SL_OPT_TEXT, offsetof(type, phone_column), "COLUMN",                    \
            .help = "Column of the numbers (phone)"                                                \
    }
/* clang-format on */

/* ---- send --------------------------------------------------------------------------------- */

struct send_options {
    const char *message, *from, *key;
    int64_t max_segments;
    bool plain;
};

static const struct sl_opt send_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct send_options, message), "TEXT",
      .help = "What to say", .required = true },
    FROM_OPTION(struct send_options),
    { "key", 0, SL_OPT_TEXT, offsetof(struct send_options, key), "KEY",
      .help = "Idempotency key: a second send with it sends nothing" },
    LENGTH_OPTIONS(struct send_options),
    { 0 },
};

static int send_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct send_options *given = opaque;
    const struct sl_sms_options options = { cli->provider, given->from,         given->message,
                                            given->key,    given->max_segments, given->plain };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_sending sending;
    struct sl_school school;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_sms_prepare(service, cli->arena, &school, &options, cli->operands, cli->n_operands,
                       &sending, err) < 0)
        return -1;
    return sl_send_run(cli, service, &school, &sending, err);
}

/* ---- bulk --------------------------------------------------------------------------------- */

struct bulk_options {
    const char *message, *from, *phone_column;
    int64_t max_segments;
    bool plain;
    struct sl_bulk_line list;
};

static const struct sl_opt bulk_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct bulk_options, message), "TEMPLATE",
      .help = "What to say; {column} stands for a column, {{ for a brace", .required = true },
    FROM_OPTION(struct bulk_options),
    PHONE_COLUMN_OPTION(struct bulk_options),
    LENGTH_OPTIONS(struct bulk_options),
    SL_BULK_OPTIONS(struct bulk_options, list),
    { 0 },
};

static int bulk_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct bulk_options *given = opaque;
    struct sl_sms_list list = { .options = { .from = given->from,
                                             .text = given->message,
                                             .max_segments = given->max_segments,
                                             .plain = given->plain },
                                .phone_column = given->phone_column };
    const struct sl_bulk_maker maker = sl_sms_maker(&list);

    return sl_bulk_run(cli, &given->list, &maker, err);
}

/* ---- balance, estimate ---------------------------------------------------------------------------- */

static int balance_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    static const struct sl_column columns[] = { { "provider", SL_TEXT, 0 },
                                                { "balance", SL_DECIMAL, 0 },
                                                { "currency", SL_TEXT, 0 } };
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_school school;
    struct sl_balance balance;

    (void)opaque;
    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_balance_run(service, cli->arena, &school, SL_SMS, cli->provider, &balance, err) < 0)
        return -1;
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), school.timezone);
    if (sl_output_row(output,
                      (struct sl_value[]){ sl_text(balance.provider), sl_text(balance.balance),
                                           sl_text(balance.currency) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

struct estimate_options {
    const char *message, *file, *phone_column;
    int64_t max_segments;
    bool plain;
};

static const struct sl_opt estimate_options[] = {
    { "message", 'm', SL_OPT_TEXT, offsetof(struct estimate_options, message), "TEMPLATE",
      .help = "The text, or a template with {columns} of the list", .required = true },
    SL_LIST_FILE(struct estimate_options, file),
    PHONE_COLUMN_OPTION(struct estimate_options),
    LENGTH_OPTIONS(struct estimate_options),
    { 0 },
};

static int estimate_text(const struct sl_cli *cli, const struct estimate_options *given,
                         struct sl_err *err)
{
    static const struct sl_column columns[] = { { "encoding", SL_TEXT, 0 },
                                                { "units", SL_INT, 0 },
                                                { "segments", SL_INT, 0 } };
    const char *text = given->plain ? sl_text_plain(cli->arena, given->message) : given->message;
    const char *why = sl_segments_why(cli->arena, text);
    struct sl_segments count = sl_segments_count(text);
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_sms_text look = sl_sms_look(cli->arena, text, &(struct sl_sms_options){ 0 });

    if (look.refused)
        return sl_err_set(err, SL_ERR_DATA, "%s", look.refused);
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, SL_COUNT(columns), NULL);
    if (why)
        sl_say(cli, "%s: %s", cli->program, why);
    if (sl_output_row(output,
                      (struct sl_value[]){ sl_text(sl_sms_encoding_name(count.encoding)),
                                           sl_int((int64_t)count.units),
                                           sl_int((int64_t)count.segments) },
                      err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int estimate_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct estimate_options *given = opaque;
    struct sl_sms_list list = { .options = { .text = given->message,
                                             .max_segments = given->max_segments,
                                             .plain = given->plain },
                                .phone_column = given->phone_column };
    const struct sl_bulk_maker maker = sl_sms_maker(&list);

    return given->file ? sl_bulk_estimate(cli, given->file, &maker, err)
                       : estimate_text(cli, given, err);
}

/* ---- The program --------------------------------------------------------------------------------------- */

static const struct sl_verb verbs[] = {
    { .name = "send",
      .operands = "NUMBER...",
      .summary = "Send one text to some numbers",
      .options = send_options,
      .options_size = sizeof(struct send_options),
      .min_operands = 1,
      .max_operands = SIZE_MAX,
      .run = send_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    { .name = "bulk",
      .summary = "Text a list: a CSV and a template",
      .options = bulk_options,
      .options_size = sizeof(struct bulk_options),
      .run = bulk_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
    SL_BATCH_VERBS("message"),
    { .name = "balance",
      .summary = "Show what is left on the account",
      .run = balance_run,
      .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER },
    { .name = "estimate",
      .summary = "Count segments and cost; send nothing",
      .options = estimate_options,
      .options_size = sizeof(struct estimate_options),
      .run = estimate_run,
      .common = SL_USES_SCHOOL },
    SL_OPTOUT_VERBS("NUMBER", "numbers"),
};

static const struct sl_program program = {
    .name = "sl-sms",
    .summary = "Text messages",
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
