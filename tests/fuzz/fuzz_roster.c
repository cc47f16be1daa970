/* Any bytes as a roster: no crash, and of a row that can be used every field is UTF-8 and its user
 * named. */
#include "tests/fuzz/fuzz.h"

#include "lib/service/roster.h"

static void look_at(const struct sl_roster *roster)
{
    size_t n_bad = 0;

    for (size_t i = 0; i < roster->n; i++) {
        const struct sl_roster_row *row = &roster->rows[i];

        n_bad += row->bad != NULL;
        must(row->bad || row->fields[SL_ROSTER_USERNAME]);
        for (size_t k = 0; !row->bad && k < SL_ROSTER_COLUMNS; k++)
            must(!row->fields[k] || (*row->fields[k] && fuzz_is_line(row->fields[k])));
    }
    must(n_bad == roster->n_bad && n_bad < roster->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    FILE *file = fuzz_stream(&fuzz);
    struct sl_roster roster = { 0 };
    struct sl_err err;

    if (!file)
        return 0;
    if (sl_roster_read(arena, file, &roster, &err) == 0)
        look_at(&roster);
    (void)fclose(file);
    return 0;
}
