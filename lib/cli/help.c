#include "lib/cli/help.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/cli/find.h"
#include "lib/cli/parse.h"

enum { WIDTH = 79, MEANING = 30 }; /* of the lines; where the right column begins */

const char *sl_help_option(struct sl_arena *arena, const struct sl_opt *option)
{
    struct sl_buf out = sl_buf_new(arena);

    if (option->letter)
        sl_buf_printf(&out, "-%c, ", option->letter);
    else
        sl_buf_text(&out, "    ");
    sl_buf_printf(&out, "--%s", option->name);
    if (option->value)
        sl_buf_printf(&out, option->kind == SL_OPT_MAYBE ? " [%s]" : " %s", option->value);
    return out.data;
}

const char *sl_help_meaning(struct sl_arena *arena, const struct sl_opt *option)
{
    struct sl_buf out = sl_buf_new(arena);

    sl_buf_text(&out, option->help ? option->help : "");
    if (option->required)
        sl_buf_text(&out, "; required");
    if (option->kind == SL_OPT_LIST)
        sl_buf_text(&out, "; may be repeated");
    if (option->initial)
        sl_buf_printf(&out, " (otherwise %" PRId64 ")", option->initial);
    return out.data;
}

const char *sl_help_line(struct sl_arena *arena, const struct sl_verb *verb)
{
    struct sl_buf out = sl_buf_new(arena);

    if ((verb->common & SL_NEEDS_SCHOOL) == SL_NEEDS_SCHOOL)
        sl_buf_text(&out, "--school SCHOOL ");
    if ((verb->common & SL_NEEDS_PROVIDER) == SL_NEEDS_PROVIDER)
        sl_buf_text(&out, "--provider PROVIDER ");
    for (const struct sl_opt *option = verb->options; option && option->name; option++)
        if (option->required)
            sl_buf_printf(&out, "--%s %s ", option->name, option->value ? option->value : "");
    sl_buf_text(&out, "[OPTION...]");
    if (verb->operands && *verb->operands)
        sl_buf_printf(&out, " %s", verb->operands);
    return out.data;
}

/* The left column is written, `column` wide; the text follows, wrapped between words. */
static void print_meaning(size_t column, const char *text)
{
    if (column + 2 > MEANING) {
        (void)putchar('\n');
        column = 0;
    }
    (void)printf("%*s", (int)(MEANING - column), "");
    column = MEANING;
    while (*text) {
        size_t n = strcspn(text, " ");

        if (column > MEANING && column + 1 + n > WIDTH) {
            (void)printf("\n%*s", MEANING, "");
            column = MEANING;
        }
        column += (size_t)printf("%s%.*s", column > MEANING ? " " : "", (int)n, text);
        text += n + (text[n] == ' ');
    }
    (void)putchar('\n');
}

static void print_option(const struct sl_opt *option, struct sl_arena *arena)
{
    int column = printf("  %s", sl_help_option(arena, option));

    print_meaning(column > 0 ? (size_t)column : 0, sl_help_meaning(arena, option));
}

void sl_help_verb(const struct sl_program *program, const struct sl_verb *verb,
                  struct sl_arena *arena)
{
    (void)printf("Usage: %s %s\n%s.\n\n", sl_title(arena, program->name, verb),
                 sl_help_line(arena, verb), verb->summary);
    for (const struct sl_opt *option = verb->options; option && option->name; option++)
        print_option(option, arena);
    if (verb->options)
        (void)putchar('\n');
    for (const struct sl_opt *option = sl_common_options; option->name; option++)
        if (sl_common_used(verb, option))
            print_option(option, arena);
}

static bool is_asked(const char *name, const char *word)
{
    size_t n = word ? strlen(word) : 0;

    return n == 0 || (strncmp(name, word, n) == 0 && (!name[n] || name[n] == ' '));
}

void sl_help_program(const struct sl_program *program, const char *word)
{
    const char *asked = word && sl_begins_verb(program, word) ? word : NULL;

    (void)printf("Usage: %s VERB [OPTION...] [OPERAND...]\n%s.\n\n", program->name,
                 program->summary);
    for (size_t i = 0; i < program->n_verbs; i++)
        if (is_asked(program->verbs[i].name, asked)) {
            int column = printf("  %s", program->verbs[i].name);

            print_meaning(column > 0 ? (size_t)column : 0, program->verbs[i].summary);
        }
    (void)printf("\nThe options of a verb: %s VERB --help. All of it: man %s\n", program->name,
                 program->name);
}
