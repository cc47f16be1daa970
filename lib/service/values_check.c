/* A single value against its field's kind. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/service/address.h"
#include "lib/service/spawn.h"
#include "lib/service/values.h"

enum { MOST_TEXT = 4096, MOST_FILE = 65536 };

/* The value in quotes where it may be seen. */
static const char *quoted(struct sl_arena *arena, const struct sl_field *field, const char *value)
{
    return field->secret ? "the value" : sl_arena_printf(arena, "'%s'", value);
}

static int check_text(struct sl_arena *arena, const struct sl_field *field, const char **value,
                      struct sl_err *err)
{
    static const char program[] = "exec:";

    (void)arena;
    if (strlen(*value) > MOST_TEXT)
        return sl_err_set(err, SL_ERR_DATA, "%s is longer than %d bytes", field->name, MOST_TEXT);
    for (const char *at = *value; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return sl_err_set(err, SL_ERR_DATA, "%s has a line break or control character in it",
                              field->name);
    if (field->runs && strncmp(*value, program, strlen(program)) == 0 &&
        sl_spawn_check(*value + strlen(program), err) < 0)
        return sl_err_context(err, "%s", field->name);
    return 0;
}

static int check_int(struct sl_arena *arena, const struct sl_field *field, const char **value,
                     struct sl_err *err)
{
    bool any = field->least == 0 && field->most == 0;
    int64_t least = any ? INT64_MIN : field->least, most = any ? INT64_MAX : field->most, number;

    if (sl_parse_int(*value, least, most, &number)) {
        *value = sl_arena_printf(arena, "%lld", (long long)number);
        return 0;
    }
    if (any)
        return sl_err_set(err, SL_ERR_DATA, "%s: %s is no whole number", field->name,
                          quoted(arena, field, *value));
    return sl_err_set(err, SL_ERR_DATA, "%s: %s is no whole number from %lld to %lld", field->name,
                      quoted(arena, field, *value), (long long)least, (long long)most);
}

static int check_bool(struct sl_arena *arena, const struct sl_field *field, const char **value,
                      struct sl_err *err)
{
    if (strcmp(*value, "true") == 0 || strcmp(*value, "false") == 0)
        return 0;
    return sl_err_set(err, SL_ERR_DATA, "%s: %s is neither true nor false", field->name,
                      quoted(arena, field, *value));
}

static int check_choice(struct sl_arena *arena, const struct sl_field *field, const char **value,
                        struct sl_err *err)
{
    char *rest = sl_arena_strdup(arena, field->choices), *word;

    while ((word = strsep(&rest, " ")) != NULL)
        if (strcmp(word, *value) == 0)
            return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "%s: %s is none of its choices", field->name,
                     quoted(arena, field, *value));
    return sl_err_hint(err, "one of: %s", field->choices);
}

/* A path is put behind it: "https://host/" and "https://host" are the same then. */
static bool is_base(const struct sl_field *field)
{
    size_t n = strlen(field->name), n_end = strlen("base_url");

    return n >= n_end && strcmp(field->name + n - n_end, "base_url") == 0;
}

static int check_url(struct sl_arena *arena, const struct sl_field *field, const char **value,
                     struct sl_err *err)
{
    size_t n = strlen(*value);

    if (sl_address_check_url(*value, err) < 0)
        return sl_err_context(err, "%s", field->name);
    if (!is_base(field))
        return 0;
    if (strchr(*value, '?'))
        return sl_err_set(err, SL_ERR_DATA, "%s: a path is put behind it, so it has no '?'",
                          field->name);
    while (n > 0 && (*value)[n - 1] == '/')
        n--;
    *value = sl_arena_memdup(arena, *value, n);
    return 0;
}

static int check_file(struct sl_arena *arena, const struct sl_field *field, const char **value,
                      struct sl_err *err)
{
    (void)arena;
    if (strlen(*value) > MOST_FILE)
        return sl_err_set(err, SL_ERR_DATA, "%s is longer than %d bytes", field->name, MOST_FILE);
    return 0;
}

static int check_folder(struct sl_arena *arena, const struct sl_field *field, const char **value,
                        struct sl_err *err)
{
    size_t n = strlen(*value);

    if (check_text(arena, field, value, err) < 0)
        return -1;
    if (**value != '/')
        return sl_err_set(err, SL_ERR_DATA, "%s: '%s' is no path that starts with '/'", field->name,
                          *value);
    while (n > 1 && (*value)[n - 1] == '/')
        n--;
    *value = sl_arena_memdup(arena, *value, n);
    return 0;
}

static int check_cidrs(struct sl_arena *arena, const struct sl_field *field, const char **value,
                       struct sl_err *err)
{
    (void)arena;
    return sl_address_check_cidrs(*value, err) < 0 ? sl_err_context(err, "%s", field->name) : 0;
}

static int (*const checks[])(struct sl_arena *arena, const struct sl_field *field,
                             const char **value, struct sl_err *err) = {
    [SL_FIELD_TEXT] = check_text,   [SL_FIELD_INT] = check_int,       [SL_FIELD_BOOL] = check_bool,
    [SL_FIELD_URL] = check_url,     [SL_FIELD_CHOICE] = check_choice, [SL_FIELD_FILE] = check_file,
    [SL_FIELD_CIDRS] = check_cidrs, [SL_FIELD_FOLDER] = check_folder,
};

int sl_field_check(struct sl_arena *arena, const struct sl_field *field, const char **value,
                   struct sl_err *err)
{
    if (!sl_utf8_valid(*value, strlen(*value)))
        return sl_err_set(err, SL_ERR_DATA, "%s is not UTF-8", field->name);
    return checks[field->kind](arena, field, value, err);
}
