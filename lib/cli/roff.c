#include "lib/cli/roff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

/* Characters that roff reads as something else, or that a plain terminal shows another way. */
static const struct {
    uint32_t point;
    const char *roff;
} escapes[] = {
    { '\\', "\\e" },     { '-', "\\-" },      { '\'', "\\(aq" },   { '`', "\\(ga" },
    { '^', "\\(ha" },    { '~', "\\(ti" },    { 0xb7, "\\(bu" },   { 0x2013, "\\(en" },
    { 0x2014, "\\(em" }, { 0x2018, "\\(oq" }, { 0x2019, "\\(cq" }, { 0x201c, "\\(lq" },
    { 0x201d, "\\(rq" }, { 0x2022, "\\(bu" }, { 0x2026, "..." },   { 0x2192, "\\(->" },
};

static void put_point(uint32_t point)
{
    for (size_t i = 0; i < SL_COUNT(escapes); i++)
        if (escapes[i].point == point) {
            (void)fputs(escapes[i].roff, stdout);
            return;
        }
    if (point < 0x80)
        (void)putchar((int)point);
    else
        (void)printf("\\[u%04X]", (unsigned)point);
}

const char *sl_next_line(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

/* Up to the end of the line. Backquotes switch bold when `bold` says so. */
static void put_line(const char *text, bool bold)
{
    bool inside = false;
    uint32_t point;

    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", stdout);
    while ((point = sl_utf8_next(&text)) != 0 && point != '\n') {
        if (point != '`' || !bold) {
            put_point(point);
            continue;
        }
        inside = !inside;
        (void)fputs(inside ? "\\fB" : "\\fR", stdout);
    }
    if (inside)
        (void)fputs("\\fR", stdout);
}

void sl_roff(const char *text)
{
    put_line(text, false);
}

static bool is_blank(const char *line)
{
    line += strspn(line, " \t");
    return !*line || *line == '\n';
}

/* The indented lines from here on; returns the one behind them. */
static const char *put_verbatim(const char *line)
{
    (void)puts(".PP\n.RS 4\n.nf");
    for (; *line == ' ' || *line == '\t'; line = sl_next_line(line)) {
        put_line(line + strspn(line, " \t"), false);
        (void)putchar('\n');
    }
    (void)puts(".fi\n.RE");
    return line;
}

void sl_roff_prose(const char *text)
{
    bool begun = false; /* a paragraph */

    while (*text && strncmp(text, "# ", 2) != 0) {
        if (is_blank(text)) {
            begun = false;
            text = sl_next_line(text);
            continue;
        }
        if (*text == ' ' || *text == '\t') {
            text = put_verbatim(text);
            begun = false;
            continue;
        }
        if (!begun)
            (void)puts(".PP");
        begun = true;
        put_line(text, true);
        (void)putchar('\n');
        text = sl_next_line(text);
    }
}
