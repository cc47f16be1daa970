#include "lib/cli/values.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/cli/parse.h"

bool sl_names_path(const char *name)
{
    return strncmp(name, "FILE", 4) == 0 || strncmp(name, "PATH", 4) == 0;
}

size_t sl_choice_words(struct sl_arena *arena, const char *choices, const char ***words)
{
    size_t n = 0;

    *words = SL_NEW(arena, const char *, strlen(choices) + 1);
    for (const char *at = choices; *at; at += *at == '|') {
        size_t length = strcspn(at, "|");

        (*words)[n++] = sl_arena_memdup(arena, at, length);
        at += length;
    }
    return n;
}

int sl_choice_index(const char *choices, const char *word)
{
    int index = 0;

    for (const char *at = choices; *at; at += *at == '|', index++) {
        size_t length = strcspn(at, "|");

        if (strlen(word) == length && strncmp(at, word, length) == 0)
            return index;
        at += length;
    }
    return -1;
}

void sl_values_begin(const struct sl_opt *options, void *into)
{
    for (const struct sl_opt *option = options; option && option->name; option++) {
        void *member = (char *)into + option->offset;

        if (option->kind == SL_OPT_INT)
            *(int64_t *)member = option->initial;
        if (option->kind == SL_OPT_MAYBE)
            ((struct sl_maybe *)member)->value = option->initial;
    }
}

static int set_int(const struct sl_opt *option, int64_t *member, const char *value,
                   struct sl_err *err)
{
    int64_t most = option->most ? option->most : INT64_MAX;

    if (sl_parse_int(value, option->least, most, member))
        return 0;
    if (most == INT64_MAX)
        return sl_err_set(err, SL_ERR_DATA,
                          "--%s wants a whole number, %" PRId64 " or more, not '%s'", option->name,
                          option->least, value);
    return sl_err_set(err, SL_ERR_DATA,
                      "--%s wants a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
                      option->name, option->least, most, value);
}

static int set_maybe(const struct sl_opt *option, struct sl_maybe *member, const char *value,
                     struct sl_err *err)
{
    if (value && set_int(option, &member->value, value, err) < 0)
        return -1;
    member->given = true;
    return 0;
}

static int set_text(const struct sl_opt *option, const char **member, const char *value,
                    struct sl_err *err)
{
    if (!sl_names_path(option->value) && !sl_utf8_valid(value, strlen(value)))
        return sl_err_set(err, SL_ERR_DATA, "the value of --%s is not UTF-8", option->name);
    *member = value;
    return 0;
}

static int set_choice(const struct sl_opt *option, const char **member, const char *value,
                      struct sl_arena *arena, struct sl_err *err)
{
    const char **words, *meant;
    size_t n;

    if (sl_choice_index(option->value, value) >= 0) {
        *member = value;
        return 0;
    }
    n = sl_choice_words(arena, option->value, &words);
    meant = sl_nearest(value, words, n);
    (void)sl_err_set(err, SL_ERR_DATA, "--%s wants %s, not '%s'", option->name, option->value,
                     value);
    return meant ? sl_err_hint(err, "did you mean '%s'?", meant) : -1;
}

static int add_item(const struct sl_opt *option, struct sl_list *list, const char *value,
                    struct sl_arena *arena, size_t most, struct sl_err *err)
{
    const char *item;

    if (set_text(option, &item, value, err) < 0)
        return -1;
    if (!list->items)
        list->items = SL_NEW(arena, const char *, most);
    list->items[list->n++] = item;
    return 0;
}

int sl_value_set(const struct sl_opt *option, void *into, const char *value, struct sl_arena *arena,
                 size_t most, struct sl_err *err)
{
    void *member = (char *)into + option->offset;

    switch (option->kind) {
    case SL_OPT_FLAG: *(bool *)member = true; return 0;
    case SL_OPT_COUNT: ++*(int *)member; return 0;
    case SL_OPT_TEXT: return set_text(option, member, value, err);
    case SL_OPT_CHOICE: return set_choice(option, member, value, arena, err);
    case SL_OPT_INT: return set_int(option, member, value, err);
    case SL_OPT_MAYBE: return set_maybe(option, member, value, err);
    case SL_OPT_LIST: return add_item(option, member, value, arena, most, err);
    }
    return sl_err_set(err, SL_ERR_INTERNAL, "--%s has no kind", option->name);
}
