/* Files of tests/data, read by tests that run in the project's folder. */
#ifndef SL_TESTS_DATA_FILE_H
#define SL_TESTS_DATA_FILE_H

#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/text.h"

static inline FILE *open_data(const char *path)
{
    FILE *file = fopen(path, "re");

    if (!file)
        fail_msg("%s: run from the project's folder", path);
    return file;
}

/* All of a small one. */
static inline char *read_file(struct sl_arena *arena, const char *path)
{
    char bytes[8192];
    FILE *file = open_data(path);
    size_t n = fread(bytes, 1, sizeof bytes, file);

    (void)fclose(file);
    return sl_arena_memdup(arena, bytes, n);
}

/* Each line is a case. Returns how many. */
static inline size_t run_cases(const char *path, void (*run_case)(const char *line, size_t n))
{
    FILE *file = open_data(path);
    char *line = NULL;
    size_t capacity = 0, n_cases = 0;
    ssize_t n;

    for (; (n = getline(&line, &capacity, file)) > 0; n_cases++)
        run_case(line, (size_t)n);
    free(line);
    (void)fclose(file);
    return n_cases;
}

/* As editors and environments write a file that has lines. */
static inline char *replace_newlines(struct sl_arena *arena, const char *text, const char *by)
{
    struct sl_buf out = sl_buf_new(arena);

    for (; *text; text++)
        if (*text == '\n')
            sl_buf_text(&out, by);
        else
            sl_buf_add(&out, text, 1);
    return out.data;
}

#endif
