/* One fuzz target (fuzz.h) over the corpus that is in the tree, tests/fuzz/corpus/TARGET, as a unit
 * test: no libFuzzer is needed for that. With arguments, over those files instead. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>

#include "tests/fuzz/fuzz.h"

static void replay(const char *path)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct sl_buf bytes = sl_buf_new(arena);
    FILE *file = fopen(path, "re");
    char block[4096];
    size_t n;

    must(file != NULL);
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        sl_buf_add(&bytes, block, n);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes.data, bytes.len);
}

static void the_corpus_breaks_no_promise(void **state)
{
    DIR *folder = opendir("tests/fuzz/corpus/" TARGET);
    const struct dirent *entry;
    char path[512];
    size_t n = 0;

    (void)state;
    if (!folder)
        fail_msg("tests/fuzz/corpus/" TARGET ": run from the project's folder");
    while ((entry = readdir(folder)) != NULL) {
        if (*entry->d_name == '.')
            continue;
        (void)snprintf(path, sizeof path, "tests/fuzz/corpus/" TARGET "/%s", entry->d_name);
        replay(path);
        n++;
    }
    (void)closedir(folder);
    assert_true(n > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_corpus_breaks_no_promise) };

    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    return argc > 1 ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
