#include "lib/text/template.h"

#include <stdint.h>
#include <string.h>

#include "lib/base/text.h"

/* Literal text and, behind it, a column. */
struct piece {
    const char *text;
    size_t n_text; /* bytes */
    size_t column; /* NO_COLUMN: nothing behind the text */
};

static const size_t NO_COLUMN = SIZE_MAX;

struct sl_template {
    struct piece *pieces;
    size_t n_pieces;
    bool uses_columns;
};

static size_t position(const char *text, const char *at)
{
    size_t n = 1;

    while (text < at && sl_utf8_next(&text))
        n++;
    return n;
}

static int refuse(const char *text, const char *at, const char *what, struct sl_err *err)
{
    return sl_err_set(err, SL_ERR_DATA, "the '%c' at character %zu of the template %s", *at,
                      position(text, at), what);
}

/* The column named behind `brace`. */
static int read_column(struct sl_arena *arena, const char *text, const char *brace,
                       const struct sl_columns *columns, struct piece *piece, struct sl_err *err)
{
    size_t n = strcspn(brace + 1, "{}");

    if (brace[1 + n] != '}') {
        (void)refuse(text, brace, "is not closed", err);
        return sl_err_hint(err, "a column is written {name}, a brace {{");
    }
    if (n == 0)
        return refuse(text, brace, "names no column", err);
    if (sl_columns_find(columns, sl_arena_memdup(arena, brace + 1, n), &piece->column, err) != 0)
        return sl_err_context(err, "template, character %zu", position(text, brace));
    return 0;
}

/* Reads one piece at *at, which moves behind it. */
static int read_piece(struct sl_arena *arena, const char *text, const char **at,
                      const struct sl_columns *columns, struct piece *piece, struct sl_err *err)
{
    const char *brace = *at + strcspn(*at, "{}");

    *piece = (struct piece){ *at, (size_t)(brace - *at), NO_COLUMN };
    *at = brace;
    if (!*brace)
        return 0;
    if (brace[1] == brace[0]) {
        piece->n_text++;
        *at = brace + 2;
        return 0;
    }
    if (*brace == '}') {
        (void)refuse(text, brace, "closes nothing", err);
        return sl_err_hint(err, "a brace is written }}");
    }
    if (read_column(arena, text, brace, columns, piece, err) != 0)
        return -1;
    *at = brace + 1 + strlen(columns->names[piece->column]) + 1;
    return 0;
}

static size_t count_braces(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '{' || *text == '}';
    return n;
}

int sl_template_compile(struct sl_template **out, struct sl_arena *arena, const char *text,
                        const struct sl_columns *columns, struct sl_err *err)
{
    struct sl_template *template = SL_NEW(arena, struct sl_template, 1);
    const char *at;

    if (!sl_utf8_valid(text, strlen(text)))
        return sl_err_set(err, SL_ERR_DATA, "the template is not valid UTF-8");
    text = at = sl_arena_strdup(arena, text);
    template->pieces = SL_NEW(arena, struct piece, count_braces(text) + 1);
    while (*at) {
        struct piece *piece = &template->pieces[template->n_pieces++];

        if (read_piece(arena, text, &at, columns, piece, err) != 0)
            return -1;
        template->uses_columns = template->uses_columns || piece->column != NO_COLUMN;
    }
    *out = template;
    return 0;
}

void sl_template_render(const struct sl_template *template, const char *const *fields,
                        struct sl_buf *out)
{
    for (size_t i = 0; i < template->n_pieces; i++) {
        const struct piece *piece = &template->pieces[i];

        sl_buf_add(out, piece->text, piece->n_text);
        if (piece->column != NO_COLUMN)
            sl_buf_text(out, fields[piece->column]);
    }
}

bool sl_template_uses_columns(const struct sl_template *template)
{
    return template->uses_columns;
}
