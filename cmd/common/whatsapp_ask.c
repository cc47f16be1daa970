#include "cmd/common/whatsapp_ask.h"

#include "cmd/common/open.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "lib/service/whatsapp.h"

const struct sl_opt sl_templates_options[] = {
    { "name", 0, SL_OPT_TEXT, offsetof(struct sl_templates_options, name), "NAME",
      .help = "Only that of this name, in all its languages" },
    { 0 },
};

/* What is printed while pages of templates come. */
struct listing {
    const struct sl_cli *cli;
    struct sl_output *output;
    struct sl_err failed; /* "": nothing */
};

static const char *names_of(struct sl_arena *arena, struct json_object *names)
{
    struct sl_buf text = sl_buf_new(arena);

    if (json_object_is_type(names, json_type_string))
        return json_object_get_string(names);
    for (size_t i = 0; i < sl_json_length(names); i++)
        sl_buf_printf(&text, "%s%s", i > 0 ? "," : "",
                      json_object_get_string(json_object_array_get_idx(names, i)));
    return text.data;
}

static void settled(void *opaque, const struct sl_job *job, enum sl_course course)
{
    struct listing *listing = opaque;
    struct sl_arena *arena = listing->cli->arena;

    (void)course;
    for (size_t i = 0; i < sl_json_length(job->result.rows) && !listing->failed.text[0]; i++) {
        struct json_object *row = json_object_array_get_idx(job->result.rows, i);

        (void)sl_output_row(listing->output,
                            (struct sl_value[]){
                                sl_text(sl_json_text(row, "name")),
                                sl_text(sl_json_text(row, "language")),
                                sl_text(sl_json_text(row, "status")),
                                sl_text(sl_json_text(row, "category")),
                                sl_text(names_of(arena, sl_json_at(row, "header"))),
                                sl_text(names_of(arena, sl_json_at(row, "body"))) },
                            &listing->failed);
    }
}

static int ask(const struct sl_cli *cli, const char *operation,
               const struct sl_whatsapp_send *about, struct listing *listing, struct sl_err *err)
{
    SL_AUTO(sl_service_close) struct sl_service *service = NULL;
    struct sl_once_end end;
    struct sl_once once;
    struct sl_school school;

    if (sl_open_school(cli, SL_ALL_KEYS, &service, &school, err) < 0 ||
        sl_whatsapp_once(service, cli->arena, &school, cli->provider, operation, about, &once,
                         err) < 0)
        return -1;
    once.engine.stop = sl_stop_flag();
    once.engine.settled = listing ? settled : NULL;
    once.engine.opaque = listing;
    if (sl_once_run(service, cli->arena, &once, &end, err) < 0)
        return -1;
    return sl_once_error(&once, &end, err);
}

int sl_templates_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    static const struct sl_column columns[] = {
        { "name", SL_TEXT, 0 },     { "language", SL_TEXT, 0 }, { "status", SL_TEXT, 0 },
        { "category", SL_TEXT, 0 }, { "header", SL_TEXT, 0 },   { "body", SL_TEXT, 0 },
    };
    const struct sl_templates_options *given = options;
    const struct sl_whatsapp_template named = { .name = given->name };
    const struct sl_whatsapp_send about = { .template = &named };
    SL_AUTO(sl_output_free)
    struct sl_output *output = sl_output_open(cli, SL_SHAPE_LIST, columns, SL_COUNT(columns), NULL);
    struct listing listing = { .cli = cli, .output = output };

    if (ask(cli, "whatsapp.templates", &about, &listing, err) < 0)
        return -1;
    if (listing.failed.text[0]) {
        *err = listing.failed;
        return -1;
    }
    return sl_output_end(&output, err);
}

int sl_read_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    const struct sl_whatsapp_send about = { .message = cli->operands[0] };

    (void)options;
    if (ask(cli, "whatsapp.read", &about, NULL, err) < 0)
        return -1;
    sl_say(cli, "%s: told", cli->program);
    return 0;
}
