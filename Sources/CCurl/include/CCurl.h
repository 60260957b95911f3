#pragma once

#include <curl/curl.h>

// libcurl, loaded when it is first needed. With it come thirty more libraries, and six megabytes of memory that a shop
// without webhooks, whose mails go into a Maildir, has no use for.
//
// `curl_easy_setopt` and its kin are variadic, and do not import into Swift: each type of argument has a name here.

/// Has the library; any number of times, from any thread. Nothing else may be called before.
/// - Returns: why it cannot be had; NULL where it is there.
const char *ordershop_curl_load(void);

CURL *ordershop_curl_open(void);
void ordershop_curl_close(CURL *handle);
void ordershop_curl_reset(CURL *handle);
CURLcode ordershop_curl_perform(CURL *handle);
const char *ordershop_curl_text(CURLcode code);

struct curl_slist *ordershop_curl_append(struct curl_slist *list, const char *value);
void ordershop_curl_free(struct curl_slist *list);

CURLcode ordershop_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ordershop_curl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode ordershop_curl_set_large(CURL *handle, CURLoption option, curl_off_t value);
CURLcode ordershop_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode ordershop_curl_set_pointer(CURL *handle, CURLoption option, void *value);

typedef size_t (*ordershop_curl_transfer)(char *bytes, size_t size, size_t count, void *owner);

CURLcode ordershop_curl_on_read(CURL *handle, ordershop_curl_transfer call);
CURLcode ordershop_curl_on_write(CURL *handle, ordershop_curl_transfer call);
CURLcode ordershop_curl_on_header(CURL *handle, ordershop_curl_transfer call);
CURLcode ordershop_curl_on_debug(CURL *handle, curl_debug_callback call);
CURLcode ordershop_curl_on_progress(CURL *handle, curl_xferinfo_callback call);
CURLcode ordershop_curl_on_open_socket(CURL *handle, curl_opensocket_callback call);

CURLcode ordershop_curl_get_socket(CURL *handle, curl_socket_t *value);
CURLcode ordershop_curl_get_long(CURL *handle, CURLINFO info, long *value);
