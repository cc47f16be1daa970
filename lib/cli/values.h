/* The value of an option: from the line into the member that its row names. */
#ifndef SL_CLI_VALUES_H
#define SL_CLI_VALUES_H

#include "lib/cli/cli.h"

/* Sets what is not zero before the line is read. */
void sl_values_begin(const struct sl_opt *options, void *into);

/* `most` is how many values a list of this line can have at most. -1 with SL_ERR_DATA. */
int sl_value_set(const struct sl_opt *option, void *into, const char *value, struct sl_arena *arena,
                 size_t most, struct sl_err *err);

/* Where the word stands in "sandbox|production", or -1. */
int sl_choice_index(const char *choices, const char *word);

/* "sandbox|production" in the arena, one by one; returns how many. */
size_t sl_choice_words(struct sl_arena *arena, const char *choices, const char ***words);

#endif
