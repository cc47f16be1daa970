/* S3, simulated: objects in memory, in one bucket, which is named by the path; one of a name like
 * it is not there (docs/providers/s3.md).
 *
 * Of keys the last part asks for what becomes of them by how it begins: the upload of "GONE" is
 * given up once. */
#include "sandbox/s3.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/crypto.h"
#include "lib/base/err.h"
#include "sandbox/box.h"
#include "sandbox/registry.h"

enum { MOST_BODY = 64 << 20 };

struct sl_s3 *sl_s3_of(struct sl_visit *visit)
{
    return visit->state;
}

/* ---- Answers in XML ---------------------------------------------------------------------- */

static const struct {
    char character;
    const char *entity;
} entities[] = {
    { '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '"', "&quot;" }, { '\'', "&apos;" },
};

void sl_s3_escape(struct sl_buf *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = NULL;

        for (size_t i = 0; i < SL_COUNT(entities); i++)
            if (entities[i].character == *text)
                entity = entities[i].entity;
        if (entity)
            sl_buf_text(out, entity);
        else
            sl_buf_add(out, text, 1);
    }
}

/* Moves behind "&#34;" or "&quot;" and returns what it stands for. */
static char read_entity(const char **at)
{
    for (size_t i = 0; i < SL_COUNT(entities); i++) {
        size_t n = strlen(entities[i].entity);

        if (strncmp(*at, entities[i].entity, n) == 0) {
            *at += n;
            return entities[i].character;
        }
    }
    if (strncmp(*at, "&#", 2) == 0) {
        char *end, character = (char)strtol(*at + 2, &end, 10);

        *at = *end == ';' ? end + 1 : end;
        return character;
    }
    return *(*at)++;
}

const char *sl_s3_element(struct sl_visit *visit, const char **at, const char *name)
{
    const char *begin = sl_arena_printf(visit->arena, "<%s>", name);
    const char *text = strstr(*at, begin), *end;
    struct sl_buf out = sl_buf_new(visit->arena);

    text = text ? text + strlen(begin) : NULL;
    end = text ? strstr(text, sl_arena_printf(visit->arena, "</%s>", name)) : NULL;
    if (!end)
        return NULL;
    while (text < end) {
        char character = read_entity(&text);

        sl_buf_add(&out, &character, 1);
    }
    *at = end;
    return out.data;
}

void sl_s3_fail_region(struct sl_visit *visit, int status, const char *code, const char *region)
{
    sl_visit_begin(visit, status, "application/xml");
    sl_buf_printf(&visit->answer,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code>"
                  "<Message>the region is wrong</Message><Region>%s</Region></Error>",
                  code, region);
}

void sl_s3_fail(struct sl_visit *visit, int status, const char *code, const char *text)
{
    sl_visit_begin(visit, status, "application/xml");
    sl_buf_printf(&visit->answer,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code><Message>",
                  code);
    sl_s3_escape(&visit->answer, text);
    sl_buf_text(&visit->answer, "</Message></Error>");
}

/* ---- Which is meant ------------------------------------------------------------------------ */

static struct sl_s3_target read_target(struct sl_visit *visit)
{
    const char *path = visit->path + (*visit->path == '/');
    size_t n = strcspn(path, "/");

    return (struct sl_s3_target){ sl_arena_memdup(visit->arena, path, n),
                                  path[n] ? path + n + 1 : "" };
}

static bool refused_by_scenario(struct sl_visit *visit)
{
    switch (sl_visit_refusal(visit)) {
    case SL_REFUSE_NOT: return false;
    case SL_REFUSE_RATE:
        sl_s3_fail(visit, 503, "SlowDown", "Please reduce your request rate.");
        return true;
    case SL_REFUSE_BUSY:
        sl_s3_fail(visit, 503, "ServiceUnavailable", "Please try again.");
        return true;
    case SL_REFUSE_BROKEN:
        sl_s3_fail(visit, 500, "InternalError", "We encountered an internal error.");
        return true;
    }
    return false;
}

static const struct {
    const char *method;
    bool object;
    const char *query; /* that is there; NULL: none of these */
    void (*run)(struct sl_visit *visit, const struct sl_s3_target *target);
} routes[] = {
    { "GET", false, "list-type", sl_s3_list },
    { "POST", false, "delete", sl_s3_remove_many },
    { "PUT", true, "partNumber", sl_s3_part },
    { "PUT", true, NULL, sl_s3_put },
    { "GET", true, NULL, sl_s3_get },
    { "HEAD", true, NULL, sl_s3_get },
    { "DELETE", true, "uploadId", sl_s3_abort },
    { "DELETE", true, NULL, sl_s3_remove },
    { "POST", true, "uploads", sl_s3_begin },
    { "POST", true, "uploadId", sl_s3_complete },
};

/* A query may be a name alone, which is then there with no value. */
static bool asks(const struct sl_visit *visit, const char *name)
{
    const char *query = strchr(visit->target, '?'), *at = query ? strstr(query, name) : NULL;
    size_t n = strlen(name);

    return at && (at[-1] == '?' || at[-1] == '&') && (!at[n] || strchr("=&", at[n]));
}

static void route(struct sl_visit *visit, const struct sl_s3_target *target)
{
    for (size_t i = 0; i < SL_COUNT(routes); i++)
        if (strcmp(routes[i].method, visit->method) == 0 &&
            routes[i].object == (*target->key != 0) &&
            (!routes[i].query || asks(visit, routes[i].query))) {
            routes[i].run(visit, target);
            return;
        }
    sl_s3_fail(visit, 405, "MethodNotAllowed", "The specified method is not allowed.");
}

/* Of each kind of change the first answer is lost, where the scenario wants it. */
static bool loses(struct sl_visit *visit)
{
    uint64_t hash = sl_hash_text(sl_hash_text(SL_HASH_BEGIN, "s3"), visit->path);

    if (visit->scenario != SL_PLAY_LOST_ANSWER)
        return false;
    visit->scenario = SL_PLAY_OK;
    return strcmp(visit->method, "GET") != 0 && strcmp(visit->method, "HEAD") != 0 &&
           sl_table_first(&visit->box->once, sl_hash_text(hash, visit->method));
}

static void answer(struct sl_visit *visit)
{
    const struct sl_s3_target target = read_target(visit);
    bool lost = loses(visit);

    if (!sl_s3_is_signed(visit) || refused_by_scenario(visit))
        return;
    if (strcmp(target.bucket, SL_S3_BUCKET) != 0) {
        sl_s3_fail(visit, 404, "NoSuchBucket", "The specified bucket does not exist");
        return;
    }
    route(visit, &target);
    if (lost && visit->status < 400) {
        visit->ending = SL_ENDING_NONE;
        visit->box->counts.lost++;
    }
}

/* ---- The simulator --------------------------------------------------------------------------- */

static bool owns(const char *path)
{
    return strncmp(path, "/sandbox-", 9) == 0;
}

static void *open_s3(void)
{
    struct sl_s3 *s3 = calloc(1, sizeof *s3);

    if (!s3)
        sl_out_of_memory();
    sl_crypto_init();
    s3->arena = sl_arena_new();
    return s3;
}

static void reset_s3(void *state)
{
    struct sl_s3 *s3 = state;

    sl_table_clear(&s3->uploads);
    sl_arena_reset(s3->arena);
    s3->objects = NULL;
}

static void close_s3(void *state)
{
    struct sl_s3 *s3 = state;

    reset_s3(s3);
    sl_arena_free(&s3->arena);
    free(s3);
}

const struct sl_simulator sl_sim_s3 = {
    .code = "s3",
    .most_body = MOST_BODY,
    .owns = owns,
    .open = open_s3,
    .close = close_s3,
    .reset = reset_s3,
    .answer = answer,
};
