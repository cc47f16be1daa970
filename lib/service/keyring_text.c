#include "lib/service/keyring_text.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

enum { CHECK_DIGITS = 8 };

static const char *const headings[] = {
    [SL_RING_MAIN] = "shulelabs-keyring 1 main",
    [SL_RING_WEBHOOK] = "shulelabs-keyring 1 webhook",
};

static const struct {
    const char *name;
    enum sl_ring ring;
} purposes[] = {
    [SL_KEY_SEAL] = { "seal", SL_RING_MAIN },
    [SL_KEY_WEBHOOK] = { "webhook", SL_RING_WEBHOOK },
    [SL_KEY_INDEX] = { "index", SL_RING_WEBHOOK },
};

static const char *const states[] = { [SL_KEY_ACTIVE] = "active", [SL_KEY_RETIRED] = "retired" };

const char *sl_key_purpose_name(enum sl_key_purpose purpose)
{
    return purposes[purpose].name;
}

const char *sl_key_state_name(enum sl_key_state state)
{
    return states[state];
}

enum sl_ring sl_ring_of(enum sl_key_purpose purpose)
{
    return purposes[purpose].ring;
}

const struct sl_key *sl_ring_named(const struct sl_ring_keys *keys, const char *id)
{
    for (size_t i = 0; i < keys->n; i++)
        if (strcmp(keys->list[i].id, id) == 0)
            return &keys->list[i];
    return NULL;
}

const struct sl_key *sl_ring_active(const struct sl_ring_keys *keys, enum sl_key_purpose purpose)
{
    for (size_t i = 0; i < keys->n; i++)
        if (keys->list[i].purpose == purpose && keys->list[i].state == SL_KEY_ACTIVE)
            return &keys->list[i];
    return NULL;
}

/* ---- Printing ----------------------------------------------------------------------- */

/* The digits for all of the text up to here. */
static void checksum(const char *text, size_t n, char digits[CHECK_DIGITS + 1])
{
    unsigned char hash[SL_SHA256_SIZE];

    sl_sha256(text, n, hash);
    sl_hex(hash, CHECK_DIGITS / 2, digits);
}

static void end_line(struct sl_buf *text)
{
    char digits[CHECK_DIGITS + 1];

    sl_buf_add(text, " ", 1);
    checksum(text->data, text->len, digits);
    sl_buf_printf(text, "%s\n", digits);
}

static void add_key_line(struct sl_buf *text, const struct sl_key *key)
{
    char time[SL_TIME_SIZE], hex[2 * SL_AES_KEY_SIZE + 1];

    sl_time_utc(key->created_ms, time);
    sl_hex(key->bytes, sizeof key->bytes, hex);
    sl_buf_printf(text, "%s %s %s %s %s", sl_key_purpose_name(key->purpose), key->id,
                  sl_key_state_name(key->state), time, hex);
    end_line(text);
    explicit_bzero(hex, sizeof hex);
}

struct sl_buf sl_ring_print(struct sl_arena *arena, enum sl_ring ring,
                            const struct sl_ring_keys *keys)
{
    struct sl_buf text = sl_buf_new(arena);

    sl_buf_text(&text, headings[ring]);
    end_line(&text);
    for (size_t i = 0; i < keys->n; i++)
        add_key_line(&text, &keys->list[i]);
    sl_buf_text(&text, "end");
    end_line(&text);
    return text;
}

/* ---- Parsing ------------------------------------------------------------------------ */

static bool read_purpose(const char *name, enum sl_ring ring, enum sl_key_purpose *purpose)
{
    for (size_t i = 0; i < SL_COUNT(purposes); i++)
        if (strcmp(purposes[i].name, name) == 0 && purposes[i].ring == ring) {
            *purpose = (enum sl_key_purpose)i;
            return true;
        }
    return false;
}

static bool read_state(const char *name, enum sl_key_state *state)
{
    for (size_t i = 0; i < SL_COUNT(states); i++)
        if (strcmp(states[i], name) == 0) {
            *state = (enum sl_key_state)i;
            return true;
        }
    return false;
}

static bool read_id(const char *text, char id[SL_KEY_ID_SIZE])
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (n == 0 || n >= SL_KEY_ID_SIZE || text[n])
        return false;
    memcpy(id, text, n + 1);
    return true;
}

/* Adds the key of a line; what is wrong with it, or NULL. */
static const char *read_key(struct sl_ring_keys *keys, enum sl_ring ring, char *line)
{
    struct sl_key *key = &keys->list[keys->n];
    char *fields[5], *rest = line;

    if (keys->n == SL_RING_KEYS)
        return "it is one key too many";
    for (size_t i = 0; i < SL_COUNT(fields); i++) {
        fields[i] = strsep(&rest, " ");
        if (!fields[i])
            return "it has too few words";
    }
    if (rest || !read_purpose(fields[0], ring, &key->purpose) || !read_id(fields[1], key->id) ||
        !read_state(fields[2], &key->state) ||
        sl_time_parse(fields[3], "UTC", 0, &key->created_ms) < 0)
        return "it is no line of this ring";
    if (!sl_unhex(fields[4], key->bytes, sizeof key->bytes))
        return "its key has not 64 hexadecimal digits";
    if (sl_ring_named(keys, key->id))
        return "its key id is there twice";
    if (key->state == SL_KEY_ACTIVE && sl_ring_active(keys, key->purpose))
        return "it is a second active key";
    keys->n++;
    return NULL;
}

/* Moves *at behind the next line. Gives the line without its checksum, in the arena, or NULL
 * and in *why what is wrong. */
static char *next_line(struct sl_arena *arena, const struct sl_buf *text, size_t *at,
                       const char **why)
{
    const char *start = text->data + *at, *end = memchr(start, '\n', text->len - *at);
    char digits[CHECK_DIGITS + 1];

    *why = "it is cut";
    if (!end || end - start < CHECK_DIGITS + 2)
        return NULL;
    end -= CHECK_DIGITS;
    *why = "its checksum is wrong";
    checksum(text->data, (size_t)(end - text->data), digits);
    if (memcmp(end, digits, CHECK_DIGITS) != 0)
        return NULL;
    *at = (size_t)(end - text->data) + CHECK_DIGITS + 1;
    return sl_arena_memdup(arena, start, (size_t)(end - start) - 1);
}

/* What is wrong, and *n_line is the line; or NULL. */
static const char *read_lines(struct sl_ring_keys *keys, enum sl_ring ring,
                              const struct sl_buf *text, size_t *n_line)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *why = NULL;
    size_t at = 0;
    char *line = next_line(arena, text, &at, &why);

    *n_line = 1;
    if (line && strcmp(line, headings[ring]) != 0)
        return "it is not the heading of this ring";
    while (line) {
        ++*n_line;
        line = next_line(arena, text, &at, &why);
        if (line && strcmp(line, "end") == 0)
            return at == text->len ? NULL : "more follows behind the end";
        why = line ? read_key(keys, ring, line) : why;
        if (why)
            return why;
    }
    return why;
}

int sl_ring_parse(struct sl_ring_keys *keys, enum sl_ring ring, const struct sl_buf *text,
                  struct sl_err *err)
{
    size_t n_line, n_before = keys->n;
    const char *why = read_lines(keys, ring, text, &n_line);

    if (why) {
        keys->n = n_before;
        (void)sl_err_set(err, SL_ERR_CONFIG, "damaged at line %zu: %s", n_line, why);
        return sl_err_hint(err, "put back a good copy; a new ring opens nothing of this one");
    }
    for (size_t i = 0; i < SL_COUNT(purposes); i++)
        if (purposes[i].ring == ring && !sl_ring_active(keys, (enum sl_key_purpose)i)) {
            keys->n = n_before;
            return sl_err_set(err, SL_ERR_CONFIG, "it has no active %s key", purposes[i].name);
        }
    return 0;
}
