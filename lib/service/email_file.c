/* Files that mails carry. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/service/email.h"
#include "lib/service/spool.h"
#include "lib/transfer/pieces.h"

enum { MOST_BYTES = 100 << 20 };

/* What schools send; all else is bytes. */
static const char *type_of(const char *name)
{
    static const char *const types[][2] = {
        { "pdf", "application/pdf" },
        { "doc", "application/msword" },
        { "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
        { "xls", "application/vnd.ms-excel" },
        { "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
        { "ppt", "application/vnd.ms-powerpoint" },
        { "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
        { "odt", "application/vnd.oasis.opendocument.text" },
        { "ods", "application/vnd.oasis.opendocument.spreadsheet" },
        { "txt", "text/plain" },
        { "csv", "text/csv" },
        { "ics", "text/calendar" },
        { "html", "text/html" },
        { "jpg", "image/jpeg" },
        { "jpeg", "image/jpeg" },
        { "png", "image/png" },
        { "gif", "image/gif" },
        { "zip", "application/zip" },
        { "mp3", "audio/mpeg" },
        { "mp4", "video/mp4" },
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < SL_COUNT(types); i++)
        if (strcasecmp(dot + 1, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

/* The name without its folder: what the recipient sees. */
static int name_of(const char *path, struct sl_file *file, struct sl_err *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    if (!sl_utf8_valid(name, strlen(name)))
        return sl_err_set(err, SL_ERR_DATA, "the name of an attachment is not UTF-8");
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return sl_err_set(err, SL_ERR_DATA,
                              "the name of an attachment has a control character");
    file->name = name;
    file->type = type_of(name);
    return 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static int look(struct sl_arena *arena, const char *path, const struct stat *status,
                struct sl_file *file, struct sl_err *err)
{
    file->path = path;
    file->size = status->st_size;
    file->sha256 = sl_pieces_digest(arena, file, 0, status->st_size, err);
    return file->sha256 ? 0 : -1;
}

int sl_email_attach(struct sl_service *service, struct sl_arena *arena, const char *path,
                    enum sl_attach how, struct sl_file *file, struct sl_err *err)
{
    SL_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;

    *file = (struct sl_file){ 0 };
    path = sl_arena_strdup(arena, path);
    if (name_of(path, file, err) < 0)
        return -1;
    if (fd < 0 || fstat(fd, &status) != 0)
        return sl_err_set(err, SL_ERR_DATA, "attachment %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return sl_err_set(err, SL_ERR_DATA, "attachment %s is no file", path);
    if (status.st_size > MOST_BYTES)
        return sl_err_set(err, SL_ERR_DATA, "attachment %s is longer than %d bytes", path,
                          MOST_BYTES);
    if (how == SL_ATTACH_LOOK)
        return look(arena, path, &status, file, err);
    if (sl_spool_take(service, arena, fd, MOST_BYTES, file, err) < 0)
        return sl_err_context(err, "attachment %s", path);
    return 0;
}
