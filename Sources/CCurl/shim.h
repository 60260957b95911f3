#include <curl/curl.h>

// `curl_easy_setopt` and its kin are variadic, and do not import into Swift: each type of argument has a name here.

static inline CURLcode ordershop_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ordershop_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ordershop_curl_set_large(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ordershop_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ordershop_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*ordershop_curl_transfer)(char *bytes, size_t size, size_t count, void *owner);

static inline CURLcode ordershop_curl_on_read(CURL *handle, ordershop_curl_transfer call) {
    return curl_easy_setopt(handle, CURLOPT_READFUNCTION, call);
}

static inline CURLcode ordershop_curl_on_write(CURL *handle, ordershop_curl_transfer call) {
    return curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, call);
}

static inline CURLcode ordershop_curl_on_header(CURL *handle, ordershop_curl_transfer call) {
    return curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, call);
}

static inline CURLcode ordershop_curl_on_debug(CURL *handle, curl_debug_callback call) {
    return curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, call);
}

static inline CURLcode ordershop_curl_on_progress(CURL *handle, curl_xferinfo_callback call) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, call);
}

static inline CURLcode ordershop_curl_on_open_socket(CURL *handle, curl_opensocket_callback call) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, call);
}

static inline CURLcode ordershop_curl_get_socket(CURL *handle, curl_socket_t *value) {
    return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}

static inline CURLcode ordershop_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
