/* Mails as they go over the wire: 7 bits, CRLF, and nobody's text becomes a header. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/crypto.h"
#include "lib/base/text.h"
#include "lib/mime/mime.h"
#include "lib/transfer/pieces.h"

struct world {
    struct sl_arena *arena;
    struct sl_mailbox to;
    struct sl_mail mail;
    const char *wire;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);

    assert_non_null(world);
    world->arena = sl_arena_new();
    world->to = (struct sl_mailbox){ "p1@example.test", NULL };
    world->mail = (struct sl_mail){
        .date_ms = 1795520760000,
        .message_id = "01K-1@school.test",
        .boundary = "0123456789abcdef0123456789abcdef",
        .from = { "bursar@school.test", "Greenhill Bursar" },
        .to = &world->to,
        .n_to = 1,
        .subject = "Fees",
        .text = "Hello",
    };
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    sl_arena_free(&world->arena);
    free(world);
    return 0;
}

/* The message, whole. */
static const char *make(struct world *world)
{
    SL_AUTO(sl_pieces_close) struct sl_pieces *reader = NULL;
    const struct sl_piece *pieces;
    struct sl_err err;
    size_t n, size;
    char *wire;

    if (sl_mime_pieces(world->arena, &world->mail, &pieces, &n, &err) < 0 ||
        sl_pieces_open(&reader, world->arena, pieces, n, &err) < 0)
        fail_msg("%s", err.text);
    size = (size_t)sl_pieces_size(pieces, n);
    wire = sl_arena_alloc(world->arena, size + 1, 1);
    assert_int_equal(sl_pieces_read(reader, wire, size + 1), size);
    assert_int_equal(strlen(wire), size);
    world->wire = wire;
    return wire;
}

/* What holds for every mail. */
static void expect_clean(const char *wire)
{
    size_t line = 0;

    for (const char *at = wire; *at; at++) {
        assert_true((unsigned char)*at < 0x80);
        assert_true((*at == '\n') == (at > wire && at[-1] == '\r'));
        assert_true(*at != '\r' || at[1] == '\n');
        line = *at == '\n' ? 0 : line + 1;
        assert_true(line <= 999); /* with its CR */
    }
}

static bool has(const struct world *world, const char *text)
{
    return strstr(world->wire, text) != NULL;
}

static void a_plain_mail_is_what_one_expects(void **state)
{
    struct world *world = *state;

    expect_clean(make(world));
    assert_true(has(world, "Date: Tue, 24 Nov 2026 11:46:00 +0000\r\n"));
    assert_true(has(world, "Message-Id: <01K-1@school.test>\r\n"));
    assert_true(has(world, "From: Greenhill Bursar <bursar@school.test>\r\n"));
    assert_true(has(world, "To: p1@example.test\r\n"));
    assert_true(has(world, "Subject: Fees\r\n"));
    assert_true(has(world, "MIME-Version: 1.0\r\n"));
    assert_true(has(world, "Content-Type: text/plain; charset=utf-8\r\n"));
    assert_true(has(world, "\r\n\r\nHello"));
}

static void what_is_not_ascii_is_encoded(void **state)
{
    struct world *world = *state;

    world->to.name = "Wanjirũ, Jane \"JJ\"";
    world->mail.subject = "Ada ya muhula wa kwanza – tafadhali lipa kabla ya tarehe 31 Januari, "
                          "Wanjirũ wa darasa la nane";
    world->mail.text = "Habari ya asubuhi Wanjirũ\r\nmstari\nwa pili\rwa tatu";
    world->mail.html = "<p>Habari Wanjirũ</p>";
    world->mail.reply_to = "office@school.test";
    expect_clean(make(world));
    assert_true(has(world, "=?UTF-8?"));
    assert_true(has(world, "Reply-To: office@school.test\r\n"));
    assert_true(has(world, "Wanjir=C5=A9\r\nmstari\r\nwa pili\r\nwa tatu"));
    assert_true(has(world, "multipart/alternative"));
    assert_true(strstr(world->wire, "text/plain") < strstr(world->wire, "text/html"));
    assert_false(has(world, "\"=?")); /* an encoded word is not inside of quotes */
}

/* RFC 2047, section 2: an encoded word has at most 75 characters. */
static void encoded_words_are_short(void **state)
{
    struct world *world = *state;

    world->mail.subject = "Taarifa ya mwanafunzi Wanjirũ Mũthoni wa Kĩambu: ada haijalipwa bado, "
                          "tafadhali wasiliana na ofisi ya Mwalimu Mkũũ Njeri Gĩtaũ mapema";
    expect_clean(make(world));
    for (const char *at = strstr(world->wire, "=?"); at; at = strstr(at + 2, "=?")) {
        const char *end = strstr(at, "?=");

        assert_non_null(end);
        at = strchr(strchr(at + 2, '?') + 1, '?');
        if (end < at)
            end = strstr(at, "?=");
        assert_true(end - at <= 75);
        at = end;
    }
}

static void a_long_line_does_not_stay_one(void **state)
{
    struct world *world = *state;
    char text[3001];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    world->mail.text = text;
    expect_clean(make(world));
    assert_true(has(world, "quoted-printable"));
}

static void a_file_is_read_when_it_is_sent(void **state)
{
    struct world *world = *state;
    char path[] = "/tmp/sl-mime-XXXXXX", bytes[1000];
    struct sl_file files[2] = {
        { .path = path,
          .name = "ripoti ya \"Jane\" é.pdf",
          .type = "application/pdf",
          .size = 1000 },
        { .path = path, .name = "b.bin", .type = "odd", .size = 0 },
    };
    int fd = mkstemp(path);

    memset(bytes, 'y', sizeof bytes);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(close(fd), 0);
    world->mail.files = files;
    world->mail.n_files = 2;
    expect_clean(make(world));
    assert_int_equal(unlink(path), 0);
    assert_true(has(world, "multipart/mixed"));
    assert_true(has(world, "Content-Type: application/pdf"));
    assert_true(has(world, "Content-Type: application/octet-stream"));
    assert_true(has(world, "filename*")); /* RFC 2231 */
    assert_true(has(world, "eXl5eXl5"));
    assert_false(has(world, "MDEyMzQ1Njc4OWFiY2RlZj")); /* the mark is gone */
}

static void nobodys_text_becomes_a_header(void **state)
{
    static const struct sl_mail_header header = { "X-Shule", "a\r\nBcc: evil@example.test" };
    struct world *world = *state;

    world->to.name = "Jane\r\nBcc: evil@example.test";
    world->mail.subject = "Fees\r\nBcc: evil@example.test";
    world->mail.headers = &header;
    world->mail.n_headers = 1;
    (void)make(world);
    assert_false(has(world, "\nBcc:"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_mail_is_what_one_expects), TEST(what_is_not_ascii_is_encoded),
        TEST(encoded_words_are_short),          TEST(a_long_line_does_not_stay_one),
        TEST(a_file_is_read_when_it_is_sent),   TEST(nobodys_text_becomes_a_header),
    };

    sl_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
