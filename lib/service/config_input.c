#include "lib/service/config_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/service/values.h"

enum { MOST_INPUT = 1 << 20 };

static void close_fd(int *fd)
{
    if (*fd > STDIN_FILENO)
        (void)close(*fd);
    *fd = -1;
}

/* In the arena; NULL with SL_ERR_DATA. */
static struct sl_buf *read_all(struct sl_arena *arena, const char *path, struct sl_err *err)
{
    bool standard = strcmp(path, "-") == 0;
    SL_AUTO(close_fd) int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct sl_buf *text = SL_NEW(arena, struct sl_buf, 1);
    char *block = SL_NEW(arena, char, 4096);
    ssize_t got = fd < 0 ? -1 : 1;

    *text = sl_buf_new(arena);
    while (got > 0 && text->len <= MOST_INPUT) {
        got = read(fd, block, 4096);
        if (got > 0)
            sl_buf_add(text, block, (size_t)got);
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    if (got < 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "%s: %m", standard ? "standard input" : path);
        return NULL;
    }
    if (text->len > MOST_INPUT || memchr(text->data, '\0', text->len)) {
        (void)sl_err_set(err, SL_ERR_DATA, "%s: this is no text, or more than %d bytes",
                         standard ? "standard input" : path, (int)MOST_INPUT);
        return NULL;
    }
    return text;
}

static const struct sl_field *find_field(const struct sl_config_input *input, const char *name)
{
    int i = sl_values_find(input->adapter, name);

    return i < 0 ? NULL : sl_values_field(input->adapter, (size_t)i);
}

/* A key, a certificate or a JSON object shows that it is one. */
static bool is_path(const char *value)
{
    return *value && !strchr(value, '\n') && *value != '{' && strncmp(value, "-----", 5) != 0;
}

static int add(struct sl_config_input *input, const char *name, const char *value,
               struct sl_err *err)
{
    const struct sl_field *field = find_field(input, name);
    struct sl_change *grown;
    struct sl_buf *content;

    if (value && field && field->kind == SL_FIELD_FILE && is_path(value)) {
        content = read_all(input->arena, value, err);
        if (!content)
            return sl_err_context(err, "%s", name);
        if (content->len == 0)
            return sl_err_set(err, SL_ERR_DATA, "%s: %s is empty", name, value);
        value = content->data;
    }
    grown = SL_NEW(input->arena, struct sl_change, input->n + 1);
    if (input->n > 0)
        memcpy(grown, input->changes, input->n * sizeof *grown);
    grown[input->n++] = (struct sl_change){ name, value };
    input->changes = grown;
    return 0;
}

int sl_config_input_add(struct sl_config_input *input, const char *name, const char *value,
                        struct sl_err *err)
{
    return add(input, sl_arena_strdup(input->arena, name), sl_arena_strdup(input->arena, value),
               err);
}

bool sl_config_input_has(const struct sl_config_input *input, const char *name)
{
    for (size_t i = 0; i < input->n; i++)
        if (strcmp(input->changes[i].name, name) == 0)
            return true;
    return false;
}

/* ---- NAME=VALUE ---------------------------------------------------------------------- */

static const char *trim(struct sl_arena *arena, const char *text, size_t n)
{
    static const char blanks[] = " \t\r\n";

    while (n > 0 && strchr(blanks, text[n - 1]))
        n--;
    while (n > 0 && strchr(blanks, *text)) {
        text++;
        n--;
    }
    return sl_arena_memdup(arena, text, n);
}

/* False if there is no '=' or nothing before it. */
static bool split(struct sl_arena *arena, const char *text, const char **name, const char **value)
{
    const char *equals = strchr(text, '=');

    if (!equals)
        return false;
    *name = trim(arena, text, (size_t)(equals - text));
    *value = trim(arena, equals + 1, strlen(equals + 1));
    return **name != '\0';
}

/* Text that is no setting is not repeated: it may be a secret that was misplaced. */
int sl_config_input_operand(struct sl_config_input *input, const char *operand, struct sl_err *err)
{
    const struct sl_field *field;
    const char *name, *value;
    bool path;

    if (!split(input->arena, operand, &name, &value))
        return sl_err_set(err, SL_ERR_USAGE, "settings are written NAME=VALUE");
    field = find_field(input, name);
    path = field && field->kind == SL_FIELD_FILE && is_path(value) && access(value, F_OK) == 0;
    if (field && field->secret && !path) {
        (void)sl_err_set(err, SL_ERR_USAGE,
                         "%s is secret, and on the command line other users can read it", name);
        return sl_err_hint(err, "give it with --from FILE, with --from - on standard input, or at"
                                " the prompt");
    }
    return add(input, name, value, err);
}

/* Which of the two would be meant? */
static int refuse_repeated(const struct sl_config_input *input, size_t first, const char *name,
                           struct sl_err *err)
{
    for (size_t i = first; i < input->n; i++)
        if (strcmp(input->changes[i].name, name) == 0)
            return sl_err_set(err, SL_ERR_DATA, "%s is given twice", name);
    return 0;
}

static int add_lines(struct sl_config_input *input, char *text, struct sl_err *err)
{
    const char *name, *value;
    size_t first = input->n;
    char *line;

    for (size_t n = 1; (line = strsep(&text, "\n")) != NULL; n++) {
        const char *trimmed = trim(input->arena, line, strlen(line));

        if (!*trimmed || *trimmed == '#')
            continue;
        if (!split(input->arena, trimmed, &name, &value))
            return sl_err_set(err, SL_ERR_DATA, "line %zu is not written NAME=VALUE", n);
        if (refuse_repeated(input, first, name, err) < 0 || add(input, name, value, err) < 0)
            return sl_err_context(err, "line %zu", n);
    }
    return 0;
}

/* ---- JSON ---------------------------------------------------------------------------- */

/* An object is the content of a file: a service account's key. */
static int member_text(struct sl_arena *arena, const char *name, struct json_object *member,
                       const char **text, struct sl_err *err)
{
    *text = NULL;
    switch (json_object_get_type(member)) {
    case json_type_null: return 0;
    case json_type_array: return sl_err_set(err, SL_ERR_DATA, "%s: a list is no setting", name);
    case json_type_string:
    case json_type_boolean:
    case json_type_int:
    case json_type_double: *text = sl_arena_strdup(arena, json_object_get_string(member)); return 0;
    case json_type_object: *text = sl_json_print(arena, member); return 0;
    }
    return 0;
}

static int add_json(struct sl_config_input *input, const struct sl_buf *text, const char *start,
                    struct sl_err *err)
{
    size_t n = text->len - (size_t)(start - text->data);
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(start, n);
    const char *value;

    if (!json_object_is_type(doc, json_type_object))
        return sl_err_set(err, SL_ERR_DATA, "this begins like JSON, but is not one JSON object");
    json_object_object_foreach(doc, name, member)
    {
        if (member_text(input->arena, name, member, &value, err) < 0 ||
            sl_config_input_add(input, name, value, err) < 0)
            return -1;
    }
    return 0;
}

int sl_config_input_from(struct sl_config_input *input, const char *path, struct sl_err *err)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* of UTF-8 */
    const char *shown = strcmp(path, "-") == 0 ? "standard input" : path;
    struct sl_buf *text = read_all(input->arena, path, err);
    char *start;
    int status;

    if (!text)
        return -1;
    if (!sl_utf8_valid(text->data, text->len))
        return sl_err_set(err, SL_ERR_DATA, "%s is not UTF-8", shown);
    start = text->data + (strncmp(text->data, mark, 3) == 0 ? 3 : 0);
    if (start[strspn(start, " \t\r\n")] == '{')
        status = add_json(input, text, start, err);
    else
        status = add_lines(input, start, err);
    return status < 0 ? sl_err_context(err, "%s", shown) : 0;
}
