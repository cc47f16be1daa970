/* Uploads: multipart/related in one request, or a session that takes chunks. */
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/box.h"
#include "sandbox/gdrive.h"

enum { UNIT = 262144, MOST_AT_ONCE = 5 << 20, MOST_FILE = 256 << 20 };

struct session {
    struct sl_drive_file *file; /* new and in no list, or the one that is replaced */
    char *bytes;
    const char *type;
    size_t size, stored;
    bool is_new, expired, ended;
};

static void bad(struct sl_visit *visit, const char *text)
{
    sl_drive_fail(visit, 400, "badRequest", text);
}

/* ---- What is uploaded ------------------------------------------------------------------------- */

/* A new one, or that of the path; what may not be changed is refused. NULL, and answered. */
static struct sl_drive_file *target(struct sl_visit *visit, struct json_object *doc)
{
    const char *id = strrchr(visit->path, '/') + 1;
    struct sl_drive_file *file;

    if (strcmp(visit->method, "POST") == 0)
        return sl_drive_new(visit, doc);
    file = sl_drive_find(visit, id);
    if (!file || !file->bytes)
        sl_drive_fail(visit, 404, "notFound", "File not found: .");
    else if (sl_json_at(doc, "parents") || sl_json_at(doc, "id"))
        sl_drive_fail(visit, 403, "fieldNotWritable",
                      "The resource body includes fields which are not directly writable.");
    else
        return file;
    return NULL;
}

static void take(struct sl_visit *visit, struct sl_drive_file *file, const char *type, char *bytes,
                 size_t size)
{
    static const struct sl_seen_kind kind = { .operation = "upload",
                                              .names = { "id", "name", "parent", "size" },
                                              .numbers = 1 << 3 };

    if (sl_drive_asks(file, "DAMAGED") && size > 0)
        bytes[0] ^= 1;
    if (!file->bytes)
        sl_drive_add(visit, file);
    file->bytes = bytes;
    file->size = size;
    file->type = sl_arena_strdup(sl_drive_of(visit)->arena, type);
    file->modified_ms = sl_now_ms();
    sl_seen_add(visit, &kind,
                (const char *const[]){ file->id, file->name, file->parent,
                                       sl_arena_printf(visit->arena, "%zu", size) });
    sl_drive_show(visit, file);
}

/* ---- In one request ------------------------------------------------------------------------------ */

struct part {
    const char *type, *bytes;
    size_t n;
};

/* From behind "--BOUNDARY": its head, and its bytes up to the next boundary, where *at moves. */
static bool read_part(struct sl_visit *visit, const char **at, const char *boundary,
                      struct part *part)
{
    static const char name[] = "\r\nContent-Type: ";
    const char *line = sl_arena_printf(visit->arena, "\r\n--%s", boundary);
    const char *end = visit->body + visit->n_body, *head = *at, *body;

    body = memmem(head, (size_t)(end - head), "\r\n\r\n", 4);
    if (!body || strncasecmp(head, name, sizeof name - 1) != 0)
        return false;
    part->type = sl_arena_memdup(visit->arena, head + sizeof name - 1,
                                 (size_t)(body - head) - (sizeof name - 1));
    part->bytes = body + 4;
    *at = memmem(part->bytes, (size_t)(end - part->bytes), line, strlen(line));
    if (!*at)
        return false;
    part->n = (size_t)(*at - part->bytes);
    *at += strlen(line);
    return true;
}

static bool read_parts(struct sl_visit *visit, struct part *metadata, struct part *media)
{
    static const char related[] = "multipart/related; boundary=";
    const char *type = sl_visit_header(visit, "Content-Type"), *boundary, *at, *start;

    if (!type || strncasecmp(type, related, sizeof related - 1) != 0)
        return false;
    boundary = type + sizeof related - 1;
    start = sl_arena_printf(visit->arena, "--%s", boundary);
    if (strncmp(visit->body, start, strlen(start)) != 0)
        return false;
    at = visit->body + strlen(start);
    return read_part(visit, &at, boundary, metadata) && read_part(visit, &at, boundary, media) &&
           strncmp(at, "--", 2) == 0 && strncasecmp(metadata->type, "application/json", 16) == 0;
}

static void multipart(struct sl_visit *visit)
{
    struct part metadata, media;
    SL_AUTO(sl_json_free) struct json_object *doc = NULL;
    struct sl_drive_file *file;

    if (!read_parts(visit, &metadata, &media)) {
        bad(visit, "Malformed multipart body.");
        return;
    }
    doc = sl_json_parse(metadata.bytes, metadata.n);
    if (!doc || media.n > MOST_AT_ONCE) {
        bad(visit, "Bad metadata, or more than 5 MB");
        return;
    }
    file = target(visit, doc);
    if (file)
        take(visit, file, media.type,
             sl_arena_memdup(sl_drive_of(visit)->arena, media.bytes, media.n), media.n);
}

/* ---- A session ----------------------------------------------------------------------------------- */

static uint64_t hash_session(const char *id)
{
    return sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "drive-session"), id);
}

static void open_session(struct sl_visit *visit, struct session *session)
{
    const char *id =
        sl_arena_printf(visit->arena, "sb%016llx", (unsigned long long)sl_box_id(visit->box));
    const char *host = sl_visit_header(visit, "Host"), *upload = strstr(visit->target, "/upload/");

    sl_table_set(&sl_drive_of(visit)->sessions, hash_session(id), session);
    sl_visit_answer(visit, 200, NULL, "");
    sl_visit_add_header(visit, "Location",
                        sl_arena_printf(visit->arena,
                                        "http://%s%.*s%s?uploadType=resumable&upload_id=%s",
                                        host ? host : "127.0.0.1", (int)(upload - visit->target),
                                        visit->target, "/upload/drive/v3/files", id));
}

static void begin(struct sl_visit *visit)
{
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(visit->body, visit->n_body);
    const char *type = sl_visit_header(visit, "X-Upload-Content-Type");
    const char *length = sl_visit_header(visit, "X-Upload-Content-Length");
    struct sl_arena *arena = sl_drive_of(visit)->arena;
    struct sl_drive_file *file;
    struct session *session;
    int64_t size;

    if (!doc || !type || !length || !sl_parse_int(length, 1, MOST_FILE, &size)) {
        bad(visit, "An upload begins with metadata, a type and a length");
        return;
    }
    file = target(visit, doc);
    if (!file)
        return;
    session = SL_NEW(arena, struct session, 1);
    *session = (struct session){ .file = file,
                                 .bytes = sl_arena_alloc(arena, (size_t)size + 1, 1),
                                 .type = sl_arena_strdup(arena, type),
                                 .size = (size_t)size,
                                 .is_new = !file->bytes };
    open_session(visit, session);
}

static void tell_stored(struct sl_visit *visit, const struct session *session)
{
    sl_visit_answer(visit, 308, NULL, "");
    if (session->stored > 0)
        sl_visit_add_header(visit, "Range",
                            sl_arena_printf(visit->arena, "bytes=0-%zu", session->stored - 1));
}

/* "bytes 0-524287/600000" begins where the session stands, and is whole units long but at the end. */
static bool range_fits(struct sl_visit *visit, const struct session *session, const char *range)
{
    size_t n = visit->n_body, last = session->stored + n - 1;
    const char *right =
        sl_arena_printf(visit->arena, "bytes %zu-%zu/%zu", session->stored, last, session->size);

    return n > 0 && strcmp(range, right) == 0 &&
           (session->stored + n == session->size || n % UNIT == 0);
}

static void store(struct sl_visit *visit, struct session *session)
{
    static const struct sl_seen_kind kind = { .operation = "chunk",
                                              .names = { "name", "range", "stored" },
                                              .numbers = 1 << 2 };
    size_t n = visit->n_body;

    if (sl_drive_asks(session->file, "SHORT") && n >= 2 * UNIT)
        n = n / 2 / UNIT * UNIT;
    memcpy(session->bytes + session->stored, visit->body, n);
    session->stored += n;
    sl_seen_add(visit, &kind,
                (const char *const[]){ session->file->name, sl_visit_header(visit, "Content-Range"),
                                       sl_arena_printf(visit->arena, "%zu", session->stored) });
}

static void finish(struct sl_visit *visit, struct session *session)
{
    if (!session->ended && session->is_new && sl_drive_find(visit, session->file->id)) {
        sl_drive_fail(visit, 409, "fileIdInUse", "A file already exists with the provided ID.");
        return;
    }
    if (session->ended) {
        sl_drive_show(visit, session->file);
        return;
    }
    session->ended = true;
    take(visit, session->file, session->type, session->bytes, session->size);
}

static bool expires(struct sl_visit *visit, struct session *session)
{
    uint64_t hash = sl_hash_text(hash_session("expired"), session->file->name);

    if (sl_drive_asks(session->file, "EXPIRED") && session->stored > 0 &&
        sl_table_first(&visit->box->once, hash))
        session->expired = true;
    return session->expired;
}

static void go_on(struct sl_visit *visit, struct session *session)
{
    const char *range = sl_visit_header(visit, "Content-Range");
    const char *status = sl_arena_printf(visit->arena, "bytes */%zu", session->size);

    if (expires(visit, session)) {
        sl_visit_answer(visit, 404, "text/html; charset=utf-8", "Not Found");
        return;
    }
    if (!range || visit->n_body > 0 || strcmp(range, status) != 0) {
        if (!range || !range_fits(visit, session, range)) {
            sl_visit_answer(visit, 400, NULL, "Failed to parse Content-Range header.");
            return;
        }
        store(visit, session);
    }
    if (session->stored == session->size)
        finish(visit, session);
    else
        tell_stored(visit, session);
}

/* ---- Which is meant -------------------------------------------------------------------------------- */

void sl_drive_upload(struct sl_visit *visit)
{
    const char *how = sl_visit_query(visit, "uploadType"), *id = sl_visit_query(visit, "upload_id");
    const char *all = sl_visit_query(visit, "supportsAllDrives");
    struct session *session =
        id ? sl_table_get(&sl_drive_of(visit)->sessions, hash_session(id)) : NULL;

    if (strcmp(visit->method, "PUT") == 0 && session)
        go_on(visit, session);
    else if (strcmp(visit->method, "PUT") == 0)
        sl_visit_answer(visit, 404, "text/html; charset=utf-8", "Not Found");
    else if (strcmp(visit->method, "POST") != 0 && strcmp(visit->method, "PATCH") != 0)
        sl_drive_fail(visit, 405, "httpMethodNotAllowed", "Method not allowed");
    else if (!all || strcmp(all, "true") != 0)
        sl_drive_fail(visit, 404, "notFound", "File not found: .");
    else if (how && strcmp(how, "multipart") == 0)
        multipart(visit);
    else if (how && strcmp(how, "resumable") == 0)
        begin(visit);
    else
        bad(visit, "Bad uploadType");
}
