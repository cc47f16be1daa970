#include "cmd/common/get_verb.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/common/beside.h"
#include "cmd/common/storage.h"
#include "lib/base/json.h"
#include "lib/service/storage.h"
#include "lib/text/key.h"

/* Where it goes, and where until it is whole. */
struct target {
    const char *path; /* NULL: standard output */
    char *temporary;  /* to be removed; NULL: there is none */
    int fd;
};

static void target_end(struct target *target)
{
    if (target->fd >= 0)
        (void)close(target->fd);
    if (target->temporary)
        (void)unlink(target->temporary);
}

static int fail(enum sl_err_code code, const char *path, struct sl_err *err)
{
    return sl_err_set(err, code, "%s: %s", path, strerror(errno));
}

/* Beside the file that it will be, so that giving it its name is one step. */
static int target_begin(struct target *target, struct sl_arena *arena, const char *path,
                        struct sl_err *err)
{
    const char *slash = path ? strrchr(path, '/') : NULL, *tmp = getenv("TMPDIR");
    struct stat status;
    char folder[PATH_MAX];

    if (path && stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        return fail(SL_ERR_CREATE, path, err);
    }
    if (!path)
        path = tmp && *tmp ? tmp : "/tmp";
    else
        path = slash ? sl_arena_memdup(arena, path, (size_t)(slash - path) + 1) : ".";
    if (!realpath(path, folder))
        return fail(SL_ERR_CREATE, path, err);
    target->temporary = sl_arena_printf(arena, "%s/.sl-get-XXXXXX", folder);
    target->fd = mkstemp(target->temporary);
    if (target->fd >= 0)
        return 0;
    target->temporary = NULL;
    return fail(SL_ERR_CREATE, folder, err);
}

static int copy_out(const struct target *target, struct sl_err *err)
{
    char bytes[65536];
    ssize_t n, done;

    while ((n = read(target->fd, bytes, sizeof bytes)) > 0)
        for (ssize_t at = 0; at < n; at += done) {
            done = write(STDOUT_FILENO, bytes + at, (size_t)(n - at));
            if (done < 0)
                return fail(SL_ERR_IO, "standard output", err);
        }
    return n < 0 ? fail(SL_ERR_IO, target->temporary, err) : 0;
}

/* As a file that somebody made here would be: by the umask, not readable by its owner alone. */
static int give_name(struct target *target, struct sl_err *err)
{
    if (!sl_beside_name(target->fd, target->temporary, target->path, 0666))
        return fail(SL_ERR_CREATE, target->path, err);
    target->temporary = NULL;
    return 0;
}

int sl_get_run(const struct sl_cli *cli, const void *opaque, struct sl_err *err)
{
    SL_AUTO(sl_storing_end) struct sl_storing storing = { 0 };
    SL_AUTO(target_end) struct target target = { .fd = -1 };
    const char *key = cli->operands[0], *slash = strrchr(key, '/');
    struct sl_once once;

    (void)opaque;
    target.path = cli->n_operands > 1 ? cli->operands[1] : slash ? slash + 1 : key;
    if (strcmp(target.path, "-") == 0)
        target.path = NULL;
    if (sl_key_check(key, err) < 0 || sl_storing_begin(&storing, cli, err) < 0 ||
        target_begin(&target, cli->arena, target.path, err) < 0)
        return -1;
    once = sl_asking_once(&storing.asking, "storage.get",
                          sl_storage_get_json(cli->arena, key, target.temporary));
    if (sl_asking_run(&storing.asking, &once, err) < 0)
        return -1;
    if (!target.path)
        return copy_out(&target, err);
    return give_name(&target, err) < 0 ? -1 : sl_asking_print(&storing.asking, err);
}
