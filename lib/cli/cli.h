/* The face that all programs share: verbs, options, help, errors, exit status.
 *
 * A program is a constant table of verbs; a verb is a constant table of options bound to a
 * struct by offset, and a function. Help, the manual page and the shell completion are printed
 * from the same tables that the line is parsed with, so that they cannot disagree.
 *
 *     static const struct sl_opt send_options[] = {
 *         { "message", 'm', SL_OPT_TEXT, offsetof(struct send_options, message), "TEXT",
 *           .help = "What to say", .required = true },
 *         { 0 },
 *     };
 *     static const struct sl_verb verbs[] = {
 *         { .name = "send", .operands = "NUMBER...", .summary = "Send one text to some numbers",
 *           .options = send_options, .options_size = sizeof(struct send_options),
 *           .min_operands = 1, .max_operands = SIZE_MAX, .run = send_run,
 *           .common = SL_NEEDS_SCHOOL | SL_USES_PROVIDER | SL_USES_DRY_RUN },
 *     };
 *
 * Options stand anywhere behind the program's name, common ones before the verb too; `--` ends
 * them. Values and operands are UTF-8 when a verb gets them, but for paths (see `value`). */
#ifndef SL_CLI_CLI_H
#define SL_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"

enum sl_format { SL_FORMAT_TABLE, SL_FORMAT_JSON, SL_FORMAT_NDJSON, SL_FORMAT_CSV, SL_FORMAT_TSV };

/* What an option fills: */
enum sl_opt_kind {
    SL_OPT_FLAG,   /* bool */
    SL_OPT_COUNT,  /* int: how often it stood there */
    SL_OPT_TEXT,   /* const char *, borrowed from argv; NULL if it was not given */
    SL_OPT_CHOICE, /* the same; one of the words of `value`, else the status is 65 */
    SL_OPT_INT,    /* int64_t: `least` to `most`, else the status is 65 */
    SL_OPT_MAYBE,  /* struct sl_maybe: --wait, --wait=30, --wait 30 */
    SL_OPT_LIST,   /* struct sl_list, in the order of the line */
};

struct sl_maybe {
    bool given;
    int64_t value; /* `initial` if it stood there bare, or not at all */
};

struct sl_list {
    const char **items; /* n of them, borrowed from argv */
    size_t n;
};

struct sl_opt {
    const char *name; /* long option; the table ends with a NULL name */
    char letter;      /* short option, or 0 */
    enum sl_opt_kind kind;
    size_t offset; /* of the member that it fills: offsetof(struct send_options, from) */
    /* What help calls the argument; NULL for FLAG and COUNT. It also names what completion
     * offers: "sandbox|production" these words, "FILE…" or "PATH…" paths (which may be no
     * UTF-8), any other what the program's complete() prints for it. */
    const char *value;
    const char *help; /* "What to say"; no final stop */
    bool required;    /* without it the status is 64 */
    int64_t least;    /* INT, MAYBE */
    int64_t most;     /* INT, MAYBE; 0: no bound */
    int64_t initial;  /* INT, MAYBE: the value if none is given; help tells it if not 0 */
};

/* The common options that make sense for a verb; all others of them (--format, --config,
 * --database, --quiet, --verbose, --help, --version) are taken always. One that a verb does not
 * use is refused, so that nobody believes in a dry run that is none. */
enum sl_common {
    SL_USES_SCHOOL = 1,
    SL_USES_PROVIDER = 2,
    SL_USES_DRY_RUN = 4,
    SL_NEEDS_SCHOOL = 8 | SL_USES_SCHOOL, /* without one the status is 64 */
    SL_NEEDS_PROVIDER = 16 | SL_USES_PROVIDER,
    /* A daemon or job: it works what is recorded, and also where nobody hears of it. */
    SL_WORKS_UNHEARD = 32,
};

/* The bits of sl_cli.given. */
enum sl_given { SL_GAVE_SCHOOL = 1, SL_GAVE_CONFIG = 2, SL_GAVE_DATABASE = 4, SL_GAVE_FORMAT = 8 };

/* What every verb has: the common options, and the operands. */
struct sl_cli {
    const char *program;
    /* The option or else SL_SCHOOL, SL_CONFIG, SL_DATABASE if not empty; NULL without both.
     * The school is NULL too for a verb that does not use one. */
    const char *school, *config, *database;
    const char *provider;
    enum sl_format format;
    bool dry_run, quiet;
    int verbose;    /* 1: tells the steps; 2: shows each request and answer */
    unsigned given; /* SL_GAVE_…: stood on the line and did not come from the environment */
    const char *const *operands; /* n_operands of them, borrowed from argv */
    size_t n_operands;
    struct sl_arena *arena; /* lives as long as the verb runs */
    bool *bar_drawn;        /* terminal.h's own: a bar is on the terminal now; may be NULL */
};

struct sl_verb {
    const char *name;             /* words: "send", "optout add"; "" if the program has no verbs */
    const char *operands;         /* for help: "NUMBER...", "[NAME=VALUE...]"; NULL without */
    const char *summary;          /* one line; what it does, in the imperative */
    const struct sl_opt *options; /* NULL without */
    size_t options_size;          /* of the struct that they fill, which starts zeroed; 0 without */
    size_t min_operands, max_operands; /* SIZE_MAX: any number */
    /* 0: done; 1, 75 …: the exit status of what was not done in full; -1: *err is set. */
    int (*run)(const struct sl_cli *cli, const void *options, struct sl_err *err);
    unsigned common;       /* SL_USES_…, SL_NEEDS_… */
    enum sl_format format; /* without --format */
};

/* A name of several words and its beginning may both be verbs ("scenario", "scenario list"):
 * the longer one is matched first. */
struct sl_program {
    const char *name;
    const char *summary; /* "Text messages" */
    const struct sl_verb *verbs;
    size_t n_verbs;
    /* Prints, a line each, the words that completion offers for a value or operand that help
     * calls `kind` ("SCHOOL", "BATCH"). cli->operands are the words of the line so far, verb and
     * all. It never prints errors and never opens the key ring. May be NULL. */
    void (*complete)(const struct sl_cli *cli, const char *kind);
    const char *see_also; /* "sl-queue-run(1), sl-logs(1)"; may be NULL */
};

/* The whole of main(): parses, runs, prints the error if there is one ("sl-sms: …", on
 * stderr), returns the exit status.
 *
 * Before it runs anything it makes SIGPIPE, SIGXFSZ and SIGUSR1 ignored (a child process inherits
 * that), forbids core dumps, and opens what is missing of the descriptors 0 to 2. No verb is run
 * while stdout or stderr is not open for writing (SL_ERR_IO), but for SL_WORKS_UNHEARD. */
int sl_cli_main(int argc, char **argv, const struct sl_program *program);

/* A line of talk on stderr, which --quiet silences; the newline is added. Control characters
 * of foreign text come out as '?'. */
void sl_say(const struct sl_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with -v (level 1) or -vv (level 2). */
void sl_say_verbose(const struct sl_cli *cli, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Of what is in the database already when the error comes: puts "NOUN ID is recorded" before it
 * and, if it has no hint, names the line that shows what became of it. Returns -1. */
int sl_err_recorded(struct sl_err *err, const char *noun, const char *id, const char *program,
                    const char *verb);

/* Sets an SL_ERR_USAGE, SL_ERR_DATA or SL_ERR_CONFIG "there is no NOUN 'WORD'", and as its hint
 * the nearest of the words: for schools, providers and columns too. Returns -1. */
int sl_err_unknown(struct sl_err *err, enum sl_err_code code, const char *noun, const char *word,
                   const char *const *words, size_t n_words);

#endif
