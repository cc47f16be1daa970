/* Any bytes as the configuration file: no crash, no name twice, and an error that names the line. */
#include "tests/fuzz/fuzz.h"

#include "lib/service/settings.h"
#include "lib/service/settings_file.h"

static void expect_one_each(const struct sl_file_setting *settings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        must(settings[i].name && settings[i].line > 0);
        for (size_t k = 0; k < i; k++)
            must(strcmp(settings[i].name, settings[k].name) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const struct sl_file_setting *settings;
    struct sl_installation found;
    struct sl_err err;
    const char *path;
    size_t n;
    int fd;

    path = fuzz_path(&fuzz, &fd);
    if (sl_settings_file_read(arena, path, &settings, &n, &err) == 0)
        expect_one_each(settings, n);
    else
        must(strstr(err.text, "line ") != NULL);
    if (sl_settings_read(arena, path, NULL, &found, &err) == 0)
        must(found.lease_seconds >= 1 && found.lease_seconds <= 60 && found.log_keep_days >= 0);
    (void)close(fd);
    return 0;
}
