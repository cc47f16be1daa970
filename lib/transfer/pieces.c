#include "lib/transfer/pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"

enum {
    LINE = 57,          /* bytes that make a line of 76 digits */
    BLOCK = 256 * LINE, /* read at once: whole lines, and whole groups of three */
    ROOM = BLOCK / LINE * 78 + 8,
};

struct sl_pieces {
    const struct sl_piece *pieces;
    size_t n, at; /* the piece that is being read */
    int *files;   /* one for each piece; -1: none */
    int64_t done; /* bytes of its source that were read */
    char ready[ROOM];
    size_t n_ready, n_given; /* encoded, and of these given out */
};

static int64_t length_of(const struct sl_piece *piece)
{
    int64_t digits = (piece->n + 2) / 3 * 4;

    switch (piece->kind) {
    case SL_PIECE_BYTES:
    case SL_PIECE_FILE: return piece->n;
    case SL_PIECE_BASE64: return digits;
    case SL_PIECE_MIME: return digits + (piece->n + LINE - 1) / LINE * 2;
    }
    return 0;
}

int64_t sl_pieces_size(const struct sl_piece *pieces, size_t n)
{
    int64_t size = 0;

    for (size_t i = 0; i < n; i++)
        size += length_of(&pieces[i]);
    return size;
}

/* ---- Opening -------------------------------------------------------------------------- */

static int open_file(struct sl_pieces *reader, size_t i, struct sl_err *err)
{
    const struct sl_piece *piece = &reader->pieces[i];
    struct stat status;

    if (piece->kind == SL_PIECE_BYTES)
        return 0;
    reader->files[i] = open(piece->file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (reader->files[i] < 0 || fstat(reader->files[i], &status) != 0)
        return sl_err_set(err, SL_ERR_IO, "%s cannot be read: %m", piece->file->name);
    if (!S_ISREG(status.st_mode) || status.st_size < piece->offset + piece->n)
        return sl_err_set(err, SL_ERR_IO, "%s is shorter than it was", piece->file->name);
    return 0;
}

int sl_pieces_open(struct sl_pieces **out, struct sl_arena *arena, const struct sl_piece *pieces,
                   size_t n, struct sl_err *err)
{
    SL_AUTO(sl_pieces_close) struct sl_pieces *reader = SL_NEW(arena, struct sl_pieces, 1);

    reader->pieces = pieces;
    reader->n = n;
    reader->files = SL_NEW(arena, int, n);
    for (size_t i = 0; i < n; i++)
        reader->files[i] = -1;
    for (size_t i = 0; i < n; i++)
        if (open_file(reader, i, err) < 0)
            return -1;
    *out = reader;
    reader = NULL;
    return 0;
}

void sl_pieces_close(struct sl_pieces **reader)
{
    if (!*reader)
        return;
    for (size_t i = 0; i < (*reader)->n; i++)
        if ((*reader)->files[i] >= 0)
            (void)close((*reader)->files[i]);
    *reader = NULL; /* itself is in the arena */
}

/* ---- Reading -------------------------------------------------------------------------- */

/* All of the next n bytes of the piece's file. Returns 0 or -1. */
static int read_source(struct sl_pieces *reader, char *bytes, size_t n)
{
    const struct sl_piece *piece = &reader->pieces[reader->at];

    while (n > 0) {
        ssize_t got = pread(reader->files[reader->at], bytes, n, piece->offset + reader->done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        bytes += got;
        n -= (size_t)got;
        reader->done += got;
    }
    return 0;
}

/* Encodes the next block of the piece's file into `ready`. Returns 0 or -1. */
static int encode(struct sl_pieces *reader)
{
    const struct sl_piece *piece = &reader->pieces[reader->at];
    int64_t left = piece->n - reader->done;
    size_t n = left < BLOCK ? (size_t)left : (size_t)BLOCK;
    size_t step = piece->kind == SL_PIECE_MIME ? (size_t)LINE : n;
    char block[BLOCK];

    if (read_source(reader, block, n) < 0)
        return -1;
    reader->n_ready = reader->n_given = 0;
    for (size_t i = 0; i < n; i += step) {
        size_t n_step = n - i < step ? n - i : step;

        reader->n_ready += sl_base64_into(reader->ready + reader->n_ready, block + i, n_step);
        if (piece->kind == SL_PIECE_MIME) {
            reader->ready[reader->n_ready++] = '\r';
            reader->ready[reader->n_ready++] = '\n';
        }
    }
    return 0;
}

/* Of the piece that is being read. Returns how many, 0 at its end, or -1. */
static ssize_t read_piece(struct sl_pieces *reader, char *bytes, size_t size)
{
    const struct sl_piece *piece = &reader->pieces[reader->at];
    int64_t left = piece->n - reader->done;

    if (piece->kind == SL_PIECE_BYTES || piece->kind == SL_PIECE_FILE) {
        size_t n = left < (int64_t)size ? (size_t)left : size;

        if (piece->kind == SL_PIECE_FILE)
            return read_source(reader, bytes, n) < 0 ? -1 : (ssize_t)n;
        memcpy(bytes, piece->bytes + reader->done, n);
        reader->done += (int64_t)n;
        return (ssize_t)n;
    }
    if (reader->n_given == reader->n_ready && left > 0 && encode(reader) < 0)
        return -1;
    if (reader->n_ready - reader->n_given < size)
        size = reader->n_ready - reader->n_given;
    memcpy(bytes, reader->ready + reader->n_given, size);
    reader->n_given += size;
    return (ssize_t)size;
}

ssize_t sl_pieces_read(struct sl_pieces *reader, char *bytes, size_t size)
{
    size_t given = 0;

    while (given < size && reader->at < reader->n) {
        ssize_t n = read_piece(reader, bytes + given, size - given);

        if (n < 0)
            return -1;
        given += (size_t)n;
        if (n > 0)
            continue;
        reader->at++;
        reader->done = 0;
        reader->n_ready = reader->n_given = 0;
    }
    return (ssize_t)given;
}

const char *sl_pieces_digest(struct sl_arena *arena, const struct sl_file *file, int64_t offset,
                             int64_t n, struct sl_err *err)
{
    const struct sl_piece piece = { .kind = SL_PIECE_FILE, .file = file, .offset = offset, .n = n };
    SL_AUTO(sl_pieces_close) struct sl_pieces *reader = NULL;
    SL_AUTO(sl_hash_end) struct sl_hash hash = { 0 };
    char bytes[64 * 1024], *digits = sl_arena_alloc(arena, 2 * SL_SHA256_SIZE + 1, 1);
    unsigned char sum[SL_SHA256_SIZE];
    ssize_t got;

    if (sl_pieces_open(&reader, arena, &piece, 1, err) < 0) {
        err->code = SL_ERR_DATA;
        return NULL;
    }
    sl_hash_begin(&hash);
    while ((got = sl_pieces_read(reader, bytes, sizeof bytes)) > 0)
        sl_hash_add(&hash, bytes, (size_t)got);
    if (got < 0) {
        (void)sl_err_set(err, SL_ERR_DATA, "%s cannot be read any more", file->name);
        return NULL;
    }
    sl_hash_result(&hash, sum);
    sl_hex(sum, sizeof sum, digits);
    return digits;
}
