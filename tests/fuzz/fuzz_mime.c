/* Any texts as the parts of a mail, a line each: every line of the message is 7 bits, ends with CRLF
 * and is not too long, and nobody's text becomes a header of its own. */
#include "tests/fuzz/fuzz.h"

#include "lib/base/crypto.h"
#include "lib/base/email.h"
#include "lib/mime/mime.h"

enum { MOST_LINE = 998 };

static const char *const expected[] = { "Date",     "Message-Id",   "From",
                                        "To",       "Subject",      "MIME-Version",
                                        "Reply-To", "Content-Type", "Content-Transfer-Encoding",
                                        "X-School", "Message-ID" };

static bool is_expected(const char *line, size_t n)
{
    for (size_t i = 0; i < SL_COUNT(expected); i++)
        if (strlen(expected[i]) == n && memcmp(line, expected[i], n) == 0)
            return true;
    return false;
}

static void look_at_lines(const char *text)
{
    bool head = true;

    while (*text) {
        const char *end = strstr(text, "\r\n");
        size_t n = end ? (size_t)(end - text) : strlen(text);

        must(n <= MOST_LINE && !memchr(text, '\n', n) && !memchr(text, '\r', n));
        for (size_t i = 0; i < n; i++)
            must((unsigned char)text[i] < 0x80);
        head = head && n > 0;
        must(!head || *text == ' ' || *text == '\t' || is_expected(text, strcspn(text, ":")));
        text += n + (end ? 2 : 0);
    }
}

static const char *joined(struct sl_arena *arena, const struct sl_piece *pieces, size_t n)
{
    struct sl_buf text = sl_buf_new(arena);

    for (size_t i = 0; i < n; i++)
        if (pieces[i].kind == SL_PIECE_BYTES)
            sl_buf_add(&text, pieces[i].bytes, (size_t)pieces[i].n);
        else
            sl_buf_text(&text, "AAAA\r\n");
    return text.data;
}

/* A line that the programs let through; else another one. */
static const char *take_line(struct fuzz *fuzz, const char *otherwise)
{
    const char *line = fuzz_line(fuzz);

    return *line && fuzz_is_line(line) && strlen(line) < 2000 ? line : otherwise;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTO(sl_arena_free) struct sl_arena *arena = sl_arena_new();
    struct fuzz fuzz = fuzz_begin(arena, data, size);
    const char *why, *address = sl_email_read(arena, fuzz_line(&fuzz), &why);
    bool ascii = address && sl_email_is_ascii(address); /* no adapter lets another through */
    struct sl_mailbox to = { ascii ? address : "p1@example.test", take_line(&fuzz, NULL) };
    struct sl_file file = { .path = "/none", .type = "application/pdf", .size = 3 };
    struct sl_mail_header header = { "X-School", take_line(&fuzz, "Greenhill") };
    struct sl_mail mail = { .date_ms = 1795520760000,
                            .message_id = "01K-1@school.test",
                            .boundary = "0123456789abcdef0123456789abcdef",
                            .from = { "bursar@school.test", take_line(&fuzz, NULL) },
                            .to = &to,
                            .n_to = 1,
                            .headers = &header,
                            .n_headers = 1 };
    const struct sl_piece *pieces;
    size_t n_pieces;
    struct sl_err err;

    mail.subject = take_line(&fuzz, "Fees");
    file.name = take_line(&fuzz, "fees.pdf");
    mail.n_files = fuzz_byte(&fuzz) % 2;
    mail.files = &file;
    mail.text = fuzz_rest(&fuzz);
    if (!sl_utf8_valid(mail.text, strlen(mail.text)))
        return 0;
    mail.html = fuzz.n % 2 ? mail.text : NULL;
    must(sl_mime_pieces(arena, &mail, &pieces, &n_pieces, &err) == 0);
    look_at_lines(joined(arena, pieces, n_pieces));
    return 0;
}
