#include "lib/base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"

struct chunk {
    struct chunk *next;
    size_t size;
    max_align_t bytes[];
};

struct sl_arena {
    struct chunk *chunks;
    size_t used; /* bytes of the first chunk */
};

enum { CHUNK_BYTES = 4096, FIRST_ROOM = 16 };

struct sl_arena *sl_arena_new(void)
{
    struct sl_arena *arena = calloc(1, sizeof *arena);

    if (!arena)
        sl_out_of_memory();
    return arena;
}

void sl_arena_free(struct sl_arena **arena)
{
    struct chunk *chunk, *next;

    if (!*arena)
        return;
    for (chunk = (*arena)->chunks; chunk; chunk = next) {
        next = chunk->next;
        explicit_bzero(chunk->bytes, chunk->size);
        free(chunk);
    }
    free(*arena);
    *arena = NULL;
}

void sl_arena_reset(struct sl_arena *arena)
{
    struct chunk *kept = arena->chunks, *chunk, *next;

    if (!kept)
        return;
    for (chunk = kept->next; chunk; chunk = next) {
        next = chunk->next;
        explicit_bzero(chunk->bytes, chunk->size);
        free(chunk);
    }
    kept->next = NULL;
    explicit_bzero(kept->bytes, arena->used);
    arena->used = 0;
}

static void add_chunk(struct sl_arena *arena, size_t need)
{
    size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;
    struct chunk *chunk = calloc(1, sizeof *chunk + size);

    if (!chunk)
        sl_out_of_memory();
    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used = 0;
}

/* Texts stand close together: only what is no text begins at a multiple of `align`. */
static void *take(struct sl_arena *arena, size_t n, size_t size, size_t align)
{
    size_t start = (arena->used + align - 1) / align * align, need;

    if (__builtin_mul_overflow(n, size, &need) || need > SIZE_MAX / 2)
        sl_out_of_memory();
    if (!arena->chunks || arena->chunks->size < start || arena->chunks->size - start < need) {
        add_chunk(arena, need);
        start = 0;
    }
    arena->used = start + need;
    return (char *)arena->chunks->bytes + start;
}

void *sl_arena_alloc(struct sl_arena *arena, size_t n, size_t size)
{
    return take(arena, n, size, _Alignof(max_align_t));
}

/* What is longer than a chunk has one of its own. It is not the first: what replaces it came later. */
static void give_back(struct sl_arena *arena, const void *array)
{
    for (struct chunk *before = arena->chunks; before->next; before = before->next) {
        struct chunk *chunk = before->next;

        if (chunk->bytes != array || chunk->size <= CHUNK_BYTES)
            continue;
        before->next = chunk->next;
        explicit_bzero(chunk->bytes, chunk->size);
        free(chunk);
        return;
    }
}

void *sl_arena_grow(struct sl_arena *arena, void *array, size_t n, size_t *room, size_t size)
{
    void *larger;

    if (n < *room)
        return array;
    *room = *room > 0 ? *room * 2 : FIRST_ROOM;
    larger = sl_arena_alloc(arena, *room, size);
    if (n > 0) {
        memcpy(larger, array, n * size);
        give_back(arena, array);
    }
    return larger;
}

/* Into what is free of the chunk, and printed again only where that is too little. */
char *sl_arena_printf(struct sl_arena *arena, const char *format, ...)
{
    size_t room = arena->chunks ? arena->chunks->size - arena->used : 0;
    char *text = arena->chunks ? (char *)arena->chunks->bytes + arena->used : NULL;
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(text, room, format, args);
    if (n < 0)
        sl_out_of_memory();
    if ((size_t)n < room) {
        arena->used += (size_t)n + 1;
    } else {
        text = take(arena, (size_t)n + 1, 1, 1);
        (void)vsnprintf(text, (size_t)n + 1, format, again);
    }
    va_end(again);
    va_end(args);
    return text;
}

char *sl_arena_memdup(struct sl_arena *arena, const char *bytes, size_t n)
{
    char *copy = take(arena, n + 1, 1, 1);

    if (n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

char *sl_arena_strdup(struct sl_arena *arena, const char *text)
{
    return text ? sl_arena_memdup(arena, text, strlen(text)) : NULL;
}

struct sl_buf sl_buf_new(struct sl_arena *arena)
{
    return (struct sl_buf){ .arena = arena, .data = sl_arena_alloc(arena, 64, 1), .capacity = 64 };
}

/* Makes room for n bytes more and their NUL. */
static void grow(struct sl_buf *buf, size_t n)
{
    size_t capacity = (buf->len + n + 1) * 2;
    char *data;

    if (buf->capacity - buf->len > n)
        return;
    data = sl_arena_alloc(buf->arena, capacity, 1);
    memcpy(data, buf->data, buf->len);
    buf->data = data;
    buf->capacity = capacity;
}

void sl_buf_add(struct sl_buf *buf, const char *bytes, size_t n)
{
    grow(buf, n);
    memcpy(buf->data + buf->len, bytes, n);
    buf->len += n;
    buf->data[buf->len] = '\0';
}

void sl_buf_text(struct sl_buf *buf, const char *text)
{
    sl_buf_add(buf, text, strlen(text));
}

void sl_buf_printf(struct sl_buf *buf, const char *format, ...)
{
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(buf->data + buf->len, buf->capacity - buf->len, format, args);
    if (n < 0)
        sl_out_of_memory();
    if ((size_t)n >= buf->capacity - buf->len) {
        buf->data[buf->len] = '\0';
        grow(buf, (size_t)n);
        (void)vsnprintf(buf->data + buf->len, (size_t)n + 1, format, again);
    }
    buf->len += (size_t)n;
    va_end(again);
    va_end(args);
}
