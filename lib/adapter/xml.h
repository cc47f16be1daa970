/* Answers in XML, read by Expat into a small tree. */
#ifndef SL_ADAPTER_XML_H
#define SL_ADAPTER_XML_H

#include <stddef.h>

#include "lib/base/arena.h"

struct sl_xml {
    const char *name;            /* without its namespace's prefix */
    const char *text;            /* what stands in it, its children's texts aside; never NULL */
    struct sl_xml *first, *next; /* its first child; its sibling; or NULL */
};

/* The root, in the arena. NULL for what is not well-formed UTF-8 XML, has a DOCTYPE (nothing of
 * ours has one, and entities could make it grow), or nests deeper than 16. */
const struct sl_xml *sl_xml_parse(struct sl_arena *arena, const char *bytes, size_t n);

/* The first child of that name, or the next sibling of the same name; NULL if there is none. Both
 * take NULL. */
const struct sl_xml *sl_xml_child(const struct sl_xml *node, const char *name);
const struct sl_xml *sl_xml_again(const struct sl_xml *node);

/* The text of the first child of that name, or NULL. */
const char *sl_xml_text(const struct sl_xml *node, const char *name);

#endif
