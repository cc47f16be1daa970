/* Any texts as names, values and a file's name of a multipart form, a line each: every part has the
 * head that was meant and no other, and the boundary stands where it should. */
#include "tests/fuzz/fuzz.h"

#include "lib/adapter/multipart.h"

enum { PARTS = 3 };

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (text = strstr(text, what); text; text = strstr(text + strlen(what), what))
        n++;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    struct sl_call call = { .arena = arena, .nonce = "0123456789abcdef0123456789abcde" };
    struct sl_file file = { .path = "/none", .type = "application/pdf", .size = 3 };
    struct sl_request request = { 0 };
    struct sl_multipart form;
    struct sl_buf heads = sl_buf_new(arena);

    if (memmem(data, size, "----sl", 6)) /* nobody else knows it */
        return 0;
    sl_multipart_begin(&form, &call, 1);
    for (int i = 0; i < PARTS; i++)
        sl_multipart_add(&form, fuzz_line(&fuzz), "value");
    file.name = fuzz_line(&fuzz);
    sl_multipart_file(&form, fuzz_rest(&fuzz), &file);
    sl_multipart_end(&form, &request);
    must(request.n_pieces == 3 && request.pieces[1].kind == SL_PIECE_FILE);
    for (size_t i = 0; i < request.n_pieces; i += 2)
        sl_buf_add(&heads, request.pieces[i].bytes, (size_t)request.pieces[i].n);
    must(count(heads.data, "\r\nContent-Disposition: ") == PARTS + 1);
    must(count(heads.data, "\r\nContent-Type: ") == 1);
    must(count(heads.data, form.boundary) == PARTS + 2);
    must(count(heads.data, "\n") == count(heads.data, "\r\n"));
    return 0;
}
