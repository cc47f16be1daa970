#include "cmd/common/list.h"

#include <string.h>
#include <sys/stat.h>

int sl_list_open(const char *path, FILE **list, struct sl_err *err)
{
    struct stat about;

    *list = stdin;
    if (!path || strcmp(path, "-") == 0)
        return 0;
    *list = fopen(path, "re");
    if (!*list)
        return sl_err_set(err, SL_ERR_DATA, "%s: %m", path);
    if (fstat(fileno(*list), &about) == 0 && S_ISDIR(about.st_mode))
        return sl_err_set(err, SL_ERR_DATA, "%s: it is a folder", path);
    return 0;
}

void sl_list_close(FILE **list)
{
    if (*list && *list != stdin)
        (void)fclose(*list);
    *list = NULL;
}
