#include "sandbox/seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/json.h"
#include "sandbox/box.h"
#include "sandbox/registry.h"

struct record {
    struct record *next;
    const struct sl_seen_kind *kind;
    const char *provider, *path;
    char method[8];
    int64_t at_ms;
    const char *values[]; /* as many as the kind has names */
};

struct sl_seen {
    struct sl_arena *arena;
    struct record *first, *last;
    size_t n;
    uint64_t n_resets;
};

struct sl_seen_cursor {
    const struct sl_seen *seen;
    const struct record *at;
    size_t left;
    uint64_t n_resets;
    const char *code;
    struct sl_buf line;
    size_t taken; /* of line */
};

struct sl_seen *sl_seen_new(void)
{
    struct sl_seen *seen = calloc(1, sizeof *seen);

    if (!seen)
        sl_out_of_memory();
    seen->arena = sl_arena_new();
    return seen;
}

void sl_seen_free(struct sl_seen **seen)
{
    if (!*seen)
        return;
    sl_arena_free(&(*seen)->arena);
    free(*seen);
    *seen = NULL;
}

void sl_seen_reset(struct sl_seen *seen)
{
    sl_arena_free(&seen->arena);
    *seen = (struct sl_seen){ .arena = sl_arena_new(), .n_resets = seen->n_resets + 1 };
}

const char *sl_seen_keep(struct sl_seen *seen, const char *text)
{
    return sl_arena_strdup(seen->arena, text);
}

static size_t count_names(const struct sl_seen_kind *kind)
{
    size_t n = 0;

    while (kind->names[n])
        n++;
    return n;
}

/* Record and values in one piece of the arena. */
static struct record *make_record(struct sl_seen *seen, const struct sl_seen_kind *kind,
                                  const char *const *values)
{
    size_t n = count_names(kind), sizes[SL_SEEN_FIELDS] = { 0 };
    size_t size = sizeof(struct record) + n * sizeof(char *);
    struct record *record;
    char *bytes;

    for (size_t i = 0; i < n; i++) {
        if (values[i] && !(kind->live >> i & 1))
            sizes[i] = strlen(values[i]) + 1;
        size += sizes[i];
    }
    record = sl_arena_alloc(seen->arena, size, 1);
    bytes = (char *)&record->values[n];
    for (size_t i = 0; i < n; i++) {
        record->values[i] = sizes[i] > 0 ? memcpy(bytes, values[i], sizes[i]) : values[i];
        bytes += sizes[i];
    }
    return record;
}

void sl_seen_add(struct sl_visit *visit, const struct sl_seen_kind *kind, const char *const *values)
{
    struct sl_seen *seen = visit->box->seen;
    struct record *record;

    visit->recorded = true;
    if (seen->n == SL_SEEN_MOST) {
        visit->box->counts.seen_dropped++;
        return;
    }
    record = make_record(seen, kind, values);
    record->kind = kind;
    record->provider = visit->simulator ? visit->simulator->code : "unknown";
    record->at_ms = sl_now_ms();
    (void)strncpy(record->method, visit->method, sizeof record->method - 1);
    if (seen->last && strcmp(seen->last->path, visit->path) == 0)
        record->path = seen->last->path;
    else
        record->path = sl_arena_strdup(seen->arena, visit->path);
    if (seen->last)
        seen->last->next = record;
    else
        seen->first = record;
    seen->last = record;
    seen->n++;
}

struct sl_seen_cursor *sl_seen_begin(const struct sl_seen *seen, struct sl_arena *arena,
                                     const char *code)
{
    struct sl_seen_cursor *cursor = SL_NEW(arena, struct sl_seen_cursor, 1);

    *cursor = (struct sl_seen_cursor){ .seen = seen,
                                       .at = seen->first,
                                       .left = seen->n,
                                       .n_resets = seen->n_resets,
                                       .code = code,
                                       .line = sl_buf_new(arena) };
    return cursor;
}

static void add_member(struct sl_buf *line, const char *name, const char *text, bool number)
{
    sl_buf_add(line, ",", 1);
    sl_json_quote(line, name);
    sl_buf_add(line, ":", 1);
    if (number)
        sl_buf_text(line, text);
    else
        sl_json_quote(line, text);
}

static void print_record(struct sl_buf *line, const struct record *record)
{
    sl_buf_printf(line, "{\"at\":%lld", (long long)record->at_ms);
    add_member(line, "provider", record->provider, false);
    add_member(line, "operation", record->kind->operation, false);
    add_member(line, "method", record->method, false);
    add_member(line, "path", record->path, false);
    for (size_t i = 0; record->kind->names[i]; i++)
        if (record->values[i])
            add_member(line, record->kind->names[i], record->values[i],
                       record->kind->numbers >> i & 1);
    sl_buf_text(line, "}\n");
}

/* The next line that is asked for, or false at the end. */
static bool next_line(struct sl_seen_cursor *cursor)
{
    cursor->line.len = cursor->taken = 0;
    while (cursor->left > 0 && cursor->line.len == 0) {
        if (!cursor->code || strcmp(cursor->at->provider, cursor->code) == 0)
            print_record(&cursor->line, cursor->at);
        cursor->at = cursor->at->next;
        cursor->left--;
    }
    return cursor->line.len > 0;
}

size_t sl_seen_read(struct sl_seen_cursor *cursor, char *out, size_t room)
{
    size_t n = 0, part;

    if (cursor->n_resets != cursor->seen->n_resets)
        return 0;
    while (n < room) {
        if (cursor->taken == cursor->line.len && !next_line(cursor))
            break;
        part = cursor->line.len - cursor->taken;
        part = part < room - n ? part : room - n;
        memcpy(out + n, cursor->line.data + cursor->taken, part);
        cursor->taken += part;
        n += part;
    }
    return n;
}
