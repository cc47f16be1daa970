/* Options of curl's handles. */
#ifndef SL_TRANSFER_OPTION_H
#define SL_TRANSFER_OPTION_H

#include <curl/curl.h>

/* As curl_easy_setopt(), of which nothing can fail but memory: then the process ends, because an option that was
 * not taken would leave that of an earlier request, its address even, in the handle. */
#define set_option(easy, option, value) option_must(curl_easy_setopt((easy), (option), (value)))

void option_must(CURLcode code);

#endif
