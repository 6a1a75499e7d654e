/*
 * fetch.c - libcurl's easy interface, a handle an exchange: there are a few an hour.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

enum { SHOWN_BYTES = 120 /* of an answer that is an error */ };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_ready;

static void make_ready(void)
{
    is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

enum status fetch_ready(struct error *err)
{
    pthread_once(&once, make_ready);
    return is_ready ? STATUS_OK : fail(err, STATUS_NO_MEMORY, "libcurl cannot be started");
}

static size_t take(char *from, size_t size, size_t count, void *context)
{
    struct bytes *out = context;
    size_t len = size * count;
    return len <= FETCH_ANSWER_BYTES_MAX - out->len && bytes_append(out, from, len) ? len : 0;
}

/* The beginning of an answer, fit for a line. */
static void shorten(const struct bytes *answer, char out[SHOWN_BYTES])
{
    size_t len = answer->len < SHOWN_BYTES - 1 ? answer->len : SHOWN_BYTES - 1;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = answer->at[i];
        out[i] = (char)(byte < ' ' || byte > '~' ? ' ' : byte);
    }
    out[len] = '\0';
}

enum status fetch(const struct fetch *request, struct bytes *out, struct error *err)
{
    enum status status = STATUS_OK;
    struct curl_slist *fields = NULL;
    char words[CURL_ERROR_SIZE] = "";
    char shown[SHOWN_BYTES];
    long http_status = 0;
    CURL *curl = curl_easy_init();
    bool ok = curl != NULL;

    out->len = 0;
    for (size_t i = 0; i < FETCH_HEADERS_MAX && ok && request->headers[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(fields, request->headers[i]);
        ok = longer != NULL;
        fields = ok ? longer : fields;
    }
    if (!ok || curl_easy_setopt(curl, CURLOPT_URL, request->url) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK ||
        (!request->through_proxy && curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK) ||
        (request->body != NULL &&
         curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body) != CURLE_OK)) {
        status = fail(err, STATUS_NO_MEMORY, "no memory to ask %s", request->url);
        goto cleanup;
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)FETCH_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);

    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        status = fail(err, STATUS_IO, "%s: %s", request->url,
                      words[0] != '\0' ? words : curl_easy_strerror(code));
        goto cleanup;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http_status);
    if (http_status != 200) {
        shorten(out, shown);
        status = fail(err, STATUS_IO, "%s answers %ld: %s", request->url, http_status, shown);
        goto cleanup;
    }
    if (!bytes_reserve(out, 1)) {
        status = fail(err, STATUS_NO_MEMORY, "no memory to ask %s", request->url);
        goto cleanup;
    }
    out->at[out->len] = '\0';

cleanup:
    curl_slist_free_all(fields);
    curl_easy_cleanup(curl);
    return status;
}
