#include "lib/store/sqlite.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "lib/base/err.h"

/* ---- Memory -----------------------------------------------------------------------------------
 * Where SQLite has none it may give NULL for a value that is none, or roll back the transaction and tell it
 * to nobody but a statement that is being reset; the next would be a transaction of its own. So
 * the program ends, as everywhere else. */

static void *or_end(void *memory)
{
    if (!memory)
        sl_out_of_memory();
    return memory;
}

static void *take(int n)
{
    return or_end(malloc((size_t)n));
}

static void *take_again(void *memory, int n)
{
    return or_end(realloc(memory, (size_t)n));
}

static int size_of(void *memory)
{
    return (int)malloc_usable_size(memory);
}

static int round_up(int n)
{
    return (n + 7) & ~7;
}

static int begin(void *opaque)
{
    (void)opaque;
    return SQLITE_OK;
}

static void end(void *opaque)
{
    (void)opaque;
}

/* ---- All of it ---------------------------------------------------------------------------------- */

void sl_sqlite_set_up(void)
{
    static const sqlite3_mem_methods memory = { take,     free,  take_again, size_of,
                                                round_up, begin, end,        NULL };

    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
    /* One thread: the locks around each allocation and page would guard nothing. */
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
