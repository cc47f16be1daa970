#include "sandbox/table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"

struct sl_table_entry {
    uint64_t hash;
    void *thing; /* NULL: free */
};

/* The entry of this hash, or the free one where it belongs. FNV leaves its low bits uneven
 * on short keys: the multiplication spreads them. */
static struct sl_table_entry *find(const struct sl_table *table, uint64_t hash)
{
    size_t mask = table->capacity - 1;
    size_t i = (size_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 20) & mask;

    while (table->entries[i].thing && table->entries[i].hash != hash)
        i = (i + 1) & mask;
    return &table->entries[i];
}

static void grow(struct sl_table *table)
{
    struct sl_table larger = { .n = table->n,
                               .capacity = table->capacity ? table->capacity * 2 : 64 };

    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (!larger.entries)
        sl_out_of_memory();
    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].thing)
            *find(&larger, table->entries[i].hash) = table->entries[i];
    free(table->entries);
    *table = larger;
}

void *sl_table_get(const struct sl_table *table, uint64_t hash)
{
    return table->n > 0 ? find(table, hash)->thing : NULL;
}

void sl_table_set(struct sl_table *table, uint64_t hash, void *thing)
{
    struct sl_table_entry *entry;

    if (table->n * 2 >= table->capacity)
        grow(table);
    entry = find(table, hash);
    table->n += entry->thing == NULL;
    *entry = (struct sl_table_entry){ hash, thing };
}

bool sl_table_first(struct sl_table *table, uint64_t hash)
{
    size_t before = table->n;

    sl_table_set(table, hash, table);
    return table->n > before;
}

void sl_table_clear(struct sl_table *table)
{
    free(table->entries);
    memset(table, 0, sizeof *table);
}

uint64_t sl_hash(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ byte[i]) * UINT64_C(1099511628211);
    return hash;
}

uint64_t sl_hash_text(uint64_t hash, const char *text)
{
    return sl_hash(hash, text, strlen(text) + 1);
}
