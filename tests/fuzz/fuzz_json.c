/* Any bytes as JSON: no crash, UTF-8 in every word, and what is printed is read as the same. The
 * first line is a path into it. */
#include "tests/fuzz/fuzz.h"

#include "lib/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *path = fuzz_line(&fuzz), *word, *printed;
    char *exact = fuzz_exact(&fuzz);
    SL_AUTO(sl_json_free) struct json_object *doc = sl_json_parse(exact, fuzz.n);
    SL_AUTO(sl_json_free) struct json_object *again = NULL;

    free(exact);
    (void)sl_json_text(doc, path);
    (void)sl_json_int(doc, path, 0);
    word = sl_json_word(arena, doc, path);
    must(!word || sl_utf8_valid(word, strlen(word)));
    if (!doc)
        return 0;
    printed = sl_json_print(arena, doc);
    again = sl_json_parse(printed, strlen(printed));
    must(again && json_object_equal(doc, again));
    return 0;
}
