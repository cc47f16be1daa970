/* The line, read by the tables: what lib/cli knows of a verb beside its function. */
#ifndef SL_CLI_PARSE_H
#define SL_CLI_PARSE_H

#include "lib/cli/cli.h"

/* What the common options fill. */
struct sl_line {
    struct sl_cli cli;
    const char *format; /* NULL if the line does not name one */
    bool help, version;
};

/* Ends with a NULL name. */
extern const struct sl_opt sl_common_options[];

/* Whether it makes sense for the verb; all do without a verb. */
bool sl_common_used(const struct sl_verb *verb, const struct sl_opt *common);

/* Values and operands with this name in help are paths: bytes, not text. */
bool sl_names_path(const char *name);

/* What help calls the i-th operand, as a word without brackets and dots; the last one stands for
 * all that follow. "" if there is none. */
const char *sl_operand_kind(struct sl_arena *arena, const struct sl_verb *verb, size_t i);

/* "sl-sms send"; without a verb "sl-sms". */
const char *sl_title(struct sl_arena *arena, const char *program, const struct sl_verb *verb);

/* The first argument that is neither an option nor the value of a common one; argc if there is
 * none or an option before it is not common. */
int sl_first_operand(struct sl_arena *arena, int argc, char **argv);

/* Fills *line, whose cli.program and cli.arena are set, and *options, which is zeroed. The verb
 * may be NULL: then only common options are known. After -1 the rest of the line has been read
 * all the same, so that line->format is known and the error can be told in it. */
int sl_parse(struct sl_line *line, void *options, const struct sl_verb *verb, int argc, char **argv,
             struct sl_err *err);

#endif
