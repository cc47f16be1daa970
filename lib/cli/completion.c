#include "lib/cli/completion.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/cli/find.h"
#include "lib/cli/parse.h"
#include "lib/cli/values.h"

/* The same in every program's script. What a program prints is data: it is compared and quoted,
 * and never handed to `compgen -W`, which would run `$(…)` in it. */
static const char shared[] =
    "_sl_words() {\n"
    "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W \"$*\" -- \"$cur\")\n"
    "}\n"
    "_sl_files() {\n"
    "    compopt -o filenames\n"
    "    mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "}\n"
    "_sl_ask() {\n"
    "    local word\n"
    "    while IFS= read -r word; do\n"
    "        [[ $word == \"$cur\"* ]] && COMPREPLY+=(\"$(printf %q \"$word\")\")\n"
    "    done < <(\"$program\" --complete \"$1\" \"${words[@]}\" 2>/dev/null)\n"
    "}\n";

static const char prologue[] =
    "    local program=$1 cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local words=(\"${COMP_WORDS[@]:1:COMP_CWORD-1}\") verb=\n"
    "    COMPREPLY=()\n"
    "    if [[ $cur == = ]]; then\n"
    "        cur=\n"
    "    elif [[ $before == = && $COMP_CWORD -gt 1 ]]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n";

/* What "FILE|-", "sandbox|production" or "ID|BATCH" offers: words in capitals name a kind. */
static void print_kind(const struct sl_program *program, const char *kind, struct sl_arena *arena)
{
    const char **words;
    size_t n = sl_choice_words(arena, kind, &words);

    for (size_t i = 0; i < n; i++) {
        if (sl_names_path(words[i]))
            (void)printf(" _sl_files;");
        else if (islower((unsigned char)*words[i]))
            (void)printf(" _sl_words '%s';", words[i]);
        else if (program->complete && isupper((unsigned char)*words[i]))
            (void)printf(" _sl_ask '%s';", words[i]);
    }
}

/* The values of an option: of this verb, or of all for "*". */
static void print_values(const struct sl_program *program, const char *verb,
                         const struct sl_opt *options, struct sl_arena *arena)
{
    for (const struct sl_opt *option = options; option && option->name; option++) {
        if (!option->value || option->kind == SL_OPT_MAYBE)
            continue;
        (void)printf("    %s:--%s", verb, option->name);
        if (option->letter)
            (void)printf("|%s:-%c", verb, option->letter);
        (void)printf(")");
        print_kind(program, option->value, arena);
        (void)printf(" return ;;\n");
    }
}

static void print_names(const struct sl_verb *verb, const struct sl_opt *options, bool common)
{
    for (const struct sl_opt *option = options; option && option->name; option++) {
        if (common && !sl_common_used(verb, option))
            continue;
        (void)printf(" --%s", option->name);
        if (option->letter)
            (void)printf(" -%c", option->letter);
    }
}

static size_t count_words(const char *name)
{
    size_t n = *name != '\0';

    for (; *name; name++)
        n += *name == ' ';
    return n;
}

/* Longer names first: "scenario list" before "scenario". */
static void print_verb_cases(const struct sl_program *program)
{
    (void)printf("    case \" ${words[*]} \" in\n");
    for (size_t n = 4; n > 0; n--)
        for (size_t i = 0; i < program->n_verbs; i++)
            if (count_words(program->verbs[i].name) == n)
                (void)printf("    ' %s '*) verb='%s' ;;\n", program->verbs[i].name,
                             program->verbs[i].name);
    (void)printf("    esac\n");
}

/* The first verb of the table with this beginning: its next word would come twice otherwise. */
static bool is_first(const struct sl_program *program, size_t i, size_t n)
{
    const char *name = program->verbs[i].name;

    for (size_t before = 0; before < i; before++) {
        const char *other = program->verbs[before].name;

        if (strncmp(other, name, n) == 0 && (!other[n] || other[n] == ' '))
            return false;
    }
    return true;
}

/* The next word of the verb, behind none of its words or some. */
static void print_verb_words(const struct sl_program *program)
{
    for (size_t i = 0; i < program->n_verbs; i++) {
        const char *name = program->verbs[i].name;

        for (size_t at = 0, end; name[at]; at = end + (name[end] == ' ')) {
            end = at + strcspn(name + at, " ");
            if (is_first(program, i, end))
                (void)printf("    [[ ${words[*]} == '%.*s' ]] && _sl_words %.*s\n",
                             (int)(at > 0 ? at - 1 : 0), name, (int)(end - at), name + at);
        }
    }
}

static void print_operands(const struct sl_program *program, struct sl_arena *arena)
{
    (void)printf("    case $verb in\n");
    for (size_t i = 0; i < program->n_verbs; i++) {
        const struct sl_verb *verb = &program->verbs[i];
        const char *kind = sl_operand_kind(arena, verb, 0), *next;

        (void)printf("    '%s')", verb->name);
        for (size_t at = 1; *kind; at++) {
            print_kind(program, kind, arena);
            next = sl_operand_kind(arena, verb, at);
            kind = strcmp(next, kind) == 0 ? "" : next;
        }
        (void)printf(" ;;\n");
    }
    (void)printf("    esac\n");
}

static void print_option_cases(const struct sl_program *program, struct sl_arena *arena)
{
    (void)printf("    case $verb:$before in\n");
    for (size_t i = 0; i < program->n_verbs; i++)
        print_values(program, sl_arena_printf(arena, "'%s'", program->verbs[i].name),
                     program->verbs[i].options, arena);
    print_values(program, "*", sl_common_options, arena);
    (void)printf("    esac\n    if [[ $cur == -* ]]; then\n        case $verb in\n");
    for (size_t i = 0; i < program->n_verbs; i++) {
        (void)printf("        '%s') _sl_words", program->verbs[i].name);
        print_names(&program->verbs[i], program->verbs[i].options, false);
        print_names(&program->verbs[i], sl_common_options, true);
        (void)printf(" ;;\n");
    }
    if (!sl_verb_is_implied(program))
        (void)printf("        *) _sl_words --help --version ;;\n");
    (void)printf("        esac\n        return\n    fi\n");
}

int sl_print_completion(const struct sl_program *program, struct sl_arena *arena)
{
    char *function = sl_arena_printf(arena, "_%s", program->name);

    for (char *at = function; *at; at++)
        if (!isalnum((unsigned char)*at))
            *at = '_';
    (void)printf("# bash completion for %s\n%s%s() {\n%s", program->name, shared, function,
                 prologue);
    print_verb_cases(program);
    print_option_cases(program, arena);
    if (!sl_verb_is_implied(program))
        print_verb_words(program);
    print_operands(program, arena);
    (void)printf("}\ncomplete -F %s %s\n", function, program->name);
    return 0;
}
