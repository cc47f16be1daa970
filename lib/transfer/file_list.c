#include "lib/transfer/file_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/transfer/confine.h"

/* A listing on its way through the folders. */
struct listing {
    struct sl_arena *arena;
    const char *ours;
    const struct sl_file_step *step;
    int root;
    struct sl_buf body;
    size_t n;
    bool more;
};

/* A folder's name ends with '/': so names compare as the keys beneath them do. */
struct entry {
    const char *name;
    int64_t size, modified_ms;
};

static int by_bytes(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void close_folder(DIR **folder)
{
    if (*folder)
        (void)closedir(*folder);
}

static DIR *open_folder(int root, const char *path)
{
    int fd = sl_confine_open(root, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (!folder && fd >= 0)
        (void)close(fd);
    return folder;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* False for what is neither a file nor a folder, and for what is gone again. */
static bool look_at(const struct listing *listing, DIR *folder, const char *name,
                    struct entry *entry)
{
    struct stat status;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || begins(name, listing->ours) ||
        fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (S_ISDIR(status.st_mode)) {
        *entry = (struct entry){ .name = sl_arena_printf(listing->arena, "%s/", name) };
        return true;
    }
    *entry = (struct entry){
        .name = sl_arena_strdup(listing->arena, name),
        .size = status.st_size,
        .modified_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000,
    };
    return S_ISREG(status.st_mode);
}

static int read_folder(struct listing *listing, const char *path, struct sl_buf *entries)
{
    SL_AUTO(close_folder) DIR *folder = open_folder(listing->root, path);
    struct dirent *read;
    struct entry entry;

    if (!folder)
        return errno == ENOENT ? 0 : -1; /* removed since its name was read */
    for (errno = 0; (read = readdir(folder)) != NULL; errno = 0)
        if (look_at(listing, folder, read->d_name, &entry))
            sl_buf_add(entries, (const char *)&entry, sizeof entry);
    return errno ? -1 : 0;
}

static bool is_folder(const char *key)
{
    size_t n = strlen(key);

    return n > 0 && key[n - 1] == '/';
}

/* Whether anything at or beneath this key may be wanted. */
static bool wanted(const struct listing *listing, const char *key)
{
    const char *prefix = listing->step->key, *after = listing->step->after;

    if (!begins(key, prefix) && !(is_folder(key) && begins(prefix, key)))
        return false;
    if (!after)
        return true;
    return strcmp(key, after) > 0 || (is_folder(key) && begins(after, key));
}

static void tell(struct listing *listing, const char *key, const struct entry *entry)
{
    if (listing->n == listing->step->most) {
        listing->more = true;
        return;
    }
    sl_buf_text(&listing->body, listing->n++ > 0 ? ",{\"key\":" : "{\"key\":");
    sl_json_quote(&listing->body, key);
    sl_buf_printf(&listing->body, ",\"size\":%lld,\"modified_at\":%lld}", (long long)entry->size,
                  (long long)entry->modified_ms);
}

/* `path` is "" or ends with '/'. */
static int walk(struct listing *listing, const char *path)
{
    struct sl_buf found = sl_buf_new(listing->arena);
    struct entry *entries;
    size_t n;

    if (read_folder(listing, path, &found) < 0)
        return -1;
    n = found.len / sizeof *entries;
    entries = SL_NEW(listing->arena, struct entry, n + 1);
    memcpy(entries, found.data, found.len);
    qsort(entries, n, sizeof *entries, by_bytes);
    for (size_t i = 0; i < n && !listing->more; i++) {
        const char *key = sl_arena_printf(listing->arena, "%s%s", path, entries[i].name);

        if (!wanted(listing, key))
            continue;
        if (!is_folder(key))
            tell(listing, key, &entries[i]);
        else if (walk(listing, key) < 0)
            return -1;
    }
    return 0;
}

const char *file_list(struct sl_arena *arena, int root, const char *ours,
                      const struct sl_file_step *step)
{
    struct listing listing = {
        .arena = arena, .ours = ours, .step = step, .root = root, .body = sl_buf_new(arena)
    };

    sl_buf_text(&listing.body, "{\"entries\":[");
    if (walk(&listing, "") < 0)
        return NULL;
    sl_buf_printf(&listing.body, "],\"more\":%s}", listing.more ? "true" : "false");
    return listing.body.data;
}

void file_list_sweep(int folder, const char *ours, time_t before)
{
    SL_AUTO(close_folder) DIR *names = open_folder(folder, "");
    struct dirent *read;
    struct stat status;

    while (names && (read = readdir(names)) != NULL)
        if (begins(read->d_name, ours) &&
            fstatat(folder, read->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            status.st_mtime < before)
            (void)unlinkat(folder, read->d_name, 0);
}
