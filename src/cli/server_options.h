/*
 * server_options.h - from the settings to what engine and HTTP server take.
 *
 * Texts in the results are the config's. Threads: pure functions.
 */
#ifndef FOOTFALL_CLI_SERVER_OPTIONS_H
#define FOOTFALL_CLI_SERVER_OPTIONS_H

#include "cli/config.h"
#include "engine/engine.h"
#include "http/server.h"

struct engine_options engine_options_of(const struct config *config);
struct http_options http_options_of(const struct config *config, struct text key,
                                    uint32_t connections_max);

/* Puts what the operator can do about it into the error of an instance_open(). Returns status. */
enum status explain_open(enum status status, const struct config *config, struct error *err);

#endif
