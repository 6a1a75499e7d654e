/*
 * committer.h - a thread that commits whole groups beside the loop.
 *
 * A commit is mostly a wait for the disk. While this thread waits, the loop reads and gathers the
 * next group. One commit at a time; the engine keeps the order.
 *
 * Threads: all calls come from the loop's.
 */
#ifndef FOOTFALL_HTTP_COMMITTER_H
#define FOOTFALL_HTTP_COMMITTER_H

#include <stdbool.h>

#include "base/status.h"

struct instance;
struct committer; /* made by committer_open(), freed by committer_close() */

/* wake_fd: an eventfd that is written to when a commit has ended. It and the instance must outlive
 * the committer. STATUS_IO when the system refuses a thread, STATUS_NO_MEMORY. */
MUST_USE enum status committer_open(struct instance *instance, int wake_fd, struct committer **out,
                                    struct error *err);

/* Commits what has gathered. None may be on its way: committer_is_busy(). */
void committer_start(struct committer *committer);

/* From committer_start() until committer_has_ended() said so. */
bool committer_is_busy(const struct committer *committer);

/* Says once that the commit that was started has ended. */
bool committer_has_ended(struct committer *committer);

/* Waits for the commit on its way, if any. Accepts NULL. */
void committer_close(struct committer *committer);

#endif
