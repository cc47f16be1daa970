/* Any bytes as a form: no crash, every value UTF-8, the same value by name as in the list, and what
 * is written is read as it was. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/form.h"

static void expect_first(struct fuzz *fuzz, const struct sl_pair *fields, int n, int i)
{
    const char *found = sl_form_value(fuzz->arena, fuzz->at, fuzz->n, fields[i].name);
    int first = 0;

    while (first < n && strcmp(fields[first].name, fields[i].name) != 0)
        first++;
    must(found && strcmp(found, fields[first].value) == 0);
}

static void write_again(struct sl_arena *arena, const struct sl_pair *fields, int n)
{
    struct sl_buf form = sl_buf_new(arena);
    struct sl_pair *again;

    for (int i = 0; i < n; i++)
        sl_form_add(&form, fields[i].name, fields[i].value);
    must(sl_form_fields(arena, form.data, form.len, &again) == n);
    for (int i = 0; i < n; i++)
        must(strcmp(again[i].value, fields[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    struct sl_pair *fields = NULL;
    int n = sl_form_fields(arena, fuzz.at, fuzz.n, &fields);

    for (int i = 0; i < n && i < 20; i++) {
        must(sl_utf8_valid(fields[i].value, strlen(fields[i].value)));
        expect_first(&fuzz, fields, n, i);
    }
    if (n > 0)
        write_again(arena, fields, n);
    return 0;
}
