#include "lib/base/text.h"
#include "lib/cli/cli.h"

int sl_err_unknown(struct sl_err *err, enum sl_err_code code, const char *noun, const char *word,
                   const char *const *words, size_t n_words)
{
    const char *meant = sl_nearest(word, words, n_words);

    (void)sl_err_set(err, code, "there is no %s '%s'", noun, word);
    return meant ? sl_err_hint(err, "did you mean '%s'?", meant) : -1;
}
