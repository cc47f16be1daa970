/* The table format: libsmartcols, a page of rows at a time. */
#ifndef SL_CLI_TABLE_H
#define SL_CLI_TABLE_H

#include "lib/cli/output.h"

struct sl_table;

/* Columns and *to are borrowed. */
struct sl_table *sl_table_new(const struct sl_output_to *to, const struct sl_column *columns,
                              size_t n_columns);

/* Kept until the page is full. `arena` is for the cells' text and may be reset afterwards. */
void sl_table_add(struct sl_table *table, const struct sl_value *values, struct sl_arena *arena);

/* Prints what is kept. The stream remembers a failure, and errno says why. */
void sl_table_print(struct sl_table *table);

/* *table may be NULL and is NULL afterwards. */
void sl_table_free(struct sl_table **table);

/* A value as text, in `zone` or, if it is NULL, as UTC with Z; NULL for null. JSON
 * comes on one line. */
const char *sl_value_text(struct sl_arena *arena, const struct sl_column *column,
                          const struct sl_value *value, const char *zone);

#endif
