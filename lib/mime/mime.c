#include "lib/mime/mime.h"

#include <string.h>
#include <time.h>

#include "lib/base/text.h"
#include "lib/mime/gmime.h"

enum { MOST_LINE = 998 /* RFC 5322, section 2.1.1 */ };

struct making {
    const struct gmime *gmime;
    struct sl_arena *arena;
    const struct sl_mail *mail;
};

/* "Tue, 24 Nov 2026 11:46:00 +0000" (RFC 5322, section 3.3): in English whatever the locale. */
static const char *print_date(struct sl_arena *arena, int64_t ms)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t seconds = (time_t)(ms / 1000);
    struct tm when;

    (void)gmtime_r(&seconds, &when);
    return sl_arena_printf(arena, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[when.tm_wday],
                           when.tm_mday, months[when.tm_mon], when.tm_year + 1900, when.tm_hour,
                           when.tm_min, when.tm_sec);
}

/* ---- Text ------------------------------------------------------------------------------- */

/* Every end of line as LF: the message gets CRLF for it, and nothing else can pass for one. */
static char *with_newlines(struct sl_arena *arena, const char *text)
{
    char *copy = sl_arena_strdup(arena, text), *to = copy;

    for (; *text; text++) {
        if (*text == '\r' && text[1] == '\n')
            continue;
        *to++ = *text == '\r' ? '\n' : *text;
    }
    *to = '\0';
    return copy;
}

static bool is_plain(const char *text)
{
    size_t line = 0;

    for (; *text; text++) {
        line = *text == '\n' ? 0 : line + 1;
        if ((unsigned char)*text >= 0x80 || line > MOST_LINE)
            return false;
    }
    return true;
}

static GMimeObject *new_part(struct making *making, const char *type, const char *subtype,
                             const char *content, GMimeContentEncoding encoding)
{
    const struct gmime *gmime = making->gmime;
    GMimePart *part = gmime->g_mime_part_new_with_type(type, subtype);
    GMimeStream *stream = gmime->g_mime_stream_mem_new_with_buffer(content, strlen(content));
    GMimeDataWrapper *wrapper =
        gmime->g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

    gmime->g_mime_part_set_content(part, wrapper);
    gmime->g_mime_part_set_content_encoding(part, encoding);
    gmime->g_object_unref(wrapper);
    gmime->g_object_unref(stream);
    return (GMimeObject *)part;
}

static GMimeObject *new_text(struct making *making, const char *subtype, const char *text)
{
    const char *content = with_newlines(making->arena, text);
    GMimeObject *part = new_part(making, "text", subtype, content,
                                 is_plain(content) ? GMIME_CONTENT_ENCODING_7BIT
                                                   : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);

    making->gmime->g_mime_object_set_content_type_parameter(part, "charset", "utf-8");
    return part;
}

/* ---- Files ------------------------------------------------------------------------------- */

/* What stands for a file until the message is cut into pieces: in base64 it is one short line,
 * and nobody can guess it. */
static const char *mark_of(const struct making *making, size_t i)
{
    return sl_arena_printf(making->arena, "%.24s-%zu", making->mail->boundary, i);
}

static GMimeObject *new_file(struct making *making, size_t i)
{
    const struct gmime *gmime = making->gmime;
    const struct sl_file *file = &making->mail->files[i];
    const char *slash = strchr(file->type, '/');
    const char *type =
        slash ? sl_arena_memdup(making->arena, file->type, (size_t)(slash - file->type))
              : "application";
    GMimeObject *part = new_part(making, type, slash ? slash + 1 : "octet-stream",
                                 mark_of(making, i), GMIME_CONTENT_ENCODING_BASE64);

    gmime->g_mime_object_set_disposition(part, "attachment");
    gmime->g_mime_part_set_filename((GMimePart *)part, file->name);
    return part;
}

/* ---- The tree ------------------------------------------------------------------------------ */

static GMimeMultipart *new_multipart(struct making *making, const char *subtype, char level)
{
    GMimeMultipart *parts = making->gmime->g_mime_multipart_new_with_subtype(subtype);

    making->gmime->g_mime_multipart_set_boundary(parts,
                                                 sl_arena_printf(making->arena, "=_%c_%s", level,
                                                                 making->mail->boundary));
    return parts;
}

static void add(struct making *making, GMimeMultipart *parts, GMimeObject *part)
{
    making->gmime->g_mime_multipart_add(parts, part);
    making->gmime->g_object_unref(part);
}

static GMimeObject *new_body(struct making *making)
{
    const struct sl_mail *mail = making->mail;
    GMimeMultipart *both;

    if (!mail->html)
        return new_text(making, "plain", mail->text ? mail->text : "");
    if (!mail->text)
        return new_text(making, "html", mail->html);
    both = new_multipart(making, "alternative", 'a'); /* the best one last */
    add(making, both, new_text(making, "plain", mail->text));
    add(making, both, new_text(making, "html", mail->html));
    return (GMimeObject *)both;
}

static GMimeObject *new_tree(struct making *making)
{
    GMimeObject *body = new_body(making);
    GMimeMultipart *all;

    if (making->mail->n_files == 0)
        return body;
    all = new_multipart(making, "mixed", 'm');
    add(making, all, body);
    for (size_t i = 0; i < making->mail->n_files; i++)
        add(making, all, new_file(making, i));
    return (GMimeObject *)all;
}

/* ---- Headers ------------------------------------------------------------------------------- */

static void add_mailboxes(const struct making *making, GMimeMessage *message, GMimeAddressType type,
                          const struct sl_mailbox *boxes, size_t n)
{
    const struct gmime *gmime = making->gmime;

    for (size_t i = 0; i < n; i++) {
        InternetAddress *box = gmime->internet_address_mailbox_new(boxes[i].name, boxes[i].address);

        gmime->internet_address_set_charset(box, "utf-8");
        gmime->internet_address_list_add(gmime->g_mime_message_get_addresses(message, type), box);
        gmime->g_object_unref(box);
    }
}

static GMimeMessage *new_message(struct making *making)
{
    const struct gmime *gmime = making->gmime;
    const struct sl_mail *mail = making->mail;
    const struct sl_mailbox reply_to = { .address = mail->reply_to };
    GMimeMessage *message = gmime->g_mime_message_new(TRUE);
    GMimeObject *tree = new_tree(making);

    gmime->g_mime_object_set_header((GMimeObject *)message, "Date",
                                    print_date(making->arena, mail->date_ms), NULL);
    gmime->g_mime_message_set_message_id(message, mail->message_id);
    add_mailboxes(making, message, GMIME_ADDRESS_TYPE_FROM, &mail->from, 1);
    add_mailboxes(making, message, GMIME_ADDRESS_TYPE_REPLY_TO, &reply_to,
                  reply_to.address != NULL);
    add_mailboxes(making, message, GMIME_ADDRESS_TYPE_TO, mail->to, mail->n_to);
    add_mailboxes(making, message, GMIME_ADDRESS_TYPE_CC, mail->cc, mail->n_cc);
    gmime->g_mime_message_set_subject(message, mail->subject, "utf-8");
    gmime->g_mime_object_set_header((GMimeObject *)message, "MIME-Version", "1.0", NULL);
    for (size_t i = 0; i < mail->n_headers; i++)
        gmime->g_mime_object_set_header((GMimeObject *)message, mail->headers[i].name,
                                        mail->headers[i].value, "utf-8");
    gmime->g_mime_message_set_mime_part(message, tree);
    gmime->g_object_unref(tree);
    return message;
}

static const char *print(struct making *making)
{
    const struct gmime *gmime = making->gmime;
    GMimeMessage *message = new_message(making);
    GMimeStream *stream = gmime->g_mime_stream_mem_new();
    GMimeFormatOptions *options = gmime->g_mime_format_options_new();
    const GByteArray *bytes;
    char *text;

    gmime->g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    (void)gmime->g_mime_object_write_to_stream((GMimeObject *)message, options, stream);
    bytes = gmime->g_mime_stream_mem_get_byte_array((GMimeStreamMem *)stream);
    text = sl_arena_memdup(making->arena, (const char *)bytes->data, bytes->len);
    gmime->g_mime_format_options_free(options);
    gmime->g_object_unref(stream);
    gmime->g_object_unref(message);
    return text;
}

/* ---- Pieces ---------------------------------------------------------------------------------- */

/* Each mark is one line of base64, and gives way to its file. */
static int cut(struct making *making, const char *text, struct sl_piece *pieces, size_t *n,
               struct sl_err *err)
{
    for (size_t i = 0; i < making->mail->n_files; i++) {
        const struct sl_file *file = &making->mail->files[i];
        const char *mark = mark_of(making, i), *digits, *at;

        digits =
            sl_arena_printf(making->arena, "%s\r\n", sl_base64(making->arena, mark, strlen(mark)));
        at = strstr(text, digits);
        if (!at)
            return sl_err_set(err, SL_ERR_INTERNAL, "the place of %s in the mail is lost",
                              file->name);
        pieces[(*n)++] = (struct sl_piece){ .bytes = text, .n = at - text };
        pieces[(*n)++] = (struct sl_piece){ .kind = SL_PIECE_MIME, .file = file, .n = file->size };
        text = at + strlen(digits);
    }
    pieces[(*n)++] = (struct sl_piece){ .bytes = text, .n = (int64_t)strlen(text) };
    return 0;
}

int sl_mime_pieces(struct sl_arena *arena, const struct sl_mail *mail,
                   const struct sl_piece **pieces, size_t *n_pieces, struct sl_err *err)
{
    struct making making = { gmime_open(err), arena, mail };
    struct sl_piece *made = SL_NEW(arena, struct sl_piece, 2 * mail->n_files + 1);

    if (!making.gmime)
        return -1;
    *n_pieces = 0;
    *pieces = made;
    return cut(&making, print(&making), made, n_pieces, err);
}
