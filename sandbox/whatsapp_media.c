/* WhatsApp, simulated: uploads (docs/providers/whatsapp.md, 4.4). */
#include <string.h>
#include <strings.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/whatsapp.h"

/* A part of a form: the value of a text, the content of a file. */
struct part {
    const char *name, *filename, *type; /* NULL: not told */
    const char *bytes;
    size_t n;
};

/* name="…" in the head of a part. */
static const char *quoted(struct sl_arena *arena, const char *head, const char *member)
{
    const char *at = strstr(head, member), *end;

    if (!at)
        return NULL;
    at += strlen(member);
    end = strchr(at, '"');
    return end ? sl_arena_memdup(arena, at, (size_t)(end - at)) : NULL;
}

static const char *type_in(struct sl_arena *arena, const char *head)
{
    static const char name[] = "Content-Type:";
    const char *at = strcasestr(head, name);

    if (!at)
        return NULL;
    at += sizeof name - 1 + strspn(at + sizeof name - 1, " ");
    return sl_arena_memdup(arena, at, strcspn(at, "\r\n"));
}

/* What stands from `at` to the next boundary; NULL if that is none. */
static const char *read_part(struct sl_visit *visit, const char *at, const char *boundary,
                             struct part *part)
{
    const char *end = visit->body + visit->n_body, *head, *body, *next;
    size_t left = (size_t)(end - at);

    body = memmem(at, left, "\r\n\r\n", 4);
    next = body ? memmem(body, (size_t)(end - body), boundary, strlen(boundary)) : NULL;
    if (!next)
        return NULL;
    head = sl_arena_memdup(visit->arena, at, (size_t)(body - at));
    *part = (struct part){ .name = quoted(visit->arena, head, " name=\""),
                           .filename = quoted(visit->arena, head, " filename=\""),
                           .type = type_in(visit->arena, head),
                           .bytes = body + 4 };
    if (next < part->bytes + 2)
        return NULL;
    part->n = (size_t)(next - part->bytes) - 2; /* the line's end before the boundary */
    return next + strlen(boundary);
}

/* The parts of one name; false without any, or if the body is no form. */
static bool find_part(struct sl_visit *visit, const char *name, struct part *part)
{
    const char *type = sl_visit_header(visit, "Content-Type");
    const char *told = type ? strstr(type, "boundary=") : NULL, *boundary, *at;

    if (!told || strncasecmp(type, "multipart/form-data", 19) != 0)
        return false;
    boundary = sl_arena_printf(visit->arena, "--%s", told + strlen("boundary="));
    at = memmem(visit->body, visit->n_body, boundary, strlen(boundary));
    at = at ? at + strlen(boundary) : NULL;
    while (at && (at = read_part(visit, at, boundary, part)) != NULL)
        if (part->name && strcmp(part->name, name) == 0)
            return true;
    return false;
}

static bool says(struct sl_visit *visit, const char *name, const char *value)
{
    struct part part;

    return find_part(visit, name, &part) && part.n == strlen(value) &&
           memcmp(part.bytes, value, part.n) == 0;
}

static void take(struct sl_visit *visit, const char *number, const struct part *file)
{
    static const struct sl_seen_kind kind = { .operation = "media",
                                              .names = { "id", "filename", "type", "sha256" } };
    struct sl_whatsapp_app *app = visit->state;
    const char *id =
        sl_arena_printf(visit->arena, "%llu", (unsigned long long)(sl_box_id(visit->box) >> 12));
    unsigned char sum[SL_SHA256_SIZE];
    char hex[2 * SL_SHA256_SIZE + 1];

    sl_sha256(file->bytes, file->n, sum);
    sl_hex(sum, sizeof sum, hex);
    sl_seen_add(visit, &kind, (const char *const[]){ id, file->filename, file->type, hex });
    (void)sl_table_first(&app->media, sl_whatsapp_key(number, id));
    sl_visit_begin(visit, 200, "application/json");
    sl_buf_printf(&visit->answer, "{\"id\":\"%s\"}", id);
}

void sl_whatsapp_take_file(struct sl_visit *visit, const char *number)
{
    struct part file;

    if (sl_whatsapp_is_refused(visit))
        return;
    if (!says(visit, "messaging_product", "whatsapp"))
        sl_whatsapp_refuse(visit, 100, "messaging_product is missing");
    else if (!find_part(visit, "file", &file) || !file.filename || !file.type || file.n == 0)
        sl_whatsapp_refuse(visit, 100, "file is missing");
    else if (!says(visit, "type", file.type))
        sl_whatsapp_refuse(visit, 100, "type is not that of the file");
    else
        take(visit, number, &file);
}
