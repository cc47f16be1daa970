/* Help, and the words for options that help and the manual share. */
#ifndef SL_CLI_HELP_H
#define SL_CLI_HELP_H

#include "lib/cli/cli.h"

/* Of the program: its verbs; only those that begin with the word, if there are any. */
void sl_help_program(const struct sl_program *program, const char *word);
void sl_help_verb(const struct sl_program *program, const struct sl_verb *verb,
                  struct sl_arena *arena);

/* "--school SCHOOL --message TEXT [OPTION...] NUMBER...": what stands behind the verb. */
const char *sl_help_line(struct sl_arena *arena, const struct sl_verb *verb);

/* "-m, --message TEXT", "    --wait [SECONDS]" */
const char *sl_help_option(struct sl_arena *arena, const struct sl_opt *option);

/* What it means, whether it is required, what it is otherwise. */
const char *sl_help_meaning(struct sl_arena *arena, const struct sl_opt *option);

#endif
