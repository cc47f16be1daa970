#include <string.h>

#include "lib/base/text.h"
#include "lib/cli/parse.h"

/* Two neighbours that changed places ("sned") are the commonest slip; an edit distance counts
 * them twice, which is too far for a short word. */
static const char *find_swapped(struct sl_arena *arena, const char *word, const char *const *words,
                                size_t n_words)
{
    char *swapped = sl_arena_strdup(arena, word);

    for (size_t at = 0; *word && word[at + 1]; at++) {
        swapped[at] = word[at + 1];
        swapped[at + 1] = word[at];
        for (size_t i = 0; i < n_words; i++)
            if (strcmp(swapped, words[i]) == 0)
                return words[i];
        swapped[at] = word[at];
        swapped[at + 1] = word[at + 1];
    }
    return NULL;
}

const char *sl_suggest(struct sl_arena *arena, const char *word, const char *const *words,
                       size_t n_words)
{
    const char *swapped = find_swapped(arena, word, words, n_words);

    return swapped ? swapped : sl_nearest(word, words, n_words);
}

int sl_err_unknown(struct sl_err *err, enum sl_err_code code, const char *noun, const char *word,
                   const char *const *words, size_t n_words)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *meant = sl_suggest(arena, word, words, n_words);

    (void)sl_err_set(err, code, "there is no %s '%s'", noun, word);
    return meant ? sl_err_hint(err, "did you mean '%s'?", meant) : -1;
}
