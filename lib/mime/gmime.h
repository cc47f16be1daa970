/* What is used of GMime and GLib, as pointers that are found when they are needed. For lib/mime/
 * alone. */
#ifndef SL_MIME_GMIME_H
#define SL_MIME_GMIME_H

#include <gmime/gmime.h>

#include "lib/base/err.h"

#define GMIME_FUNCTIONS(X)                                                                         \
    X(g_mime_init)                                                                                 \
    X(g_object_unref)                                                                              \
    X(g_mime_message_new)                                                                          \
    X(g_mime_message_get_addresses)                                                                \
    X(g_mime_message_set_subject)                                                                  \
    X(g_mime_message_set_message_id)                                                               \
    X(g_mime_message_set_mime_part)                                                                \
    X(g_mime_object_set_header)                                                                    \
    X(g_mime_object_set_content_type_parameter)                                                    \
    X(g_mime_object_set_disposition)                                                               \
    X(g_mime_object_write_to_stream)                                                               \
    X(g_mime_part_new_with_type)                                                                   \
    X(g_mime_part_set_content)                                                                     \
    X(g_mime_part_set_content_encoding)                                                            \
    X(g_mime_part_set_filename)                                                                    \
    X(g_mime_data_wrapper_new_with_stream)                                                         \
    X(g_mime_stream_mem_new)                                                                       \
    X(g_mime_stream_mem_new_with_buffer)                                                           \
    X(g_mime_stream_mem_get_byte_array)                                                            \
    X(g_mime_multipart_new_with_subtype)                                                           \
    X(g_mime_multipart_set_boundary)                                                               \
    X(g_mime_multipart_add)                                                                        \
    X(g_mime_format_options_new)                                                                   \
    X(g_mime_format_options_free)                                                                  \
    X(g_mime_format_options_set_newline_format)                                                    \
    X(internet_address_mailbox_new)                                                                \
    X(internet_address_set_charset)                                                                \
    X(internet_address_list_add)

#define GMIME_POINTER(name) __typeof__(name) *name;
struct gmime {
    GMIME_FUNCTIONS(GMIME_POINTER)
};

/* Loads it at the first call. NULL with SL_ERR_CONFIG if it is not there. */
const struct gmime *gmime_open(struct sl_err *err);

#endif
