/* Any bytes as a template: no crash, and what is accepted renders as valid UTF-8 that costs a
 * countable number of segments, --plain or not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/text/segments.h"
#include "lib/text/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    size_t parts[4];
    struct sl_segments found = sl_segments_count(text);

    if (!sl_utf8_valid(text, strlen(text)) || found.n_characters != sl_utf8_length(text))
        abort();
    if (sl_segments_parts(text, parts, SL_COUNT(parts)) != found.segments)
        abort();
    if (sl_text_control_at(text) > found.n_characters)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "a", "parent", "ũ" };
    static const char *const fields[] = { "", "Wanjiru", "…’" };
    static const struct sl_columns columns = { names, SL_COUNT(names) };
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    const char *text = sl_arena_memdup(arena, (const char *)data, size);
    struct sl_template *template = NULL;
    struct sl_buf out = sl_buf_new(arena);
    struct sl_err err;

    if (sl_template_compile(&template, arena, text, &columns, &err) != 0)
        return 0;
    sl_template_render(template, fields, &out);
    check_text(out.data);
    check_text(sl_text_plain(arena, out.data));
    if ((sl_segments_why(arena, out.data) != NULL) !=
        (sl_segments_count(out.data).encoding == SL_UCS2))
        abort();
    return 0;
}
