#include "lib/text/key.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

enum { MOST_KEY = 1024, MOST_PART = 255 };

static const char *fault_of_part(const char *part, size_t n)
{
    if (n == 0)
        return "has an empty part";
    if (n > MOST_PART)
        return "has a part of more than 255 bytes";
    if ((n == 1 && *part == '.') || (n == 2 && strncmp(part, "..", 2) == 0))
        return "has a part '.' or '..'";
    if (n >= 4 && strncmp(part, ".sl-", 4) == 0)
        return "has a part that begins with .sl-, as our own files do";
    return NULL;
}

static const char *fault_of(const char *key, bool prefix)
{
    size_t n = strlen(key);

    if (n > MOST_KEY)
        return "is longer than 1,024 bytes";
    if (!sl_utf8_valid(key, n))
        return "is not UTF-8";
    for (const char *at = key; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return "has a control character";
    if (*key == '/')
        return "begins with /";
    for (const char *part = key;; part++) {
        size_t n_part = strcspn(part, "/");
        bool last = !part[n_part];
        const char *fault = prefix && last ? NULL : fault_of_part(part, n_part);

        if (fault || last)
            return fault;
        part += n_part;
    }
}

int sl_key_check(const char *key, struct sl_err *err)
{
    const char *fault = *key ? fault_of(key, false) : "is empty";

    return fault ? sl_err_set(err, SL_ERR_DATA, "the key '%s' %s", key, fault) : 0;
}

int sl_key_check_prefix(const char *prefix, struct sl_err *err)
{
    const char *fault = fault_of(prefix, true);

    return fault ? sl_err_set(err, SL_ERR_DATA, "the prefix '%s' %s", prefix, fault) : 0;
}

const char *sl_media_type(const char *name)
{
    static const char *const types[][2] = {
        { ".pdf", "application/pdf" },
        { ".csv", "text/csv" },
        { ".txt", "text/plain" },
        { ".html", "text/html" },
        { ".ics", "text/calendar" },
        { ".json", "application/json" },
        { ".xml", "application/xml" },
        { ".jpg", "image/jpeg" },
        { ".jpeg", "image/jpeg" },
        { ".png", "image/png" },
        { ".gif", "image/gif" },
        { ".webp", "image/webp" },
        { ".svg", "image/svg+xml" },
        { ".mp3", "audio/mpeg" },
        { ".ogg", "audio/ogg" },
        { ".m4a", "audio/mp4" },
        { ".mp4", "video/mp4" },
        { ".3gp", "video/3gpp" },
        { ".zip", "application/zip" },
        { ".gz", "application/gzip" },
        { ".doc", "application/msword" },
        { ".xls", "application/vnd.ms-excel" },
        { ".ppt", "application/vnd.ms-powerpoint" },
        { ".odt", "application/vnd.oasis.opendocument.text" },
        { ".ods", "application/vnd.oasis.opendocument.spreadsheet" },
        { ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
        { ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
        { ".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < SL_COUNT(types); i++)
        if (strcasecmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}
