/* Any bytes as XML: no crash, a tree no deeper than promised, and UTF-8 in all of it. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/xml.h"

enum { DEEPEST = 16 };

static void look_at(const struct sl_xml *node, int depth)
{
    must(depth <= DEEPEST);
    for (; node; node = node->next) {
        must(sl_utf8_valid(node->name, strlen(node->name)) &&
             sl_utf8_valid(node->text, strlen(node->text)));
        must(sl_xml_text(node, "none such") == NULL);
        (void)sl_xml_again(node);
        look_at(node->first, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();

    look_at(sl_xml_parse(arena, (const char *)data, size), 1);
    return 0;
}
