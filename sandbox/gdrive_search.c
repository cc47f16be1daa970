/* The search of the simulated Drive, of whose language only what is asked here is known. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "sandbox/gdrive.h"

enum { MOST_PAGE = 1000 };

struct search {
    const char *parent, *name;
};

/* 'text' with \' and \\ in it; *at moves behind it. NULL: it is none. */
static const char *read_quoted(struct sl_visit *visit, const char **at)
{
    struct sl_buf text = sl_buf_new(visit->arena);

    if (**at != '\'')
        return NULL;
    for (++*at; **at && **at != '\''; ++*at) {
        if (**at == '\\' && (*at)[1])
            ++*at;
        sl_buf_add(&text, *at, 1);
    }
    if (**at != '\'')
        return NULL;
    ++*at;
    return text.data;
}

static bool skip(const char **at, const char *words)
{
    size_t n = strlen(words);

    if (strncmp(*at, words, n) != 0)
        return false;
    *at += n;
    return true;
}

/* Of the language only what is asked here: 'ID' in parents [and name = 'NAME'] and trashed = false */
static bool read_search(struct sl_visit *visit, struct search *search)
{
    const char *at = sl_visit_query(visit, "q");

    if (!at)
        return false;
    search->parent = read_quoted(visit, &at);
    if (!search->parent || !skip(&at, " in parents and "))
        return false;
    if (skip(&at, "name = ")) {
        search->name = read_quoted(visit, &at);
        if (!search->name || !skip(&at, " and "))
            return false;
    }
    return strcmp(at, "trashed = false") == 0;
}

/* The search of names does not mind the case of letters. */
static bool fits(struct sl_visit *visit, const struct sl_drive_file *file,
                 const struct search *search)
{
    return file->parent && strcmp(file->parent, search->parent) == 0 &&
           !sl_drive_trashed(visit, file) && !sl_drive_asks(file, "LAG") &&
           (!search->name || strcasecmp(file->name, search->name) == 0);
}

static int by_name(const void *a, const void *b)
{
    const struct sl_drive_file *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int by_created(const void *a, const void *b)
{
    const struct sl_drive_file *const *x = a, *const *y = b;

    return ((*x)->created_ms > (*y)->created_ms) - ((*x)->created_ms < (*y)->created_ms);
}

static void list_page(struct sl_visit *visit, const struct search *search, int64_t from,
                      int64_t most)
{
    const char *order = sl_visit_query(visit, "orderBy");
    struct json_object *doc = sl_json_new_object(), *list = sl_json_new_array();
    const struct sl_drive_file **all;
    int64_t n = 0;

    for (const struct sl_drive_file *file = sl_drive_of(visit)->files; file; file = file->next)
        n++;
    all = SL_NEW(visit->arena, const struct sl_drive_file *, (size_t)n + 1);
    n = 0;
    for (const struct sl_drive_file *file = sl_drive_of(visit)->files; file; file = file->next)
        if (fits(visit, file, search))
            all[n++] = file;
    qsort(all, (size_t)n, sizeof *all,
          order && strcmp(order, "createdTime") == 0 ? by_created : by_name);
    for (int64_t i = from; i < n && i < from + most; i++)
        sl_json_append(list, sl_drive_shown(visit, all[i]));
    sl_json_put(doc, "files", list);
    if (from + most < n)
        sl_json_put_text(doc, "nextPageToken",
                         sl_arena_printf(visit->arena, "~%lld", (long long)(from + most)));
    sl_drive_tell(visit, doc);
}

void sl_drive_list(struct sl_visit *visit)
{
    const char *page = sl_visit_query(visit, "pageToken"),
               *most = sl_visit_query(visit, "pageSize");
    const char *order = sl_visit_query(visit, "orderBy");
    const char *everywhere = sl_visit_query(visit, "includeItemsFromAllDrives");
    struct search search = { 0 };
    int64_t from = 0, size = 100;

    if (!read_search(visit, &search))
        sl_drive_fail(visit, 400, "invalid", "Invalid Value: q");
    else if (most && !sl_parse_int(most, 1, MOST_PAGE, &size))
        sl_drive_fail(visit, 400, "invalid", "Invalid value: pageSize");
    else if (page && (*page != '~' || !sl_parse_int(page + 1, 1, INT64_MAX, &from)))
        sl_drive_fail(visit, 400, "invalid", "Invalid Value: pageToken");
    else if (order && strcmp(order, "name") != 0 && strcmp(order, "createdTime") != 0)
        sl_drive_fail(visit, 400, "invalid", "Invalid Value: orderBy");
    else if (!everywhere || strcmp(everywhere, "true") != 0)
        sl_visit_answer(visit, 200, "application/json", "{\"files\":[]}");
    else if (!sl_drive_find(visit, search.parent))
        sl_drive_not_found(visit, ".");
    else
        list_page(visit, &search, from, size);
}
