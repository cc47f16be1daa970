/* sl-sandbox: the providers, simulated on this machine. */
#include <stdio.h>
#include <string.h>

#include "cmd/common/open.h"
#include "cmd/common/sandbox_setup.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/output.h"
#include "sandbox/client.h"
#include "sandbox/registry.h"
#include "sandbox/sandbox.h"

struct url_options {
    const char *url;
};

#define URL_OPTION(type)                                                                           \
    {                                                                                              \
        "url", 0, SL_OPT_TEXT, offsetof(type, url), "URL",                                         \
            .help = "Where it listens; else SL_SANDBOX_URL, or http://127.0.0.1:8490"              \
    }

static const struct sl_opt url_options[] = {
    URL_OPTION(struct url_options),
    { 0 },
};

/* ---- serve ---------------------------------------------------------------------------------- */

struct serve_options {
    const char *listen, *scenario, *fail;
    int64_t latency_ms, seed;
};

static const struct sl_opt serve_options[] = {
    { "listen", 0, SL_OPT_TEXT, offsetof(struct serve_options, listen), "ADDRESS:PORT",
      .help = "Loopback only; port 0 takes a free one; 127.0.0.1:8490 if it is not given" },
    { "scenario", 0, SL_OPT_TEXT, offsetof(struct serve_options, scenario), "SCENARIO",
      .help = "How things go, for numbers that are not magic (ok)" },
    { "latency", 0, SL_OPT_INT, offsetof(struct serve_options, latency_ms), "MS",
      .help = "Every answer waits so long", .most = 3600000 },
    { "fail", 0, SL_OPT_TEXT, offsetof(struct serve_options, fail), "RATE",
      .help = "The part of requests, 0 to 1, that is refused as too many or as busy" },
    { "seed", 0, SL_OPT_INT, offsetof(struct serve_options, seed), "N",
      .help = "Ids, receipts and refusals come the same again" },
    { 0 },
};

static int read_rate(const char *text, double *rate, struct sl_err *err)
{
    int64_t millionths = 0;

    if (text && (!sl_parse_decimal(text, 6, &millionths) || millionths < 0 || millionths > 1000000))
        return sl_err_set(err, SL_ERR_DATA, "--fail '%s' is no number from 0 to 1, like 0.1", text);
    *rate = (double)millionths / 1e6;
    return 0;
}

static int find_scenario(const char *name, size_t *number, struct sl_err *err)
{
    const char *names[64], *known;
    size_t n = 0;

    for (; n < SL_COUNT(names) && (known = sl_sandbox_scenario(n, NULL)) != NULL; n++) {
        names[n] = known;
        *number = n;
        if (strcmp(known, name) == 0)
            return 0;
    }
    return sl_err_unknown(err, SL_ERR_DATA, "scenario", name, names, n);
}

static int serve_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct serve_options *given = opaque;
    struct sl_sandbox_options options = { .listen = given->listen,
                                          .scenario = given->scenario,
                                          .latency_ms = given->latency_ms,
                                          .seed = given->seed };
    size_t number;

    (void)cli;
    if (read_rate(given->fail, &options.fail_rate, err) < 0 ||
        (given->scenario && find_scenario(given->scenario, &number, err) < 0))
        return -1;
    return sl_sandbox_serve(&options, err);
}

/* ---- scenario ------------------------------------------------------------------------------- */

static const struct sl_column scenario_columns[] = {
    { "number", SL_INT, 0 },
    { "name", SL_TEXT, 0 },
    { "meaning", SL_TEXT, 0 },
};

/* Of the number `i`. */
static int print_scenario(struct sl_output *output, size_t i, struct sl_err *err)
{
    const char *meaning, *name = sl_sandbox_scenario(i, &meaning);

    return sl_output_row(output,
                         (struct sl_value[]){ sl_int((int64_t)i), sl_text(name), sl_text(meaning) },
                         err);
}

static int scenario_list_run(const struct sl_cli *cli, const void *options, struct sl_err *err)
{
    SL_AUTO(sl_output_free)
    struct sl_output *output =
        sl_output_open(cli, SL_SHAPE_LIST, scenario_columns, SL_COUNT(scenario_columns), NULL);

    (void)options;
    for (size_t i = 0; sl_sandbox_scenario(i, NULL) != NULL; i++)
        if (print_scenario(output, i, err) < 0)
            return -1;
    return sl_output_end(&output, err);
}

/* What is in force now, for programs; a person is told on stderr. */
static int print_current(const struct sl_cli *cli, size_t number, struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;

    if (cli->format == SL_FORMAT_TABLE)
        return 0;
    output =
        sl_output_open(cli, SL_SHAPE_OBJECT, scenario_columns, SL_COUNT(scenario_columns), NULL);
    if (print_scenario(output, number, err) < 0)
        return -1;
    return sl_output_end(&output, err);
}

static int scenario_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct url_options *given = opaque;
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_new_object();
    struct sl_sandbox_ask ask = { .url = sl_sandbox_url(given->url), .path = "/_sandbox/scenario" };
    size_t number = 0;

    if (find_scenario(cli->operands[0], &number, err) < 0)
        return -1;
    sl_json_put_text(doc, "name", cli->operands[0]);
    ask.body = sl_json_print(cli->arena, doc);
    if (sl_sandbox_pour(&ask, NULL, NULL, err) < 0)
        return -1;
    sl_say(cli, "%s: the scenario is %s now", cli->program, cli->operands[0]);
    return print_current(cli, number, err);
}

/* ---- seen ----------------------------------------------------------------------------------- */

/* What every record has; the members behind it are the operation's. */
static const struct sl_column seen_columns[] = {
    { "at", SL_TIME, 0 },     { "provider", SL_TEXT, 0 }, { "operation", SL_TEXT, 0 },
    { "method", SL_TEXT, 0 }, { "path", SL_TEXT, 0 },     { "details", SL_JSON, 0 },
};

struct seen {
    const struct sl_cli *cli;
    struct sl_output *output; /* NULL: lines go out as they are */
    struct sl_buf line;       /* the beginning of one that is not whole yet */
    size_t n_lines;
};

static int print_record(struct seen *seen, struct sl_err *err)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    SL_AUTO(sl_json_free)
    struct json_object *doc = sl_json_parse(seen->line.data, seen->line.len);
    SL_AUTO(sl_json_free) struct json_object *details = sl_json_new_object();

    if (!json_object_is_type(doc, json_type_object))
        return sl_err_set(err, SL_ERR_UNAVAILABLE, "what came is no record of a sandbox");
    json_object_object_foreach(doc, name, value)
    {
        bool own = true;

        for (size_t i = 0; i < SL_COUNT(seen_columns); i++)
            own = own && strcmp(seen_columns[i].name, name) != 0;
        if (own)
            sl_json_put(details, name, json_object_get(value));
    }
    return sl_output_row(seen->output,
                         (struct sl_value[]){ sl_time(sl_json_int(doc, "at", 0)),
                                              sl_text(sl_json_text(doc, "provider")),
                                              sl_text(sl_json_text(doc, "operation")),
                                              sl_text(sl_json_text(doc, "method")),
                                              sl_text(sl_json_text(doc, "path")),
                                              sl_text(sl_json_print(arena, details)) },
                         err);
}

/* NDJSON goes out as it came, JSON as an array of the same. */
static int print_line(struct seen *seen, struct sl_err *err)
{
    const char *before = "";

    if (seen->output)
        return print_record(seen, err);
    if (seen->cli->format == SL_FORMAT_JSON)
        before = seen->n_lines > 0 ? ",\n" : "[";
    if (printf("%s%s%s", before, seen->line.data, seen->cli->format == SL_FORMAT_JSON ? "" : "\n") <
        0)
        return sl_err_set(err, SL_ERR_IO, "standard output: %m");
    return 0;
}

static int take_seen(void *opaque, const char *bytes, size_t n, struct sl_err *err)
{
    struct seen *seen = opaque;
    const char *end;

    while ((end = memchr(bytes, '\n', n)) != NULL) {
        sl_buf_add(&seen->line, bytes, (size_t)(end - bytes));
        if (print_line(seen, err) < 0)
            return -1;
        seen->line.len = 0;
        seen->n_lines++;
        n -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    sl_buf_add(&seen->line, bytes, n);
    return 0;
}

/* An array that was begun is closed, whatever happened, so that stdout parses. */
static int end_lines(const struct seen *seen, int status, struct sl_err *err)
{
    if (seen->cli->format == SL_FORMAT_JSON && (status == 0 || seen->n_lines > 0))
        (void)fputs(seen->n_lines > 0 ? "]\n" : "[]\n", stdout);
    if (status == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        return sl_err_set(err, SL_ERR_IO, "standard output: %m");
    return status;
}

static int check_provider(const char *code, struct sl_err *err)
{
    const char *codes[64];
    size_t n = 0;

    if (sl_simulator_find(code) >= 0)
        return 0;
    for (; n < SL_COUNT(codes) && n < sl_n_simulators; n++)
        codes[n] = sl_simulators[n]->code;
    return sl_err_unknown(err, SL_ERR_CONFIG, "simulated provider", code, codes, n);
}

static int seen_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct url_options *given = opaque;
    const bool raw = cli->format == SL_FORMAT_NDJSON || cli->format == SL_FORMAT_JSON;
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_sandbox_ask ask = { .url = sl_sandbox_url(given->url), .path = "/_sandbox/seen" };
    struct seen seen = { .cli = cli, .line = sl_buf_new(cli->arena) };
    int status;

    if (cli->n_operands > 0 && check_provider(cli->operands[0], err) < 0)
        return -1;
    if (cli->n_operands > 0)
        ask.path = sl_arena_printf(cli->arena, "%s?provider=%s", ask.path, cli->operands[0]);
    if (!raw)
        output = sl_output_open(cli, SL_SHAPE_LIST, seen_columns, SL_COUNT(seen_columns), NULL);
    seen.output = output;
    status = sl_sandbox_pour(&ask, take_seen, &seen, err);
    if (!output)
        return end_lines(&seen, status, err);
    return status < 0 ? -1 : sl_output_end(&output, err);
}

/* ---- counts, reset -------------------------------------------------------------------------- */

enum { MOST_COUNTS = 64 };

static int print_counts(const struct sl_cli *cli, struct json_object *doc, struct sl_err *err)
{
    SL_AUTO(sl_output_free) struct sl_output *output = NULL;
    struct sl_column columns[MOST_COUNTS];
    struct sl_value values[MOST_COUNTS];
    size_t n = 0;

    json_object_object_foreach(doc, name, value)
    {
        bool number = json_object_is_type(value, json_type_int);

        if (n == MOST_COUNTS)
            break;
        columns[n] = (struct sl_column){ name, number ? SL_INT : SL_TEXT, 0 };
        values[n++] =
            number ? sl_int(json_object_get_int64(value)) : sl_text(json_object_get_string(value));
    }
    output = sl_output_open(cli, SL_SHAPE_OBJECT, columns, n, NULL);
    return sl_output_row(output, values, err) < 0 ? -1 : sl_output_end(&output, err);
}

static int counts_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct url_options *given = opaque;
    const struct sl_sandbox_ask ask = { .url = sl_sandbox_url(given->url),
                                        .path = "/_sandbox/counts" };
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    const char *answer = sl_sandbox_answer(&ask, cli->arena, err);

    if (!answer)
        return -1;
    doc = sl_json_parse(answer, strlen(answer));
    if (!json_object_is_type(doc, json_type_object) || json_object_object_length(doc) == 0)
        return sl_err_set(err, SL_ERR_UNAVAILABLE, "what answers is no sandbox");
    return print_counts(cli, doc, err);
}

static int reset_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    const struct url_options *given = opaque;
    const struct sl_sandbox_ask ask = { .url = sl_sandbox_url(given->url),
                                        .path = "/_sandbox/reset",
                                        .body = "{}" };

    if (sl_sandbox_pour(&ask, NULL, NULL, err) < 0)
        return -1;
    sl_say(cli, "%s: forgot what it had seen, and whom to call: `sl-sandbox setup` tells it again",
           cli->program);
    return 0;
}

/* ---- The program ---------------------------------------------------------------------------- */

static const struct sl_opt setup_options[] = {
    URL_OPTION(struct sl_sandbox_setup_options),
    { "samples", 0, SL_OPT_FLAG, offsetof(struct sl_sandbox_setup_options, samples), NULL,
      .help = "Make some messages and payments too, to have something to look at" },
    { 0 },
};

static const struct sl_verb verbs[] = {
    { .name = "serve",
      .summary = "Simulate the providers, until SIGTERM",
      .options = serve_options,
      .options_size = sizeof(struct serve_options),
      .run = serve_run,
      .common = SL_WORKS_UNHEARD },
    { .name = "setup",
      .summary = "Point a school at the sandbox, with every provider that is simulated",
      .options = setup_options,
      .options_size = sizeof(struct sl_sandbox_setup_options),
      .run = sl_sandbox_setup_run,
      .common = SL_NEEDS_SCHOOL },
    { .name = "scenario",
      .operands = "SCENARIO",
      .summary = "Say how things go from now on",
      .options = url_options,
      .options_size = sizeof(struct url_options),
      .min_operands = 1,
      .max_operands = 1,
      .run = scenario_run },
    { .name = "scenario list", .summary = "List the scenarios", .run = scenario_list_run },
    { .name = "seen",
      .operands = "[PROVIDER]",
      .summary = "Show what it was sent, in order of arrival",
      .options = url_options,
      .options_size = sizeof(struct url_options),
      .max_operands = 1,
      .run = seen_run,
      .format = SL_FORMAT_NDJSON },
    { .name = "counts",
      .summary = "Show how much of what it was sent",
      .options = url_options,
      .options_size = sizeof(struct url_options),
      .run = counts_run },
    { .name = "reset",
      .summary = "Let it forget what it has seen",
      .options = url_options,
      .options_size = sizeof(struct url_options),
      .run = reset_run },
};

static void complete(const struct sl_cli *cli, const char *kind)
{
    const char *name;

    if (strcmp(kind, "SCENARIO") != 0) {
        sl_complete(cli, kind);
        return;
    }
    for (size_t i = 0; (name = sl_sandbox_scenario(i, NULL)) != NULL; i++)
        (void)puts(name);
}

static const struct sl_program program = {
    .name = "sl-sandbox",
    .summary = "The providers, simulated on this machine",
    .verbs = verbs,
    .n_verbs = SL_COUNT(verbs),
    .complete = complete,
    .see_also = "sl-config(1), sl-queue-run(1), sl-webhook(1)",
};

int main(int argc, char **argv)
{
    return sl_cli_main(argc, argv, &program);
}
