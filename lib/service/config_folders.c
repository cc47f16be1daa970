#include "lib/service/config_folders.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Where it really is, if it is there already: a link may lead into another's. */
static const char *resolved(struct sl_arena *arena, const char *path)
{
    char real[PATH_MAX];

    return sl_arena_strdup(arena, realpath(path, real) ? real : path);
}

/* "/files" is around "/files/a", and around itself. */
static bool is_around(const char *outer, const char *inner)
{
    size_t n = strlen(outer);

    return strncmp(outer, inner, n) == 0 && (inner[n] == '/' || inner[n] == '\0');
}

static int compare(const struct sl_config_row *other, const struct sl_field *field,
                   const char *folder, const char *theirs, struct sl_err *err)
{
    if (!is_around(folder, theirs) && !is_around(theirs, folder))
        return 0;
    (void)sl_err_set(err, SL_ERR_DATA, "%s: %s and %s, the %s folder of %s, are not apart",
                     field->name, folder, theirs, other->provider_code, other->school_code);
    return sl_err_hint(err, "give each school a folder of its own, beside the others");
}

static int compare_all(struct sl_arena *arena, const struct sl_config_row *other,
                       const struct sl_values *theirs, const struct sl_field *field,
                       const char *folder, struct sl_err *err)
{
    for (size_t i = 0; i < theirs->n; i++) {
        const struct sl_field *their_field = sl_values_field(theirs->adapter, i);

        if (theirs->at[i] && their_field->kind == SL_FIELD_FOLDER &&
            compare(other, field, folder, resolved(arena, theirs->at[i]), err) < 0)
            return -1;
    }
    return 0;
}

static bool has_folders(const struct sl_adapter *adapter)
{
    for (size_t i = 0; adapter && i < adapter->n_fields; i++)
        if (adapter->fields[i].kind == SL_FIELD_FOLDER)
            return true;
    return false;
}

static int check_one(struct sl_service *service, struct sl_arena *arena,
                     const struct sl_config_row *row, const struct sl_field *field,
                     const char *folder, struct sl_err *err)
{
    SL_AUTO(sl_rows_end) struct sl_rows rows = { 0 };
    struct sl_config_row other;
    int more;

    if (sl_configs_list(&rows, service->db, 0, err) < 0)
        return -1;
    while ((more = sl_configs_next(&rows, &other, err)) > 0) {
        const struct sl_adapter *adapter = sl_adapter_find(other.provider_code);
        struct sl_values theirs;
        struct sl_err ignored;

        if (other.id == row->id || !has_folders(adapter))
            continue;
        theirs = sl_values_new(arena, adapter);
        if (sl_values_open(service, arena, &other, adapter, &theirs, &ignored) == 0 &&
            compare_all(arena, &other, &theirs, field, folder, err) < 0)
            return -1;
    }
    return more;
}

int sl_config_check_folders(struct sl_service *service, struct sl_arena *arena,
                            const struct sl_config_row *row, const struct sl_values *values,
                            struct sl_err *err)
{
    for (size_t i = 0; i < values->n; i++) {
        const struct sl_field *field = sl_values_field(values->adapter, i);

        if (values->at[i] && field->kind == SL_FIELD_FOLDER &&
            check_one(service, arena, row, field, resolved(arena, values->at[i]), err) < 0)
            return -1;
    }
    return 0;
}
