/*
 * folder_parts.c - a journal made by opening and starting one; fingerprints under their old seed,
 * so that they stay true, for their new journal.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/migrate/folder_parts.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/backup/new_folder.h"
#include "cli/journal/data_folder.h"
#include "engine/dedupe_files.h"
#include "engine/store_kind.h"

enum status folder_make_journal(const char *dir, uint8_t id[JOURNAL_ID_BYTES], struct error *err)
{
    char path[FILE_PATH_BYTES];
    struct journal *journal = NULL;
    enum status status = file_path(path, dir, "journal", err);
    if (status == STATUS_OK)
        status = journal_open(&(struct journal_options){.dir = path}, &journal, err);
    if (status == STATUS_OK)
        status = journal_start(journal, err); /* its id is durable with the first segment */
    if (status == STATUS_OK)
        memcpy(id, journal_id(journal), JOURNAL_ID_BYTES);
    journal_close(journal);
    return status;
}

struct carrying {
    struct dedupe_files *to;
    uint64_t ids;
};

static enum status carry_hour(void *context, int64_t hour, const uint64_t *fingerprints,
                              size_t count, struct error *err)
{
    struct carrying *carrying = context;
    carrying->ids += count;
    return dedupe_files_append(carrying->to, hour, fingerprints, count, err);
}

/* Only what lies flat in it, as fingerprints do. */
static enum status remove_folder(const char *path, struct error *err)
{
    enum status status = STATUS_OK;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT ? STATUS_OK : fail_errno(err, "cannot read %s", path);
    for (const struct dirent *item; status == STATUS_OK && (item = readdir(dir)) != NULL;) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(dir), item->d_name, 0) != 0)
            status = fail_errno(err, "cannot remove %s/%s", path, item->d_name);
    }
    closedir(dir);
    if (status == STATUS_OK && rmdir(path) != 0)
        status = fail_errno(err, "cannot remove %s", path);
    return status;
}

enum status folder_carry_ids(const char *from, const char *dir, const uint8_t id[JOURNAL_ID_BYTES],
                             uint64_t *ids, struct error *err)
{
    struct data_folder source = {0};
    struct dedupe_files *files = NULL;
    struct carrying carrying = {0};
    char path[FILE_PATH_BYTES];
    enum status status = file_path(path, dir, "dedupe", err);
    if (status == STATUS_OK)
        status = remove_folder(path, err);
    if (status != STATUS_OK)
        return status;
    status = data_folder_open(from, &source, err);
    if (status == STATUS_OK)
        status = dedupe_files_open_as_is(source.dedupe, source.id, &files, err);
    if (status == STATUS_OK)
        status = dedupe_files_found(path, id, dedupe_files_seed(files), &carrying.to, err);
    if (status == STATUS_OK)
        status = dedupe_files_load(files, carry_hour, &carrying, err);
    if (status == STATUS_NOT_FOUND && files == NULL && source.path != NULL)
        status = STATUS_OK; /* it never saw an id */
    dedupe_files_close(carrying.to);
    dedupe_files_close(files);
    data_folder_close(&source);
    *ids = carrying.ids;
    return status;
}

enum status folder_make_node(const char *path, const char *from, uint64_t *ids, struct error *err)
{
    struct new_folder folder;
    uint8_t id[JOURNAL_ID_BYTES];
    enum status status = new_folder_begin(&folder, path, from, err);
    if (status != STATUS_OK)
        return status;
    status = folder_make_journal(folder.partial, id, err);
    if (status == STATUS_OK)
        status = folder_carry_ids(from, folder.partial, id, ids, err);
    if (status == STATUS_OK)
        status = store_kind_settle(folder.partial, "dynamodb", err);
    if (status == STATUS_OK)
        status = new_folder_finish(&folder, err);
    new_folder_abandon(&folder);
    return status;
}
