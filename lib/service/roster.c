#include "lib/service/roster.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/text/csv.h"

enum { LONGEST = 100, LONGEST_IDNUMBER = 255 };

const char *const sl_roster_names[SL_ROSTER_COLUMNS] = {
    [SL_ROSTER_USERNAME] = "username", [SL_ROSTER_FIRSTNAME] = "firstname",
    [SL_ROSTER_LASTNAME] = "lastname", [SL_ROSTER_EMAIL] = "email",
    [SL_ROSTER_IDNUMBER] = "idnumber", [SL_ROSTER_COURSE] = "course",
    [SL_ROSTER_ROLE] = "role",         [SL_ROSTER_GROUP] = "group",
};

/* ---- The header ------------------------------------------------------------------------------ */

/* Which of ours each column is. */
struct places {
    enum sl_roster_column *of; /* one for each column of the list */
    size_t n;
};

static int find_place(const char *name, enum sl_roster_column *place, struct sl_err *err)
{
    const char *nearest;

    for (size_t i = 0; i < SL_ROSTER_COLUMNS; i++)
        if (strcmp(sl_roster_names[i], name) == 0) {
            *place = (enum sl_roster_column)i;
            return 0;
        }
    nearest = sl_nearest(name, sl_roster_names, SL_ROSTER_COLUMNS);
    (void)sl_err_set(err, SL_ERR_DATA, "a roster has no column '%s'", name);
    return nearest ? sl_err_hint(err, "did you mean %s?", nearest)
                   : sl_err_hint(err, "its columns: username, firstname, lastname, email, "
                                      "idnumber, course, role, group");
}

static int read_header(struct sl_arena *arena, const struct sl_columns *columns,
                       struct places *places, struct sl_err *err)
{
    size_t ignored;

    places->n = columns->n;
    places->of = SL_NEW(arena, enum sl_roster_column, columns->n + 1);
    for (size_t i = 0; i < columns->n; i++)
        if (find_place(columns->names[i], &places->of[i], err) < 0)
            return -1;
    return sl_columns_find(columns, sl_roster_names[SL_ROSTER_USERNAME], &ignored, err);
}

/* ---- A row ------------------------------------------------------------------------------------ */

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + 'a' - 'A');
}

static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');

    return at && at > text && at[1] && !strchr(at + 1, '@') && !strpbrk(text, " <>,;\"");
}

/* What every system refuses is told before anything is sent. */
static const char *why_bad(struct sl_arena *arena, const struct sl_roster_row *row)
{
    const char *username = row->fields[SL_ROSTER_USERNAME];
    const char *email = row->fields[SL_ROSTER_EMAIL];

    if (!username)
        return "no username";
    if (username[strspn(username, "abcdefghijklmnopqrstuvwxyz0123456789-._@")])
        return "a username has letters without accents, digits and - . _ @ only";
    for (size_t i = 0; i < SL_ROSTER_COLUMNS; i++) {
        const char *text = row->fields[i];
        size_t most = i == SL_ROSTER_IDNUMBER ? LONGEST_IDNUMBER : LONGEST;

        if (text && has_control(text))
            return sl_arena_printf(arena, "%s has a control character", sl_roster_names[i]);
        if (text && strpbrk(text, "<>"))
            return sl_arena_printf(arena, "%s has < or > in it", sl_roster_names[i]);
        if (text && sl_utf8_length(text) > most)
            return sl_arena_printf(arena, "%s is longer than %zu characters", sl_roster_names[i],
                                   most);
    }
    if (email && !is_email(email))
        return "email is no e-mail address";
    if (row->fields[SL_ROSTER_ROLE] && !row->fields[SL_ROSTER_COURSE])
        return "a role without a course";
    return NULL;
}

static void take(struct sl_arena *arena, const struct sl_csv_row *from, const struct places *places,
                 struct sl_roster_row *row)
{
    *row = (struct sl_roster_row){ .line = from->line, .bad = sl_arena_strdup(arena, from->bad) };
    for (size_t i = 0; i < places->n; i++) {
        char *text =
            from->fields[i] && *from->fields[i] ? sl_arena_strdup(arena, from->fields[i]) : NULL;

        if (text && places->of[i] == SL_ROSTER_USERNAME)
            lower(text);
        row->fields[places->of[i]] = text;
    }
    if (!row->bad)
        row->bad = why_bad(arena, row);
}

/* ---- The list ---------------------------------------------------------------------------------- */

static int check_all(const struct sl_roster *roster, struct sl_err *err)
{
    if (roster->n == 0)
        return sl_err_set(err, SL_ERR_DATA, "the roster has no rows");
    if (roster->n_bad == roster->n)
        return sl_err_set(err, SL_ERR_DATA, "no row of the roster can be used; line %zu: %s",
                          roster->rows[0].line, roster->rows[0].bad);
    return 0;
}

int sl_roster_read(struct sl_arena *arena, FILE *in, struct sl_roster *roster, struct sl_err *err)
{
    SL_AUTO(sl_csv_close) struct sl_csv *csv = NULL;
    struct places places;
    struct sl_csv_row row;
    size_t room = 0;
    int more;

    *roster = (struct sl_roster){ 0 };
    if (sl_csv_open(&csv, in, NULL, NULL, err) < 0 ||
        read_header(arena, sl_csv_columns(csv), &places, err) < 0)
        return -1;
    while ((more = sl_csv_next(csv, &row, err)) > 0) {
        if (roster->n == SL_ROSTER_MOST)
            return sl_err_set(err, SL_ERR_DATA, "a roster has at most %d rows: make several of it",
                              SL_ROSTER_MOST);
        roster->rows = sl_arena_grow(arena, roster->rows, roster->n, &room, sizeof *roster->rows);
        take(arena, &row, &places, &roster->rows[roster->n]);
        roster->n_bad += roster->rows[roster->n++].bad != NULL;
    }
    return more < 0 ? -1 : check_all(roster, err);
}
