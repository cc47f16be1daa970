/* A hash table from 64-bit hashes to pointers: who was counted, which token is whose.
 *
 * The hash stands for the key: with two million of them two agree by chance once in ten
 * million runs. Where that would matter, what is found is compared. Nothing is removed
 * singly. A zeroed table is empty. */
#ifndef SL_SANDBOX_TABLE_H
#define SL_SANDBOX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_table {
    struct sl_table_entry *entries;
    size_t n, capacity; /* a power of two, or 0 */
};

void *sl_table_get(const struct sl_table *table, uint64_t hash); /* NULL if it is not there */
void sl_table_set(struct sl_table *table, uint64_t hash, void *thing);
bool sl_table_first(struct sl_table *table, uint64_t hash); /* not there before; it is now */
void sl_table_clear(struct sl_table *table);                /* for SL_AUTO() too */

/* FNV-1a, continued from `hash`: that of several texts is chained, the NUL of each included. */
#define SL_HASH_BEGIN UINT64_C(14695981039346656037)
uint64_t sl_hash(uint64_t hash, const void *bytes, size_t n);
uint64_t sl_hash_text(uint64_t hash, const char *text);

#endif
