#include "sandbox/multipart.h"

#include <string.h>
#include <strings.h>

enum { MOST_PARTS = 2000 };

static const char *find(const char *from, const char *end, const char *text)
{
    return from ? memmem(from, (size_t)(end - from), text, strlen(text)) : NULL;
}

/* name="…" of a part's head, percent-encoded as it is. */
static const char *parameter(struct sl_arena *arena, const char *head, const char *name)
{
    const char *at = strstr(head, sl_arena_printf(arena, "; %s=\"", name)), *end;

    if (!at)
        return NULL;
    at += strlen(name) + 4;
    end = strchr(at, '"');
    return end ? sl_arena_memdup(arena, at, (size_t)(end - at)) : NULL;
}

static bool read_part(struct sl_arena *arena, const char *from, const char *end,
                      struct sl_part *part)
{
    const char *body = find(from, end, "\r\n\r\n"), *head;

    if (!body)
        return false;
    head = sl_arena_memdup(arena, from, (size_t)(body - from));
    body += 4;
    *part = (struct sl_part){ .name = parameter(arena, head, "name"),
                              .filename = parameter(arena, head, "filename"),
                              .value = sl_arena_memdup(arena, body, (size_t)(end - body)),
                              .n = (size_t)(end - body) };
    return part->name && strcasestr(head, "Content-Disposition: form-data");
}

int sl_parts_read(const struct sl_visit *visit, struct sl_part **parts)
{
    static const char type[] = "multipart/form-data; boundary=";
    const char *header = sl_visit_header(visit, "Content-Type"), *line, *at, *next;
    const char *end = visit->body + visit->n_body;
    int n = 0;

    if (!header || strncmp(header, type, sizeof type - 1) != 0)
        return -1;
    line = sl_arena_printf(visit->arena, "--%s", header + sizeof type - 1);
    if (visit->n_body < strlen(line) || strncmp(visit->body, line, strlen(line)) != 0)
        return -1;
    *parts = SL_NEW(visit->arena, struct sl_part, MOST_PARTS);
    line = sl_arena_printf(visit->arena, "\r\n%s", line);
    for (at = visit->body + strlen(line) - 2; n < MOST_PARTS; at = next + strlen(line)) {
        if (end - at >= 2 && memcmp(at, "--", 2) == 0)
            return n;
        next = find(at, end, line);
        if (!next || !read_part(visit->arena, at, next, &(*parts)[n++]))
            return -1;
    }
    return -1;
}

const char *sl_parts_value(const struct sl_part *parts, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (!parts[i].filename && strcmp(parts[i].name, name) == 0)
            return parts[i].value;
    return NULL;
}
