#include "lib/cli/parse.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/cli/values.h"

static const char formats[] = "table|json|ndjson|csv|tsv"; /* in the order of enum sl_format */

enum { SCHOOL, PROVIDER, DRY_RUN }; /* the rows that a verb may do without */

const struct sl_opt sl_common_options[] = {
    [SCHOOL] = { "school", 's', SL_OPT_TEXT, offsetof(struct sl_line, cli.school), "SCHOOL",
                 .help = "Act for this school, by its code or id" },
    [PROVIDER] = { "provider", 'p', SL_OPT_TEXT, offsetof(struct sl_line, cli.provider), "PROVIDER",
                   .help = "Use this provider, not the school's primary one" },
    [DRY_RUN] = { "dry-run", 'n', SL_OPT_FLAG, offsetof(struct sl_line, cli.dry_run),
                  .help = "Show what would be done; change and send nothing" },
    { "format", 'f', SL_OPT_CHOICE, offsetof(struct sl_line, format), formats,
      .help = "Print data in this format" },
    { "quiet", 'q', SL_OPT_FLAG, offsetof(struct sl_line, cli.quiet),
      .help = "Print data and errors only" },
    { "verbose", 'v', SL_OPT_COUNT, offsetof(struct sl_line, cli.verbose),
      .help = "Tell the steps; twice: each request and answer too" },
    { "config", 0, SL_OPT_TEXT, offsetof(struct sl_line, cli.config), "PATH",
      .help = "Read this config file" },
    { "database", 0, SL_OPT_TEXT, offsetof(struct sl_line, cli.database), "PATH",
      .help = "Use this database" },
    { "help", 'h', SL_OPT_FLAG, offsetof(struct sl_line, help), .help = "Show this help" },
    { "version", 0, SL_OPT_FLAG, offsetof(struct sl_line, version), .help = "Show the version" },
    { 0 },
};

bool sl_common_used(const struct sl_verb *verb, const struct sl_opt *common)
{
    static const unsigned uses[] = {
        [SCHOOL] = SL_USES_SCHOOL, [PROVIDER] = SL_USES_PROVIDER, [DRY_RUN] = SL_USES_DRY_RUN
    };
    size_t row = (size_t)(common - sl_common_options);

    return !verb || row >= SL_COUNT(uses) || (verb->common & uses[row]);
}

const char *sl_title(struct sl_arena *arena, const char *program, const struct sl_verb *verb)
{
    if (!verb || !*verb->name)
        return program;
    return sl_arena_printf(arena, "%s %s", program, verb->name);
}

/* ---- The tables that getopt wants --------------------------------------------------- */

enum { FIRST_KEY = 256 }; /* keys of options without a letter start there */

/* An option and the struct that it fills a member of. Its key is its letter or its number. */
struct slot {
    const struct sl_opt *option;
    void *into;
    int key;
    bool seen;
};

struct parse {
    struct sl_arena *arena;
    const struct sl_verb *verb;
    const char *title; /* "sl-sms send" */
    const char *name;  /* "send"; of a job, and without a verb, "sl-queue-run" */
    struct slot *slots;
    struct option *table;
    size_t n_slots;
    struct sl_buf letters;
    int argc;
    char **argv;
    const char **operands;
    size_t n_operands;
};

static int argument_of(const struct sl_opt *option)
{
    if (!option->value)
        return no_argument;
    return option->kind == SL_OPT_MAYBE ? optional_argument : required_argument;
}

static void add_options(struct parse *parse, const struct sl_opt *options, void *into)
{
    static const char *const colons[] = {
        [no_argument] = "", [required_argument] = ":", [optional_argument] = "::"
    };

    for (const struct sl_opt *option = options; option && option->name; option++) {
        int key = option->letter ? option->letter : FIRST_KEY + (int)parse->n_slots;
        int argument = argument_of(option);

        if (option->letter)
            sl_buf_printf(&parse->letters, "%c%s", option->letter, colons[argument]);
        parse->slots[parse->n_slots] = (struct slot){ option, into, key, false };
        parse->table[parse->n_slots++] =
            (struct option){ .name = option->name, .has_arg = argument, .val = key };
    }
}

static size_t count_options(const struct sl_opt *options)
{
    size_t n = 0;

    while (options && options[n].name)
        n++;
    return n;
}

/* The verb's own options come first: of two with one letter, getopt finds the first. `order` is
 * what it does with operands: '-' hands them over, '+' stops at the first. */
static void add_tables(struct parse *parse, char order, struct sl_line *line, void *options)
{
    const struct sl_opt *own = parse->verb ? parse->verb->options : NULL;
    size_t n = count_options(own) + count_options(sl_common_options);

    parse->slots = SL_NEW(parse->arena, struct slot, n);
    parse->table = SL_NEW(parse->arena, struct option, n + 1);
    parse->letters = sl_buf_new(parse->arena);
    sl_buf_printf(&parse->letters, "%c:", order); /* ':' tells a missing argument apart */
    add_options(parse, own, options);
    add_options(parse, sl_common_options, line);
    optind = 0; /* glibc: begin anew */
    opterr = 0;
}

static int next_key(const struct parse *parse)
{
    return getopt_long(parse->argc, parse->argv, parse->letters.data, parse->table, NULL);
}

int sl_first_operand(struct sl_arena *arena, int argc, char **argv)
{
    struct parse parse = { .arena = arena, .argc = argc, .argv = argv };
    struct sl_line unused = { 0 };
    int key;

    add_tables(&parse, '+', &unused, NULL);
    while ((key = next_key(&parse)) != -1)
        if (key == '?' || key == ':')
            return argc;
    return optind;
}

/* ---- What can be wrong with an option ----------------------------------------------- */

static struct slot *find_slot(const struct parse *parse, int key)
{
    for (size_t i = 0; i < parse->n_slots; i++)
        if (parse->slots[i].key == key)
            return &parse->slots[i];
    return NULL;
}

/* A common option that the verb does not use. */
static bool refused(const struct parse *parse, const struct sl_opt *option)
{
    const struct sl_opt *end = sl_common_options + count_options(sl_common_options);

    return option >= sl_common_options && option < end && !sl_common_used(parse->verb, option);
}

/* What an unknown long option was meant to be: several of them begin like it, or one is near. */
static const char *suggest_option(const struct parse *parse, const char *name)
{
    const char **names = SL_NEW(parse->arena, const char *, parse->n_slots);
    size_t n = 0;

    for (size_t i = 0; i < parse->n_slots; i++) {
        const struct sl_opt *option = parse->slots[i].option;

        if (refused(parse, option))
            continue;
        if (strncmp(option->name, name, strlen(name)) == 0)
            return option->name;
        names[n++] = option->name;
    }
    return sl_nearest(name, names, n);
}

static int refuse_long(const struct parse *parse, const char *argument, struct sl_err *err)
{
    char *name = sl_arena_memdup(parse->arena, argument + 2, strcspn(argument + 2, "="));
    const char *meant = suggest_option(parse, name);

    (void)sl_err_set(err, SL_ERR_USAGE, "there is no option '--%s'", name);
    if (meant)
        return sl_err_hint(err, "did you mean '--%s'?", meant);
    return sl_err_hint(err, "see `%s --help`", parse->title);
}

/* getopt leaves in optopt: 0 for a long option that it does not know, or the key of one that
 * was given a value and takes none, or a letter that it does not know. */
static int refuse_option(const struct parse *parse, struct sl_err *err)
{
    const struct slot *slot = find_slot(parse, optopt);

    if (optopt == 0)
        return refuse_long(parse, parse->argv[optind - 1], err);
    if (slot)
        return sl_err_set(err, SL_ERR_USAGE, "--%s takes no value", slot->option->name);
    (void)sl_err_set(err, SL_ERR_USAGE, "there is no option '-%c'", optopt);
    return sl_err_hint(err, "see `%s --help`", parse->title);
}

/* `--wait 30`: getopt itself takes the value of an optional argument from `--wait=30` only. */
static const char *next_digits(const struct parse *parse)
{
    const char *next = optind < parse->argc ? parse->argv[optind] : "";

    if (!*next || next[strspn(next, "0123456789")])
        return NULL;
    optind++;
    return next;
}

static int take_option(struct parse *parse, int key, struct sl_err *err)
{
    struct slot *slot = find_slot(parse, key == ':' ? optopt : key);
    const char *value = optarg;

    if (key == '?' || !slot)
        return refuse_option(parse, err);
    if (refused(parse, slot->option))
        return sl_err_set(err, SL_ERR_USAGE, "%s takes no --%s", parse->name, slot->option->name);
    if (key == ':')
        return sl_err_set(err, SL_ERR_USAGE, "--%s wants %s", slot->option->name,
                          slot->option->value);
    if (slot->option->kind == SL_OPT_MAYBE && !value)
        value = next_digits(parse);
    slot->seen = true;
    return sl_value_set(slot->option, slot->into, value, parse->arena, (size_t)parse->argc, err);
}

/* ---- Operands, and what is missing -------------------------------------------------- */

const char *sl_operand_kind(struct sl_arena *arena, const struct sl_verb *verb, size_t i)
{
    static const char around[] = " []().";
    const char *at = verb && verb->operands ? verb->operands : "";
    const char *kind = "";

    for (at += strspn(at, around); *at; at += strspn(at, around)) {
        size_t n = strcspn(at, around);

        kind = sl_arena_memdup(arena, at, n);
        at += n;
        if (i-- == 0)
            break;
    }
    return kind;
}

static int take_operand(struct parse *parse, const char *operand, struct sl_err *err)
{
    const char *kind = sl_operand_kind(parse->arena, parse->verb, parse->n_operands);

    parse->operands[parse->n_operands++] = operand;
    if (sl_names_path(kind) || sl_utf8_valid(operand, strlen(operand)))
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "operand %zu is not UTF-8", parse->n_operands);
}

static int check_operands(const struct parse *parse, struct sl_err *err)
{
    const struct sl_verb *verb = parse->verb;

    if (parse->n_operands < verb->min_operands) {
        (void)sl_err_set(err, SL_ERR_USAGE, "%s wants %s", parse->name,
                         verb->operands ? verb->operands : "operands");
        return sl_err_hint(err, "see `%s --help`", parse->title);
    }
    if (parse->n_operands > verb->max_operands) {
        (void)sl_err_set(err, SL_ERR_USAGE, "'%s' is one operand too many",
                         parse->operands[verb->max_operands]);
        return sl_err_hint(err, "see `%s --help`", parse->title);
    }
    return 0;
}

static int check_missing(const struct parse *parse, const struct sl_cli *cli, struct sl_err *err)
{
    unsigned common = parse->verb->common;

    for (size_t i = 0; i < parse->n_slots; i++) {
        const struct sl_opt *option = parse->slots[i].option;

        if (option->required && !parse->slots[i].seen)
            return sl_err_set(err, SL_ERR_USAGE, "%s wants --%s %s", parse->name, option->name,
                              option->value ? option->value : "");
    }
    if ((common & SL_NEEDS_SCHOOL) == SL_NEEDS_SCHOOL && !cli->school)
        return sl_err_set(err, SL_ERR_USAGE, "name the school with --school SCHOOL or SL_SCHOOL");
    if (cli->school && !sl_utf8_valid(cli->school, strlen(cli->school)))
        return sl_err_set(err, SL_ERR_DATA, "SL_SCHOOL is not UTF-8");
    if ((common & SL_NEEDS_PROVIDER) == SL_NEEDS_PROVIDER && !cli->provider)
        return sl_err_set(err, SL_ERR_USAGE, "name the provider with --provider PROVIDER");
    return check_operands(parse, err);
}

/* ---- The whole line ----------------------------------------------------------------- */

/* Reads all of it, and keeps the first error. */
static int read_line(struct parse *parse, struct sl_err *err)
{
    struct sl_err later;
    int status = 0, key, read;

    while ((key = next_key(parse)) != -1) {
        struct sl_err *where = status < 0 ? &later : err;

        read = key == 1 ? take_operand(parse, optarg, where) : take_option(parse, key, where);
        status = read < 0 ? -1 : status;
    }
    for (; optind < parse->argc; optind++) {
        read = take_operand(parse, parse->argv[optind], status < 0 ? &later : err);
        status = read < 0 ? -1 : status;
    }
    return status;
}

static const char *or_environment(const char *value, const char *name)
{
    const char *set = value ? NULL : getenv(name);

    return set && *set ? set : value;
}

static void fill_cli(struct sl_line *line, const struct parse *parse)
{
    struct sl_cli *cli = &line->cli;

    cli->format = parse->verb ? parse->verb->format : SL_FORMAT_TABLE;
    if (line->format)
        cli->format = (enum sl_format)sl_choice_index(formats, line->format);
    cli->given = (cli->school ? SL_GAVE_SCHOOL : 0u) | (cli->config ? SL_GAVE_CONFIG : 0u) |
                 (cli->database ? SL_GAVE_DATABASE : 0u) | (line->format ? SL_GAVE_FORMAT : 0u);
    if (!parse->verb || (parse->verb->common & SL_USES_SCHOOL))
        cli->school = or_environment(cli->school, "SL_SCHOOL");
    cli->config = or_environment(cli->config, "SL_CONFIG");
    cli->database = or_environment(cli->database, "SL_DATABASE");
    cli->operands = parse->operands;
    cli->n_operands = parse->n_operands;
}

int sl_parse(struct sl_line *line, void *options, const struct sl_verb *verb, int argc, char **argv,
             struct sl_err *err)
{
    struct sl_arena *arena = line->cli.arena;
    struct parse parse = { .arena = arena, .verb = verb, .argc = argc, .argv = argv };
    int status;

    parse.title = sl_title(arena, line->cli.program, verb);
    parse.name = verb && *verb->name ? verb->name : line->cli.program;
    parse.operands = SL_NEW(arena, const char *, (size_t)argc + 1);
    add_tables(&parse, '-', line, options);
    sl_values_begin(verb ? verb->options : NULL, options);
    status = read_line(&parse, err);
    fill_cli(line, &parse);
    if (status < 0 || !verb || line->help || line->version)
        return status;
    return check_missing(&parse, &line->cli, err);
}
