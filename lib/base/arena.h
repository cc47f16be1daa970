/* Arena: memory that lives as long as one operation.
 *
 * Whatever is built while a request is made or an answer is read comes from the arena of
 * that operation and is never freed by itself; sl_arena_free() gives all of it back, wiped,
 * because credentials pass through it. No allocator here returns NULL. */
#ifndef SL_BASE_ARENA_H
#define SL_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct sl_arena;

struct sl_arena *sl_arena_new(void);

/* Wipes and frees. *arena may be NULL and is NULL afterwards; made for SL_AUTO(). */
void sl_arena_free(struct sl_arena **arena);

/* Wipes all that was handed out and keeps one chunk: an arena for a row or a page. */
void sl_arena_reset(struct sl_arena *arena);

/* n objects of `size` bytes, zeroed and aligned for any type. */
void *sl_arena_alloc(struct sl_arena *arena, size_t n, size_t size);
#define SL_NEW(arena, type, n) ((type *)sl_arena_alloc((arena), (n), sizeof(type)))

/* An array that grows: it has n objects of `size` bytes, and room for *room (0, and NULL, at first).
 * Returns where there is room for one more; the array may have moved then, and a long one leaves
 * nothing behind: it is wiped and freed. */
void *sl_arena_grow(struct sl_arena *arena, void *array, size_t n, size_t *room, size_t size);

char *sl_arena_printf(struct sl_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A copy, or NULL for NULL. */
char *sl_arena_strdup(struct sl_arena *arena, const char *text);

/* A copy of n bytes, with a NUL behind them. */
char *sl_arena_memdup(struct sl_arena *arena, const char *bytes, size_t n);

/* A byte string that grows inside an arena. `data` ends with a NUL that `len` leaves out. */
struct sl_buf {
    struct sl_arena *arena;
    char *data;
    size_t len;
    size_t capacity;
};

struct sl_buf sl_buf_new(struct sl_arena *arena);
void sl_buf_add(struct sl_buf *buf, const char *bytes, size_t n);
void sl_buf_text(struct sl_buf *buf, const char *text);
void sl_buf_printf(struct sl_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs `done(&variable)` when the variable leaves its scope, on every path. */
#define SL_AUTO(done) __attribute__((cleanup(done)))

#define SL_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
