#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

// The header's macros check the types of arguments where they are called by name.
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define FUNCTIONS(each) \
    each(curl_global_init) each(curl_easy_init) each(curl_easy_cleanup) each(curl_easy_reset) \
    each(curl_easy_perform) each(curl_easy_strerror) each(curl_easy_setopt) each(curl_easy_getinfo) \
    each(curl_slist_append) each(curl_slist_free_all)

#define DECLARE(name) __typeof__(&name) name;
static struct { FUNCTIONS(DECLARE) } library;
static char failure[512];

static void load(void) {
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(failure, sizeof failure, "%s", dlerror());
        return;
    }
#define FIND(function) \
    library.function = (__typeof__(library.function))dlsym(handle, #function); \
    if (!library.function) snprintf(failure, sizeof failure, "libcurl.so.4 has no %s", #function);
    FUNCTIONS(FIND)
    if (!failure[0] && library.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        snprintf(failure, sizeof failure, "libcurl cannot be initialised");
}

const char *ordershop_curl_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return failure[0] ? failure : NULL;
}

CURL *ordershop_curl_open(void) { return library.curl_easy_init(); }
void ordershop_curl_close(CURL *handle) { library.curl_easy_cleanup(handle); }
void ordershop_curl_reset(CURL *handle) { library.curl_easy_reset(handle); }
CURLcode ordershop_curl_perform(CURL *handle) { return library.curl_easy_perform(handle); }
const char *ordershop_curl_text(CURLcode code) { return library.curl_easy_strerror(code); }

struct curl_slist *ordershop_curl_append(struct curl_slist *list, const char *value) {
    return library.curl_slist_append(list, value);
}

void ordershop_curl_free(struct curl_slist *list) { library.curl_slist_free_all(list); }

#define SET(name, type) \
    CURLcode ordershop_curl_set_##name(CURL *handle, CURLoption option, type value) { \
        return library.curl_easy_setopt(handle, option, value); \
    }
SET(long, long)
SET(string, const char *)
SET(large, curl_off_t)
SET(list, struct curl_slist *)
SET(pointer, void *)

#define ON(name, type, option) \
    CURLcode ordershop_curl_on_##name(CURL *handle, type call) { \
        return library.curl_easy_setopt(handle, option, call); \
    }
ON(read, ordershop_curl_transfer, CURLOPT_READFUNCTION)
ON(write, ordershop_curl_transfer, CURLOPT_WRITEFUNCTION)
ON(header, ordershop_curl_transfer, CURLOPT_HEADERFUNCTION)
ON(debug, curl_debug_callback, CURLOPT_DEBUGFUNCTION)
ON(progress, curl_xferinfo_callback, CURLOPT_XFERINFOFUNCTION)
ON(open_socket, curl_opensocket_callback, CURLOPT_OPENSOCKETFUNCTION)

CURLcode ordershop_curl_get_socket(CURL *handle, curl_socket_t *value) {
    return library.curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}

CURLcode ordershop_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return library.curl_easy_getinfo(handle, info, value);
}
