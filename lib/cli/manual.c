#include "lib/cli/manual.h"

#include <stdio.h>
#include <string.h>

#include "lib/cli/find.h"
#include "lib/cli/help.h"
#include "lib/cli/parse.h"
#include "lib/cli/roff.h"

struct entry {
    const char *term, *meaning;
};

static const struct entry exit_status[] = {
    { "0", "Done." },
    { "1", "Some items failed or are unknown, or a payment was refused." },
    { "64", "The command line: an unknown verb or option; a missing operand, option or school; a "
            "secret on it." },
    { "65", "Bad input data: a value on the line or in a file." },
    { "69",
      "The provider or the database cannot be reached, and nothing was queued; or the address "
      "to listen on is taken." },
    { "70", "Internal error: a bug of this program." },
    { "73", "An output file cannot be made." },
    { "74", "Input or output failed: disk full, output closed." },
    { "75", "Accepted and queued; not finished." },
    { "77", "The provider refused the credentials." },
    { "78", "Configuration: a school or provider unknown or not set up; config file, key ring or "
            "database missing or unusable." },
};

static const struct entry environment[] = {
    { "SL_SCHOOL", "The school, where --school does not name one." },
    { "SL_CONFIG", "The config file, where --config does not name one." },
    { "SL_DATABASE", "The database, where --database does not name one." },
    { "SL_KEYRING", "The key ring that opens the sealed credentials." },
    { "NO_COLOR", "If it is not empty, nothing is coloured." },
};

static const struct entry files[] = {
    { "/etc/shulelabs/shulelabs.yaml",
      "Settings; for other users than root $XDG_CONFIG_HOME/shulelabs/shulelabs.yaml." },
    { "/etc/shulelabs/keyring",
      "The key ring; for other users than root $XDG_CONFIG_HOME/shulelabs/keyring." },
    { "/var/lib/shulelabs/shulelabs.db",
      "The database; for other users than root $XDG_DATA_HOME/shulelabs/shulelabs.db." },
};

/* ---- Prose -------------------------------------------------------------------------- */

static bool is_heading(const char *line, const char *heading)
{
    size_t n = strlen(heading);

    return strncmp(line, "# ", 2) == 0 && strncmp(line + 2, heading, n) == 0 &&
           (line[n + 2] == '\n' || !line[n + 2]);
}

static void print_prose_of(const char *prose, const char *heading)
{
    for (const char *line = prose; *line; line = sl_next_line(line))
        if (is_heading(line, heading))
            sl_roff_prose(sl_next_line(line));
}

static void print_section(const char *prose, const char *heading, const struct entry *entries,
                          size_t n)
{
    (void)printf(".SH %s\n", heading);
    for (size_t i = 0; i < n; i++) {
        (void)fputs(".TP\n\\fB", stdout);
        sl_roff(entries[i].term);
        (void)fputs("\\fR\n", stdout);
        sl_roff(entries[i].meaning);
        (void)putchar('\n');
    }
    print_prose_of(prose, heading);
}

/* The sections that no table makes too, in the order of the file. */
static void print_other_sections(const char *prose, struct sl_arena *arena)
{
    static const char *const made[] = { "DESCRIPTION", "OPTIONS", "EXIT STATUS",
                                        "ENVIRONMENT", "FILES",   "SEE ALSO" };

    for (const char *line = prose; *line; line = sl_next_line(line)) {
        bool other = strncmp(line, "# ", 2) == 0;

        for (size_t i = 0; i < SL_COUNT(made); i++)
            other = other && !is_heading(line, made[i]);
        if (!other)
            continue;
        (void)fputs(".SH ", stdout);
        sl_roff(sl_arena_memdup(arena, line + 2, strcspn(line + 2, "\n")));
        (void)putchar('\n');
        sl_roff_prose(sl_next_line(line));
    }
}

static int read_prose(const char *path, struct sl_arena *arena, const char **prose,
                      struct sl_err *err)
{
    FILE *file = fopen(path, "re");
    struct sl_buf text = sl_buf_new(arena);
    char part[4096];
    size_t n;
    bool failed;

    if (!file)
        return sl_err_set(err, SL_ERR_DATA, "%s: %m", path);
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        sl_buf_add(&text, part, n);
    failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed)
        return sl_err_set(err, SL_ERR_IO, "%s cannot be read", path);
    *prose = text.data;
    return 0;
}

/* ---- From the tables ---------------------------------------------------------------- */

static void print_head(const struct sl_program *program, struct sl_arena *arena)
{
    char *name = sl_arena_strdup(arena, program->name);

    for (char *at = name; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    (void)fputs(".TH ", stdout);
    sl_roff(name);
    (void)printf(" 1 \"\" \"ShuleLabs Integrations %s\" \"ShuleLabs Integrations\"\n", SL_VERSION);
    (void)fputs(".nh\n.ad l\n.SH NAME\n", stdout);
    sl_roff(program->name);
    (void)fputs(" \\- ", stdout);
    sl_roff(program->summary);
    (void)putchar('\n');
}

static void print_synopsis(const struct sl_program *program, struct sl_arena *arena)
{
    (void)puts(".SH SYNOPSIS");
    for (size_t i = 0; i < program->n_verbs; i++) {
        const struct sl_verb *verb = &program->verbs[i];

        (void)fputs(i > 0 ? ".br\n\\fB" : "\\fB", stdout);
        sl_roff(sl_title(arena, program->name, verb));
        (void)fputs("\\fR ", stdout);
        sl_roff(sl_help_line(arena, verb));
        (void)putchar('\n');
    }
}

static void print_option(const struct sl_opt *option, struct sl_arena *arena)
{
    const char *term = sl_help_option(arena, option);

    (void)fputs(".TP\n\\fB", stdout);
    sl_roff(term + strspn(term, " "));
    (void)fputs("\\fR\n", stdout);
    sl_roff(sl_help_meaning(arena, option));
    (void)fputs(".\n", stdout);
}

static void print_options(const struct sl_program *program, const char *prose,
                          struct sl_arena *arena)
{
    (void)puts(".SH OPTIONS");
    for (size_t i = 0; i < program->n_verbs; i++) {
        const struct sl_verb *verb = &program->verbs[i];

        (void)fputs(".SS ", stdout);
        sl_roff(sl_title(arena, program->name, verb));
        (void)putchar('\n');
        sl_roff(verb->summary);
        (void)puts(".");
        for (const struct sl_opt *option = verb->options; option && option->name; option++)
            print_option(option, arena);
    }
    (void)puts(".SS Common options\n"
               "A verb takes those of them that make sense for it and refuses the others.");
    for (const struct sl_opt *option = sl_common_options; option->name; option++)
        print_option(option, arena);
    print_prose_of(prose, "OPTIONS");
}

int sl_print_manual(const struct sl_program *program, const char *prose_path,
                    struct sl_arena *arena, struct sl_err *err)
{
    const char *prose = "";

    if (prose_path && read_prose(prose_path, arena, &prose, err) < 0)
        return -1;
    print_head(program, arena);
    print_synopsis(program, arena);
    if (*prose && strncmp(prose, "# ", 2) != 0)
        (void)puts(".SH DESCRIPTION");
    sl_roff_prose(prose);
    print_options(program, prose, arena);
    print_section(prose, "EXIT STATUS", exit_status, SL_COUNT(exit_status));
    print_section(prose, "ENVIRONMENT", environment, SL_COUNT(environment));
    print_section(prose, "FILES", files, SL_COUNT(files));
    print_other_sections(prose, arena);
    if (program->see_also) {
        (void)puts(".SH SEE ALSO");
        sl_roff(program->see_also);
        (void)putchar('\n');
    }
    return 0;
}
