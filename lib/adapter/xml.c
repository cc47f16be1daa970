#include "lib/adapter/xml.h"

#include <expat.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/text.h"

enum { MOST_DEPTH = 16 };

struct reading {
    struct sl_arena *arena;
    XML_Parser parser;
    struct level {
        struct sl_xml *node, **end; /* where its next child goes */
        struct sl_buf text;
    } levels[MOST_DEPTH];
    size_t depth; /* levels that are open */
    struct sl_xml *root;
};

static void stop(struct reading *reading)
{
    (void)XML_StopParser(reading->parser, XML_FALSE);
}

static void begin(void *opaque, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *reading = opaque;
    const char *colon = strrchr(name, ':');
    struct level *level;
    struct sl_xml *node;

    (void)attributes;
    if (reading->depth == MOST_DEPTH) {
        stop(reading);
        return;
    }
    node = SL_NEW(reading->arena, struct sl_xml, 1);
    *node = (struct sl_xml){ .name = sl_arena_strdup(reading->arena, colon ? colon + 1 : name),
                             .text = "" };
    if (reading->depth == 0) {
        reading->root = node;
    } else {
        level = &reading->levels[reading->depth - 1];
        *level->end = node;
        level->end = &node->next;
    }
    reading->levels[reading->depth++] =
        (struct level){ node, &node->first, sl_buf_new(reading->arena) };
}

static void end(void *opaque, const XML_Char *name)
{
    struct reading *reading = opaque;
    struct level *level = &reading->levels[--reading->depth];

    (void)name;
    level->node->text = level->text.data;
}

static void characters(void *opaque, const XML_Char *text, int n)
{
    struct reading *reading = opaque;

    sl_buf_add(&reading->levels[reading->depth - 1].text, text, (size_t)n);
}

static void refuse_doctype(void *opaque, const XML_Char *name, const XML_Char *system,
                           const XML_Char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(opaque);
}

const struct sl_xml *sl_xml_parse(struct sl_arena *arena, const char *bytes, size_t n)
{
    struct reading reading = { .arena = arena, .parser = XML_ParserCreate("UTF-8") };
    enum XML_Status status;

    if (!reading.parser)
        sl_out_of_memory();
    XML_SetUserData(reading.parser, &reading);
    XML_SetElementHandler(reading.parser, begin, end);
    XML_SetCharacterDataHandler(reading.parser, characters);
    XML_SetStartDoctypeDeclHandler(reading.parser, refuse_doctype);
    status = n <= INT32_MAX ? XML_Parse(reading.parser, bytes, (int)n, XML_TRUE) : XML_STATUS_ERROR;
    XML_ParserFree(reading.parser);
    return status == XML_STATUS_OK ? reading.root : NULL;
}

static const struct sl_xml *find(const struct sl_xml *node, const char *name)
{
    while (node && strcmp(node->name, name) != 0)
        node = node->next;
    return node;
}

const struct sl_xml *sl_xml_child(const struct sl_xml *node, const char *name)
{
    return node ? find(node->first, name) : NULL;
}

const struct sl_xml *sl_xml_again(const struct sl_xml *node)
{
    return node ? find(node->next, node->name) : NULL;
}

const char *sl_xml_text(const struct sl_xml *node, const char *name)
{
    const struct sl_xml *child = sl_xml_child(node, name);

    return child ? child->text : NULL;
}
