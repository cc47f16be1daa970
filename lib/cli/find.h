/* Which verb a line names. */
#ifndef SL_CLI_FIND_H
#define SL_CLI_FIND_H

#include "lib/cli/cli.h"

/* The verb whose name the words begin with, the longest if there are several, or NULL; *taken is
 * how many words its name has. */
const struct sl_verb *sl_find_verb(const struct sl_program *program, int n_words, char **words,
                                   int *taken);

/* The program is a job: its one verb has no name. */
bool sl_verb_is_implied(const struct sl_program *program);

/* Some verb's name is this word and more: "optout". */
bool sl_begins_verb(const struct sl_program *program, const char *word);

/* "there is no verb 'sned'", and what was meant. Returns -1. */
int sl_refuse_verb(const struct sl_program *program, int n_words, char **words,
                   struct sl_arena *arena, struct sl_err *err);

#endif
