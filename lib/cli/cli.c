#include "lib/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/cli/completion.h"
#include "lib/cli/find.h"
#include "lib/cli/help.h"
#include "lib/cli/manual.h"
#include "lib/cli/parse.h"

enum { ONE_LINE = 110 }; /* up to here the hint stands on the error's own line */

/* ---- Talk --------------------------------------------------------------------------- */

static void say(const struct sl_cli *cli, const char *format, va_list args)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    char *text = NULL;
    int n = vasprintf(&text, format, args);

    if (n < 0)
        sl_out_of_memory();
    (void)fprintf(stderr, "%s%s\n", cli->bar_drawn && *cli->bar_drawn ? "\r\033[K" : "",
                  sl_printable(arena, text, (size_t)n, SIZE_MAX));
    explicit_bzero(text, (size_t)n);
    free(text);
}

void sl_say(const struct sl_cli *cli, const char *format, ...)
{
    va_list args;

    if (cli->quiet)
        return;
    va_start(args, format);
    say(cli, format, args);
    va_end(args);
}

void sl_say_verbose(const struct sl_cli *cli, int level, const char *format, ...)
{
    va_list args;

    if (cli->quiet || cli->verbose < level)
        return;
    va_start(args, format);
    say(cli, format, args);
    va_end(args);
}

static void print_error_json(const struct sl_err *err, struct sl_arena *arena)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, "{\"error\":{\"code\":");
    sl_json_quote(&out, sl_err_name(err->code));
    sl_buf_text(&out, ",\"message\":");
    sl_json_quote(&out, sl_printable(arena, err->text, strlen(err->text), SIZE_MAX));
    sl_buf_text(&out, ",\"hint\":");
    if (*err->hint)
        sl_json_quote(&out, sl_printable(arena, err->hint, strlen(err->hint), SIZE_MAX));
    else
        sl_buf_text(&out, "null");
    (void)fprintf(stderr, "%s}}\n", out.data);
}

static void print_error(const char *program, const struct sl_err *err, struct sl_arena *arena)
{
    const char *text = sl_printable(arena, err->text, strlen(err->text), SIZE_MAX);
    const char *hint = sl_printable(arena, err->hint, strlen(err->hint), SIZE_MAX);

    if (!*hint)
        (void)fprintf(stderr, "%s: %s\n", program, text);
    else if (strlen(program) + strlen(text) + strlen(hint) <= ONE_LINE)
        (void)fprintf(stderr, "%s: %s; %s\n", program, text, hint);
    else
        (void)fprintf(stderr, "%s: %s\n%s: hint: %s\n", program, text, program, hint);
}

int sl_err_recorded(struct sl_err *err, const char *noun, const char *id, const char *program,
                    const char *verb)
{
    (void)sl_err_context(err, "%s %s is recorded", noun, id);
    if (*err->hint)
        return -1;
    return sl_err_hint(err, "`%s %s %s` shows what became of it", program, verb, id);
}

/* ---- The process -------------------------------------------------------------------- */

/* A descriptor from 0 to 2 that the caller closed must not become a database's. What takes its
 * place is open the wrong way round, so that reading fails and refuse_closed() sees it. */
static void fill_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What a verb did would be done and never told. */
static int refuse_closed(struct sl_err *err)
{
    static const char *const names[] = { [STDOUT_FILENO] = "output", [STDERR_FILENO] = "error" };

    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
            continue;
        (void)sl_err_set(err, SL_ERR_IO, "standard %s is not open for writing", names[fd]);
        return sl_err_hint(err, "nothing was done; what is not wanted goes to /dev/null");
    }
    return 0;
}

static void prepare_process(void)
{
    static const int ignored[] = { SIGPIPE, SIGXFSZ, SIGUSR1 };
    const struct rlimit none = { 0, 0 };

    fill_descriptors();
    for (size_t i = 0; i < SL_COUNT(ignored); i++)
        (void)signal(ignored[i], SIG_IGN);
    (void)prctl(PR_SET_DUMPABLE, 0); /* credentials pass through this memory */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* how wide characters are in a table */
}

/* ---- The line ----------------------------------------------------------------------- */

struct run {
    const struct sl_program *program;
    const struct sl_verb *verb;
    struct sl_line line;
    bool bar_drawn;
    int argc; /* of argv without the verb's words */
    char **argv;
    int n_words; /* the operands that should have named the verb */
    char **words;
};

/* Takes the verb's words out of a copy of the line. */
static void find_verb(struct run *run, int argc, char **argv, struct sl_arena *arena)
{
    bool implied = sl_verb_is_implied(run->program);
    int at = implied ? argc : sl_first_operand(arena, argc, argv), taken = 0;

    run->n_words = argc - at;
    run->words = argv + at;
    run->verb = sl_find_verb(run->program, run->n_words, run->words, &taken);
    if (implied)
        run->verb = &run->program->verbs[0];
    run->argv = SL_NEW(arena, char *, (size_t)argc + 1);
    for (int i = 0; i < argc; i++)
        if (i < at || i >= at + taken)
            run->argv[run->argc++] = argv[i];
}

static int without_verb(struct run *run, struct sl_err *err)
{
    struct sl_arena *arena = run->line.cli.arena;
    int status = sl_parse(&run->line, NULL, NULL, run->argc, run->argv, err);

    if (run->line.help) {
        sl_help_program(run->program, run->n_words > 0 ? run->words[0] : NULL);
        return 0;
    }
    if (run->n_words > 0)
        return sl_refuse_verb(run->program, run->n_words, run->words, arena, err);
    if (status < 0 || run->line.version)
        return status;
    (void)sl_err_set(err, SL_ERR_USAGE, "name a verb");
    return sl_err_hint(err, "`%s --help` lists them", run->program->name);
}

static int run_verb(struct run *run, struct sl_err *err)
{
    struct sl_arena *arena = run->line.cli.arena;
    const struct sl_verb *verb = run->verb;
    void *options = sl_arena_alloc(arena, 1, verb->options_size);

    if (sl_parse(&run->line, options, verb, run->argc, run->argv, err) < 0)
        return -1;
    if (run->line.help) {
        sl_help_verb(run->program, verb, arena);
        return 0;
    }
    if (run->line.version)
        return 0;
    if (!(verb->common & SL_WORKS_UNHEARD) && refuse_closed(err) < 0)
        return -1;
    return verb->run(&run->line.cli, options, err);
}

/* --complete KIND WORD...: what the words say is taken as far as it is understood, and nothing
 * is an error: somebody is in the middle of typing. */
static int complete(struct run *run, int argc, char **argv)
{
    void *options = NULL;
    struct sl_err ignored;

    if (!run->program->complete || argc < 3)
        return 0;
    find_verb(run, argc - 2, argv + 2, run->line.cli.arena);
    if (run->verb)
        options = sl_arena_alloc(run->line.cli.arena, 1, run->verb->options_size);
    (void)sl_parse(&run->line, options, run->verb, run->argc, run->argv, &ignored);
    run->line.cli.operands = (const char *const *)argv + 3;
    run->line.cli.n_operands = (size_t)(argc - 3);
    run->program->complete(&run->line.cli, argv[2]);
    return 0;
}

static int dispatch(struct run *run, int argc, char **argv, struct sl_err *err)
{
    struct sl_arena *arena = run->line.cli.arena;
    const char *first = argc > 1 ? argv[1] : "";
    int status;

    if (strcmp(first, "--complete") == 0)
        return complete(run, argc, argv);
    if (strcmp(first, "--print-completion") == 0)
        return sl_print_completion(run->program, arena);
    if (strcmp(first, "--print-manual") == 0)
        return sl_print_manual(run->program, argc > 2 ? argv[2] : NULL, arena, err);
    find_verb(run, argc, argv, arena);
    status = run->verb ? run_verb(run, err) : without_verb(run, err);
    if (status == 0 && run->line.version && !run->line.help)
        (void)printf("%s %s\n", run->program->name, SL_VERSION);
    return status;
}

static int flush_stdout(struct sl_err *err)
{
    bool lost = ferror(stdout) != 0; /* earlier, and errno is gone */

    if (fflush(stdout) != 0)
        return sl_err_set(err, SL_ERR_IO, "standard output: %m");
    return lost ? sl_err_set(err, SL_ERR_IO, "standard output did not take all") : 0;
}

int sl_cli_main(int argc, char **argv, const struct sl_program *program)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct run run = { .program = program };
    struct sl_cli *cli = &run.line.cli;
    struct sl_err err = { .code = SL_ERR_INTERNAL };
    int status;

    cli->program = program->name;
    cli->arena = arena;
    cli->bar_drawn = &run.bar_drawn;
    prepare_process();
    status = dispatch(&run, argc, argv, &err);
    if (status >= 0 && flush_stdout(&err) < 0)
        status = -1;
    if (status >= 0)
        return status;
    if ((cli->given & SL_GAVE_FORMAT) &&
        (cli->format == SL_FORMAT_JSON || cli->format == SL_FORMAT_NDJSON))
        print_error_json(&err, arena);
    else
        print_error(program->name, &err, arena);
    return (int)err.code;
}
