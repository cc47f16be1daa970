#include "cmd/common/report.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/common/beside.h"

/* A pipe or a device is written to as it is: a rename would put a file in its place. */
static int open_device(struct sl_report *report, struct sl_err *err)
{
    report->file = fopen(report->path, "we");
    return report->file ? 0 : sl_err_set(err, SL_ERR_CREATE, "the report %s: %m", report->path);
}

/* Whatever the two are called: links lead to the same file. */
static bool is_of_file(const struct stat *about, FILE *list)
{
    struct stat other;

    return list && fstat(fileno(list), &other) == 0 && S_ISREG(other.st_mode) &&
           other.st_dev == about->st_dev && other.st_ino == about->st_ino;
}

static int refuse_list(const char *path, struct sl_err *err)
{
    (void)sl_err_set(err, SL_ERR_DATA, "the report %s: it would replace the list that is read",
                     path);
    return sl_err_hint(err, "nothing was queued; give the report another name");
}

/* A report is written beside its name and renamed, so that a half one never stands there. */
int sl_report_open(const struct sl_cli *cli, const char *path, FILE *list, struct sl_report *report,
                   struct sl_err *err)
{
    struct stat about;
    bool there;
    int fd;

    *report = (struct sl_report){ .path = path };
    if (!path)
        return 0;
    if (!*path)
        return sl_err_set(err, SL_ERR_CREATE, "the report needs the name of a file");
    if (strcmp(path, "-") == 0) {
        report->file = stdout;
        return 0;
    }
    there = stat(path, &about) == 0;
    if (there && is_of_file(&about, list))
        return refuse_list(path, err);
    if (there && S_ISDIR(about.st_mode))
        return sl_err_set(err, SL_ERR_CREATE, "the report %s: it is a folder", path);
    if (there && !S_ISREG(about.st_mode))
        return open_device(report, err);
    fd = sl_beside_open(cli->arena, path, &report->beside);
    if (fd < 0)
        return sl_err_set(err, SL_ERR_CREATE, "the report %s: %m", path);
    report->file = fdopen(fd, "w");
    if (!report->file)
        sl_out_of_memory();
    return 0;
}

struct sl_output *sl_report_summary(const struct sl_cli *cli, const struct sl_report *report,
                                    const struct sl_column *columns, size_t n_columns,
                                    const char *zone)
{
    const struct sl_output_to beside = { .stream = stderr,
                                         .name = "standard error",
                                         .format = cli->format,
                                         .shape = SL_SHAPE_OBJECT,
                                         .zone = zone };

    if (report && report->path && strcmp(report->path, "-") == 0)
        return sl_output_begin(&beside, columns, n_columns);
    return sl_output_open(cli, SL_SHAPE_OBJECT, columns, n_columns, zone);
}

void sl_report_drop(struct sl_report *report)
{
    if (report->file && report->file != stdout)
        (void)fclose(report->file);
    if (report->file && report->beside)
        (void)unlink(report->beside);
    report->file = NULL;
}

int sl_report_close(struct sl_report *report, struct sl_err *err)
{
    int status = 0;

    if (!report->file || report->file == stdout)
        return 0;
    if (fflush(report->file) != 0 ||
        (report->beside &&
         !sl_beside_name(fileno(report->file), report->beside, report->path, 0640)))
        status = sl_err_set(err, SL_ERR_IO, "the report %s: %m", report->path);
    if (fclose(report->file) != 0 && status == 0)
        status = sl_err_set(err, SL_ERR_IO, "the report %s: %m", report->path);
    report->file = NULL;
    if (report->beside && status < 0)
        (void)unlink(report->beside);
    return status;
}
