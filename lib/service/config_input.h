/* Settings as people write them: NAME=VALUE on the line, lines of a file, or a JSON object. */
#ifndef SL_SERVICE_CONFIG_INPUT_H
#define SL_SERVICE_CONFIG_INPUT_H

#include "lib/service/config.h"

/* Grows in its arena: begin with { .arena = …, .adapter = … }. */
struct sl_config_input {
    struct sl_arena *arena;
    const struct sl_adapter *adapter;
    struct sl_change *changes; /* n of them, in the order in which they came */
    size_t n;
};

/* A value that was asked for. One of a file setting that is a path is read, here and below; what is
 * no path is the content itself. */
int sl_config_input_add(struct sl_config_input *input, const char *name, const char *value,
                        struct sl_err *err);

/* "NAME=VALUE" from the command line, where other users can read it: SL_ERR_USAGE for a secret,
 * whose value is not repeated, and for what is not of that form. */
int sl_config_input_operand(struct sl_config_input *input, const char *operand, struct sl_err *err);

/* The file's lines, or its one JSON object; "-" is standard input. In lines, empty ones and those
 * that begin with '#' are skipped. SL_ERR_DATA for what cannot be read, with its line. */
int sl_config_input_from(struct sl_config_input *input, const char *path, struct sl_err *err);

/* Whether it is among the changes. */
bool sl_config_input_has(const struct sl_config_input *input, const char *name);

#endif
