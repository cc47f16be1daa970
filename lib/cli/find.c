#include "lib/cli/find.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/cli/parse.h"

bool sl_verb_is_implied(const struct sl_program *program)
{
    return program->n_verbs == 1 && !*program->verbs[0].name;
}

/* How many words the verb's name takes up: "optout add" two; 0 if they name another. */
static int match_verb(const struct sl_verb *verb, int n_words, char **words)
{
    const char *at = verb->name;
    int taken = 0;

    while (*at) {
        size_t n = strcspn(at, " ");

        if (taken == n_words || strlen(words[taken]) != n || strncmp(words[taken], at, n) != 0)
            return 0;
        taken++;
        at += n + (at[n] == ' ');
    }
    return taken;
}

const struct sl_verb *sl_find_verb(const struct sl_program *program, int n_words, char **words,
                                   int *taken)
{
    const struct sl_verb *found = NULL;

    *taken = 0;
    for (size_t i = 0; i < program->n_verbs; i++) {
        int matched = match_verb(&program->verbs[i], n_words, words);

        if (matched > *taken) {
            *taken = matched;
            found = &program->verbs[i];
        }
    }
    return found;
}

static bool begins_with(const char *name, const char *word)
{
    size_t n = strlen(word);

    return strncmp(name, word, n) == 0 && name[n] == ' ';
}

bool sl_begins_verb(const struct sl_program *program, const char *word)
{
    for (size_t i = 0; i < program->n_verbs; i++)
        if (begins_with(program->verbs[i].name, word))
            return true;
    return false;
}

/* "optout ad" is compared with "optout add", "otpout" and "optuot add" with "optout". */
static const char *suggest_verb(const struct sl_program *program, const char *first,
                                const char *both, struct sl_arena *arena)
{
    const char **names = SL_NEW(arena, const char *, program->n_verbs * 2);
    const char *meant;
    size_t n = 0;

    for (size_t i = 0; i < program->n_verbs; i++) {
        const char *name = program->verbs[i].name;

        names[n++] = name;
        if (strchr(name, ' '))
            names[n++] = sl_arena_memdup(arena, name, strcspn(name, " "));
    }
    meant = sl_nearest(both, names, n);
    return meant ? meant : sl_nearest(first, names, n);
}

int sl_refuse_verb(const struct sl_program *program, int n_words, char **words,
                   struct sl_arena *arena, struct sl_err *err)
{
    const char *first = words[0], *said = first, *meant;
    bool begun = sl_begins_verb(program, first);

    if (begun && (n_words < 2 || *words[1] == '-')) {
        (void)sl_err_set(err, SL_ERR_USAGE, "'%s' is only the beginning of a verb", first);
        return sl_err_hint(err, "see `%s %s --help`", program->name, first);
    }
    if (n_words > 1)
        said = sl_arena_printf(arena, "%s %s", first, words[1]);
    meant = suggest_verb(program, first, said, arena);
    (void)sl_err_set(err, SL_ERR_USAGE, "there is no verb '%s'", begun ? said : first);
    if (meant && strcmp(meant, first) != 0)
        return sl_err_hint(err, "did you mean '%s'?", meant);
    return sl_err_hint(err, "see `%s --help`", program->name);
}
