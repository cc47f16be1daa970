/* Completion for bash, printed from the tables. What they do not know (schools, providers,
 * batches, a file's columns) the script asks `PROGRAM --complete KIND WORD…` for. */
#ifndef SL_CLI_COMPLETION_H
#define SL_CLI_COMPLETION_H

#include "lib/cli/cli.h"

/* To stdout. Returns 0. */
int sl_print_completion(const struct sl_program *program, struct sl_arena *arena);

#endif
