/* A body made of pieces: what is read is what its size promised, however it is read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/transfer/pieces.h"

enum { SIZE = 50000 }; /* several blocks, and no whole number of lines or groups */

struct world {
    struct sl_arena *arena;
    char path[32];
    char bytes[SIZE];
    struct sl_file file;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    int fd;

    assert_non_null(world);
    world->arena = sl_arena_new();
    strcpy(world->path, "/tmp/sl-pieces-XXXXXX");
    fd = mkstemp(world->path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < SIZE; i++)
        world->bytes[i] = (char)(i * 7 + i / 256);
    assert_int_equal(write(fd, world->bytes, SIZE), SIZE);
    assert_int_equal(close(fd), 0);
    world->file = (struct sl_file){ world->path, "report.pdf", "application/pdf", SIZE, NULL };
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    (void)unlink(world->path);
    sl_arena_free(&world->arena);
    free(world);
    return 0;
}

/* Reads all of it, `step` bytes at a time. */
static char *read_all(struct world *world, const struct sl_piece *pieces, size_t n, size_t step)
{
    SL_AUTO(sl_pieces_close) struct sl_pieces *reader = NULL;
    size_t size = (size_t)sl_pieces_size(pieces, n), done = 0;
    char *body = sl_arena_alloc(world->arena, size + step + 1, 1);
    struct sl_err err;
    ssize_t got;

    assert_int_equal(sl_pieces_open(&reader, world->arena, pieces, n, &err), 0);
    while ((got = sl_pieces_read(reader, body + done, step)) > 0) {
        done += (size_t)got;
        assert_true(done <= size);
    }
    assert_int_equal(got, 0);
    assert_int_equal(done, size);
    return body;
}

static void pieces_follow_one_another(void **state)
{
    static const size_t steps[] = { 1, 7, 4096, 1 << 20 };
    struct world *world = *state;
    const struct sl_piece pieces[] = {
        { .kind = SL_PIECE_BYTES, .bytes = "before ", .n = 7 },
        { .kind = SL_PIECE_FILE, .file = &world->file, .offset = 10, .n = 20000 },
        { .kind = SL_PIECE_BYTES, .bytes = "", .n = 0 },
        { .kind = SL_PIECE_BASE64, .file = &world->file, .n = SIZE },
        { .kind = SL_PIECE_BYTES, .bytes = " behind", .n = 7 },
    };
    const char *digits = sl_base64(world->arena, world->bytes, SIZE);

    for (size_t i = 0; i < SL_COUNT(steps); i++) {
        const char *body = read_all(world, pieces, SL_COUNT(pieces), steps[i]);

        assert_memory_equal(body, "before ", 7);
        assert_memory_equal(body + 7, world->bytes + 10, 20000);
        assert_memory_equal(body + 20007, digits, strlen(digits));
        assert_memory_equal(body + 20007 + strlen(digits), " behind", 7);
    }
}

/* RFC 2045, section 6.8: at most 76 digits a line, and joined they are the base64 of the whole. */
static void mime_is_base64_in_lines(void **state)
{
    struct world *world = *state;

    for (int64_t n = 0; n <= 200; n++) {
        const struct sl_piece piece = { .kind = SL_PIECE_MIME, .file = &world->file, .n = n };
        char *body = read_all(world, &piece, 1, 50), joined[400] = "";

        for (char *line = strtok(body, "\r\n"); line; line = strtok(NULL, "\r\n")) {
            assert_true(strlen(line) <= 76);
            strcat(joined, line);
        }
        assert_string_equal(joined, sl_base64(world->arena, world->bytes, (size_t)n));
    }
}

static void a_file_that_is_gone_or_shorter_is_told_before_anything_is_read(void **state)
{
    struct world *world = *state;
    struct sl_file gone = world->file;
    struct sl_piece piece = { .kind = SL_PIECE_FILE, .file = &gone, .n = SIZE };
    struct sl_pieces *reader = NULL;
    struct sl_err err;

    gone.path = "/nonexistent/report.pdf";
    assert_int_equal(sl_pieces_open(&reader, world->arena, &piece, 1, &err), -1);
    assert_int_equal(err.code, SL_ERR_IO);
    piece =
        (struct sl_piece){ .kind = SL_PIECE_FILE, .file = &world->file, .offset = 1, .n = SIZE };
    assert_int_equal(sl_pieces_open(&reader, world->arena, &piece, 1, &err), -1);
    assert_non_null(strstr(err.text, "report.pdf is shorter"));
}

static void a_file_that_becomes_shorter_ends_the_reading(void **state)
{
    struct world *world = *state;
    const struct sl_piece piece = { .kind = SL_PIECE_MIME, .file = &world->file, .n = SIZE };
    SL_AUTO(sl_pieces_close) struct sl_pieces *reader = NULL;
    char bytes[4096];
    struct sl_err err;
    ssize_t got;

    assert_int_equal(sl_pieces_open(&reader, world->arena, &piece, 1, &err), 0);
    assert_int_equal(truncate(world->path, 100), 0);
    while ((got = sl_pieces_read(reader, bytes, sizeof bytes)) > 0)
        continue;
    assert_int_equal(got, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_follow_one_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mime_is_base64_in_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_file_that_is_gone_or_shorter_is_told_before_anything_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_becomes_shorter_ends_the_reading, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
