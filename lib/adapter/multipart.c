#include "lib/adapter/multipart.h"

#include "lib/base/text.h"

void sl_multipart_begin(struct sl_multipart *form, const struct sl_call *call, size_t n_files)
{
    char hex[33];

    sl_hex(call->nonce, 16, hex);
    *form = (struct sl_multipart){
        .arena = call->arena,
        .boundary = sl_arena_printf(call->arena, "----sl%s", hex),
        .text = sl_buf_new(call->arena),
        .pieces = SL_NEW(call->arena, struct sl_piece, 2 * n_files + 1),
    };
}

/* In a quoted name (HTML, "multipart form data encoding algorithm"). */
static void put_name(struct sl_buf *out, const char *name)
{
    for (; *name; name++)
        switch (*name) {
        case '"': sl_buf_text(out, "%22"); break;
        case '\r': sl_buf_text(out, "%0D"); break;
        case '\n': sl_buf_text(out, "%0A"); break;
        default: sl_buf_add(out, name, 1);
        }
}

static void put_head(struct sl_multipart *form, const char *name)
{
    sl_buf_text(&form->text, "--");
    sl_buf_text(&form->text, form->boundary);
    sl_buf_text(&form->text, "\r\nContent-Disposition: form-data; name=\"");
    put_name(&form->text, name);
    sl_buf_text(&form->text, "\"");
}

void sl_multipart_add(struct sl_multipart *form, const char *name, const char *value)
{
    if (!value)
        return;
    put_head(form, name);
    sl_buf_text(&form->text, "\r\n\r\n");
    sl_buf_text(&form->text, value);
    sl_buf_text(&form->text, "\r\n");
}

static void end_text(struct sl_multipart *form)
{
    form->pieces[form->n_pieces++] =
        (struct sl_piece){ .bytes = form->text.data, .n = (int64_t)form->text.len };
    form->text = sl_buf_new(form->arena);
}

void sl_multipart_file(struct sl_multipart *form, const char *name, const struct sl_file *file)
{
    put_head(form, name);
    sl_buf_text(&form->text, "; filename=\"");
    put_name(&form->text, file->name);
    sl_buf_text(&form->text, "\"\r\nContent-Type: ");
    sl_buf_text(&form->text, file->type);
    sl_buf_text(&form->text, "\r\n\r\n");
    end_text(form);
    form->pieces[form->n_pieces++] =
        (struct sl_piece){ .kind = SL_PIECE_FILE, .file = file, .n = file->size };
    sl_buf_text(&form->text, "\r\n");
}

void sl_multipart_end(struct sl_multipart *form, struct sl_request *request)
{
    sl_buf_text(&form->text, "--");
    sl_buf_text(&form->text, form->boundary);
    sl_buf_text(&form->text, "--\r\n");
    sl_request_header(request, "Content-Type",
                      sl_arena_printf(form->arena, "multipart/form-data; boundary=%s",
                                      form->boundary));
    if (form->n_pieces == 0) {
        request->body = form->text.data;
        request->n_body = form->text.len;
        return;
    }
    end_text(form);
    request->pieces = form->pieces;
    request->n_pieces = form->n_pieces;
}
