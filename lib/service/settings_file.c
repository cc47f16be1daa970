#include "lib/service/settings_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { MOST = 64 };

struct reader {
    yaml_parser_t *parser;
    struct sl_arena *arena;
    struct sl_file_setting *settings;
    size_t n;
};

static int fail(const yaml_parser_t *parser, struct sl_err *err)
{
    return sl_err_set(err, SL_ERR_CONFIG, "line %zu: %s", parser->problem_mark.line + 1,
                      parser->problem ? parser->problem : "no YAML");
}

static int next(struct reader *reader, yaml_event_t *event, struct sl_err *err)
{
    return yaml_parser_parse(reader->parser, event) ? 0 : fail(reader->parser, err);
}

/* What stands there unquoted may mean nothing; in quotes it is text. */
static const char *read_scalar(struct sl_arena *arena, const yaml_event_t *event)
{
    static const char *const nothing[] = { "", "~", "null", "Null", "NULL" };
    const char *text = (const char *)event->data.scalar.value;

    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        for (size_t i = 0; i < SL_COUNT(nothing); i++)
            if (strcmp(text, nothing[i]) == 0)
                return NULL;
    return sl_arena_memdup(arena, text, event->data.scalar.length);
}

static int read_value(struct reader *reader, const char *name, size_t line, struct sl_err *err)
{
    SL_AUTO(yaml_event_delete) yaml_event_t event = { 0 };

    if (next(reader, &event, err) < 0)
        return -1;
    if (event.type != YAML_SCALAR_EVENT)
        return sl_err_set(err, SL_ERR_CONFIG, "line %zu: %s takes one plain value", line, name);
    for (size_t i = 0; i < reader->n; i++)
        if (strcmp(reader->settings[i].name, name) == 0)
            return sl_err_set(err, SL_ERR_CONFIG, "line %zu: %s stands in line %zu already", line,
                              name, reader->settings[i].line);
    if (reader->n == MOST)
        return sl_err_set(err, SL_ERR_CONFIG, "line %zu: too many settings", line);
    reader->settings[reader->n++] = (struct sl_file_setting){
        .name = name,
        .value = read_scalar(reader->arena, &event),
        .line = line,
    };
    return 0;
}

/* Returns 1, or 0 at the end. */
static int read_setting(struct reader *reader, struct sl_err *err)
{
    SL_AUTO(yaml_event_delete) yaml_event_t event = { 0 };
    size_t line;

    if (next(reader, &event, err) < 0)
        return -1;
    line = event.start_mark.line + 1;
    if (event.type == YAML_STREAM_END_EVENT)
        return 0;
    if (event.type == YAML_SCALAR_EVENT) {
        const char *name = read_scalar(reader->arena, &event);

        return name && read_value(reader, name, line, err) < 0 ? -1 : 1;
    }
    if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_ALIAS_EVENT)
        return sl_err_set(err, SL_ERR_CONFIG, "line %zu: this is no `name: value`", line);
    return 1; /* the marks around the lines */
}

static int read_settings(struct reader *reader, FILE *file, struct sl_err *err)
{
    SL_AUTO(yaml_parser_delete) yaml_parser_t parser = { 0 };
    int more;

    if (!yaml_parser_initialize(&parser))
        sl_out_of_memory();
    yaml_parser_set_input_file(&parser, file);
    reader->parser = &parser;
    do {
        more = read_setting(reader, err);
    } while (more > 0);
    reader->parser = NULL;
    return more;
}

int sl_settings_file_read(struct sl_arena *arena, const char *path,
                          const struct sl_file_setting **settings, size_t *n, struct sl_err *err)
{
    struct reader reader = { .arena = arena };
    FILE *file = fopen(path, "re");
    int status;

    *n = 0;
    *settings = NULL;
    if (!file && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (!file)
        return sl_err_set(err, SL_ERR_CONFIG, "%s: %m", path);
    reader.settings = SL_NEW(arena, struct sl_file_setting, MOST);
    status = read_settings(&reader, file, err);
    (void)fclose(file);
    if (status < 0)
        return sl_err_context(err, "%s", path);
    *settings = reader.settings;
    *n = reader.n;
    return 0;
}
