/* What fuzz targets have in common. A target is any bytes given to one reader of ours, and the
 * promises of that reader checked with abort(): libFuzzer finds bytes (`make fuzz`), replay.c gives
 * it those that were found before (`make check`). */
#ifndef SL_TESTS_FUZZ_FUZZ_H
#define SL_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/text.h"

/* The target; returns 0. Looks at all of it, keeps nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where a promise is broken. */
static inline void must(bool kept)
{
    if (!kept)
        abort();
}

/* The bytes that are left, taken piece by piece. */
struct fuzz {
    struct sl_arena *arena;
    const char *at;
    size_t n;
};

static inline struct fuzz fuzz_begin(struct sl_arena *arena, const uint8_t *data, size_t size)
{
    return (struct fuzz){ arena, (const char *)data, size };
}

/* 0 at the end. */
static inline unsigned char fuzz_byte(struct fuzz *fuzz)
{
    if (fuzz->n == 0)
        return 0;
    fuzz->n--;
    return (unsigned char)*fuzz->at++;
}

/* The rest of the line, without its end; "" at the end. A NUL ends it for who reads text. */
static inline const char *fuzz_line(struct fuzz *fuzz)
{
    const char *end = fuzz->n > 0 ? memchr(fuzz->at, '\n', fuzz->n) : NULL;
    size_t n = end ? (size_t)(end - fuzz->at) : fuzz->n;
    const char *line = sl_arena_memdup(fuzz->arena, fuzz->at, n);

    n += end != NULL;
    fuzz->at += n;
    fuzz->n -= n;
    return line;
}

/* All that is left, as text. */
static inline const char *fuzz_rest(struct fuzz *fuzz)
{
    return sl_arena_memdup(fuzz->arena, fuzz->at, fuzz->n);
}

/* The same in memory that ends right behind a NUL, so that the sanitizers see who reads on. The
 * caller frees it. */
static inline char *fuzz_exact(const struct fuzz *fuzz)
{
    char *exact = malloc(fuzz->n + 1);

    must(exact != NULL);
    memcpy(exact, fuzz->at, fuzz->n);
    exact[fuzz->n] = '\0';
    return exact;
}

/* All that is left as a stream, for readers of FILE. The caller closes it; NULL if there is none. */
static inline FILE *fuzz_stream(const struct fuzz *fuzz)
{
    char *copy = sl_arena_memdup(fuzz->arena, fuzz->at, fuzz->n);

    return fuzz->n > 0 ? fmemopen(copy, fuzz->n, "r") : NULL;
}

/* All that is left as a file, for readers of a path. The caller closes *fd. */
static inline const char *fuzz_path(const struct fuzz *fuzz, int *fd)
{
    *fd = memfd_create("fuzz", MFD_CLOEXEC);
    must(*fd >= 0 && write(*fd, fuzz->at, fuzz->n) == (ssize_t)fuzz->n);
    return sl_arena_printf(fuzz->arena, "/proc/self/fd/%d", *fd);
}

/* Text for a person or a header: UTF-8, and nothing that ends a line. */
static inline bool fuzz_is_line(const char *text)
{
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    return sl_utf8_valid(text, strlen(text));
}

#endif
