#include "lib/service/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/service/spool.h"
#include "lib/text/key.h"
#include "lib/transfer/pieces.h"

enum { MOST_BYTES = 100 << 20 };

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static const char *name_problem(const char *name)
{
    if (!sl_utf8_valid(name, strlen(name)))
        return "its name is not UTF-8";
    for (; *name; name++)
        if ((unsigned char)*name < ' ' || *name == 0x7f)
            return "its name has a control character";
    return NULL;
}

static int refuse(struct sl_arena *arena, const char *path, const char *why, struct sl_err *err)
{
    return sl_err_set(err, SL_ERR_DATA, "%s: %s", sl_printable(arena, path, strlen(path), 200),
                      why);
}

int sl_attach(struct sl_service *service, struct sl_arena *arena, const char *path,
              enum sl_attach how, struct sl_file *file, struct sl_err *err)
{
    SL_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct stat status;

    *file = (struct sl_file){ .name = sl_arena_strdup(arena, name), .type = sl_media_type(name) };
    if (fd < 0 || fstat(fd, &status) != 0)
        return refuse(arena, path, strerror(errno), err);
    if (!S_ISREG(status.st_mode))
        return refuse(arena, path, "that is no file", err);
    if (name_problem(name))
        return refuse(arena, path, name_problem(name), err);
    if (status.st_size > MOST_BYTES)
        return refuse(arena, path, sl_arena_printf(arena, "it has more than %d bytes", MOST_BYTES),
                      err);
    if (how == SL_ATTACH_COPY)
        return sl_spool_take(service, arena, fd, MOST_BYTES, file, err);
    file->path = sl_arena_strdup(arena, path);
    file->size = status.st_size;
    file->sha256 = sl_pieces_digest(arena, file, 0, status.st_size, err);
    return file->sha256 ? 0 : -1;
}
