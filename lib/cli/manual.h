/* The manual page, section 1: from the program's tables, and prose that no table knows.
 *
 * The prose is plain text. `# HEADING` begins a section; what stands before the first is the
 * description. Lines that belong to a section which the tables make too (OPTIONS, EXIT STATUS,
 * ENVIRONMENT, FILES) are added to it. Indented lines are printed as they are, a blank line
 * begins a paragraph, and `words in backquotes` are bold. */
#ifndef SL_CLI_MANUAL_H
#define SL_CLI_MANUAL_H

#include "lib/cli/cli.h"

/* To stdout. The path may be NULL: no prose. */
int sl_print_manual(const struct sl_program *program, const char *prose_path,
                    struct sl_arena *arena, struct sl_err *err);

#endif
