/*
 * pages.c - the dashboard: one page at /, and the files that it loads from /assets.
 *
 * They are the same for everybody and hold no data, so they need no key; what the page shows it
 * asks of the API, with the key that its user gives it. All that a listing's address says (whose,
 * which, of which days) stands in the query, which is the page's business: every such address is
 * answered with the same page.
 *
 * The page may load and run only what comes from here: whatever a visitor wrote into an inquiry,
 * nothing of it can become a script. Pictures of listings are wherever their owners keep them.
 *
 * Files of /assets have names that change with their content, so they are kept for good; the page
 * is asked for anew each time, and answered 304.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "http/dashboard_files.h"
#include "http/handlers.h"

#define CONTENT_SECURITY_POLICY                                                                    \
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "                   \
    "connect-src 'self'; img-src 'self' data: https:; base-uri 'none'; form-action 'none'; "       \
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html"

static const struct answer_field page_fields[] = {
    {"Vary", "Accept-Encoding"},
    {"Content-Security-Policy", CONTENT_SECURITY_POLICY},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {NULL, NULL},
};

static const struct answer_field asset_fields[] = {
    {"Vary", "Accept-Encoding"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {NULL, NULL},
};

static const char without_dashboard[] =
    "This build of Footfall has no dashboard; everything else works.\n"
    "\n"
    "To get it, build with script/setup (or script/server), which needs Debian's nodejs and npm,\n"
    "or by hand: npm ci && npm run build in web/, then meson setup --reconfigure BUILD "
    "-Ddashboard=enabled.\n";

static enum status answer_file(struct request *request, const struct dashboard_file *file,
                               struct error *err)
{
    enum encoding encoding = encoding_choose(request->head.accept_encoding);
    if (file->variants[encoding].at == NULL)
        encoding = ENCODING_NONE;
    memcpy(request->etag, file->variants[encoding].etag, sizeof request->etag);
    request->content_type = file->content_type;
    request->content_encoding = encoding_name(encoding);
    if (etag_matches(request->head.if_none_match, request->etag) != ETAG_NO_MATCH) {
        request->http_status = 304;
        return STATUS_OK;
    }
    return answer_written(
        bytes_append(&request->out, file->variants[encoding].at, file->variants[encoding].bytes),
        err);
}

enum status page_answer(struct request *request, struct error *err)
{
    request->cache_control = "no-cache";
    request->fields = page_fields;
    if (dashboard_file_count > 0)
        return answer_file(request, &dashboard_files[0], err);
    request->http_status = 404;
    request->content_type = "text/plain; charset=utf-8";
    return answer_written(
        bytes_append(&request->out, without_dashboard, sizeof without_dashboard - 1), err);
}

enum status asset_answer(struct request *request, struct error *err)
{
    request->cache_control = "public, max-age=31536000, immutable";
    request->fields = asset_fields;
    for (size_t i = 1; i < dashboard_file_count; i++) {
        if (text_is(request->name, dashboard_files[i].name))
            return answer_file(request, &dashboard_files[i], err);
    }
    return fail(err, STATUS_NOT_FOUND, "there is nothing at this address");
}
