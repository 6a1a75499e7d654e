/*
 * zone.c - zones as arrays of changes, read once through GLib, found through a table of pointers.
 *
 * A zone is a list of segments: from start_s on, local time is UTC + offset_s.
 *
 *     UTC     ──────┬───────────────┬──────────────►
 *     offset   +1 h │     +2 h      │    +1 h           Europe/Berlin
 *     local   ...02:00│03:00 ... 03:00│02:00 ...
 *
 * GLib answers "which interval is this second in" by a number that only grows with time, so
 * halving a span until both ends give one number finds every change without asking each second.
 *
 * Where day d begins: take the last segment that begins, on its own clock, before 00:00 of d.
 * Every later one begins at or after it, so no clock ever shows d - 1 again once this segment's
 * clock reaches 00:00, or, when the segment ends before that (00:00 was skipped), once the next
 * one begins. "Last segment that begins before" is a binary search although local beginnings need
 * not ascend: each segment keeps the least beginning of itself and all later ones, and those do.
 * The result never falls as d grows, so days partition time: each ends where the next begins.
 *
 * Finding: an open-addressing table that only ever gains pointers to finished zones. Readers load
 * them with acquire and take no lock; the one who adds holds the mutex. At most half the places
 * are ever used, so a search ends at an empty one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "query/zone.h"

#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/files.h"

enum {
    ZONE_PLACES = 2 * ZONES_MAX,
    SEGMENTS_MAX = 1024, /* the fullest zone (Africa/Casablanca) has under 300 */
    DAY_S = 24 * 60 * 60,
    QUARTER_S = 15 * 60,
    VERSION_BYTES = 32
};

static const int64_t known_from_s = 0;           /* 1970-01-01; before: as in that second */
static const int64_t known_until_s = 4102444800; /* 2100-01-01; after: as in that second */
static const int64_t always_s = INT64_MIN / 4;   /* before any moment, and safe to add to */

struct segment {
    int64_t start_s;       /* UTC */
    int64_t local_least_s; /* least start_s + offset_s of this and all later segments */
    int32_t offset_s;      /* local time less UTC */
};

struct zone {
    char name[ZONE_NAME_BYTES_MAX];
    size_t name_len;
    bool is_utc;
    uint32_t segment_count;
    const struct segment *segments;
};

static struct {
    _Atomic(const struct zone *) places[ZONE_PLACES];
    pthread_mutex_t adding;
    uint32_t count; /* under the mutex */
} known = {.adding = PTHREAD_MUTEX_INITIALIZER};

static const struct segment utc_segment = {.start_s = INT64_MIN / 4,
                                           .local_least_s = INT64_MIN / 4};
static const struct zone utc = {
    .name = "UTC", .name_len = 3, .is_utc = true, .segment_count = 1, .segments = &utc_segment};

static const char *zone_folder(void)
{
    const char *folder = getenv("TZDIR");
    return folder != NULL && folder[0] == '/' ? folder : "/usr/share/zoneinfo";
}

static enum status unknown(struct text name, struct error *err)
{
    size_t shown = name.len < ZONE_NAME_BYTES_MAX ? name.len : ZONE_NAME_BYTES_MAX;
    return fail_input(err, "unknown_timezone", "timezone",
                      "\"%.*s\" is not a time zone; use a name of the IANA database such as "
                      "Europe/Berlin, or UTC",
                      (int)shown, name.at == NULL ? "" : name.at);
}

/* One spelling a zone, no way out of the folder, none of tzdata's names that are not zones. */
static bool name_is_sound(struct text name)
{
    if (name.len == 0 || name.len > ZONE_NAME_BYTES_MAX)
        return false;
    char before = '/';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        if (!letter && !other && (c != '/' || before == '/'))
            return false;
        before = c;
    }
    return before != '/' && !text_starts_with(name, "posix/") &&
           !text_starts_with(name, "right/") && !text_is(name, "posixrules") &&
           !text_is(name, "localtime");
}

/* Whether the path is a file of zone data. GLib would also take offsets and rules for names. */
static bool is_zone_file(const char *path)
{
    char magic[4];
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool is = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
              read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
              memcmp(magic, "TZif", sizeof magic) == 0;
    close(fd);
    return is;
}

/* Segments while they are gathered. */
struct gathering {
    GTimeZone *source;
    struct segment segments[SEGMENTS_MAX];
    uint32_t count;
    bool too_many;
};

struct probe {
    int64_t at_s;
    gint interval;
};

static struct probe probe(GTimeZone *source, int64_t at_s)
{
    return (struct probe){at_s, g_time_zone_find_interval(source, G_TIME_TYPE_UNIVERSAL, at_s)};
}

static void gather(struct gathering *gathering, int64_t start_s, int32_t offset_s)
{
    uint32_t count = gathering->count;
    if (count > 0 && gathering->segments[count - 1].offset_s == offset_s)
        return; /* a change of letters or rules, not of clocks */
    if (count == SEGMENTS_MAX) {
        gathering->too_many = true;
        return;
    }
    gathering->segments[count] = (struct segment){.start_s = start_s, .offset_s = offset_s};
    gathering->count = count + 1;
}

/* Gathers the changes after low and up to high, in order. At most 33 deep: a span is < 2^33 s. */
static void gather_changes(struct gathering *gathering, struct probe low, struct probe high)
{
    if (low.interval == high.interval)
        return;
    if (high.at_s - low.at_s == 1) {
        gather(gathering, high.at_s, g_time_zone_get_offset(gathering->source, high.interval));
        return;
    }
    struct probe middle = probe(gathering->source, low.at_s + (high.at_s - low.at_s) / 2);
    gather_changes(gathering, low, middle);
    gather_changes(gathering, middle, high);
}

static enum status zone_new(struct text name, const struct gathering *gathering, struct zone **out,
                            struct error *err)
{
    uint32_t count = gathering->count;
    struct zone *zone = calloc(1, sizeof *zone);
    struct segment *segments = calloc(count, sizeof *segments);
    if (zone == NULL || segments == NULL) {
        free(zone);
        free(segments);
        return fail(err, STATUS_NO_MEMORY, "time zone %.*s: no memory", TEXT_ARGS(name));
    }

    memcpy(segments, gathering->segments, count * sizeof *segments);
    int64_t least = INT64_MAX;
    for (uint32_t i = count; i-- > 0;) {
        if (segments[i].start_s + segments[i].offset_s < least)
            least = segments[i].start_s + segments[i].offset_s;
        segments[i].local_least_s = least;
    }

    memcpy(zone->name, name.at, name.len);
    zone->name_len = name.len;
    zone->segment_count = count;
    zone->segments = segments;
    zone->is_utc = count == 1 && segments[0].offset_s == 0;
    *out = zone;
    return STATUS_OK;
}

static enum status zone_load(struct text name, struct zone **out, struct error *err)
{
    enum status status = STATUS_OK;
    struct gathering *gathering = NULL;
    char path[FILE_PATH_BYTES];
    int len = snprintf(path, sizeof path, "%s/%.*s", zone_folder(), TEXT_ARGS(name));
    if (len < 0 || (size_t)len >= sizeof path || !is_zone_file(path))
        return unknown(name, err);

    gathering = calloc(1, sizeof *gathering);
    if (gathering == NULL) {
        status = fail(err, STATUS_NO_MEMORY, "time zone %.*s: no memory", TEXT_ARGS(name));
        goto cleanup;
    }
    gathering->source = g_time_zone_new_identifier(path); /* a path: the very file just checked */
    if (gathering->source == NULL) {
        status = unknown(name, err);
        goto cleanup;
    }

    struct probe first = probe(gathering->source, known_from_s);
    struct probe last = probe(gathering->source, known_until_s);
    gather(gathering, always_s, g_time_zone_get_offset(gathering->source, first.interval));
    gather_changes(gathering, first, last);
    if (gathering->too_many) {
        status =
            fail(err, STATUS_CORRUPT, "%s: more than %d changes of clocks", path, SEGMENTS_MAX);
        goto cleanup;
    }
    status = zone_new(name, gathering, out, err);

cleanup:
    if (gathering != NULL && gathering->source != NULL)
        g_time_zone_unref(gathering->source);
    free(gathering);
    return status;
}

/* The zone of that name, or NULL; *place is then where it belongs. */
static const struct zone *look_up(struct text name, uint32_t *place)
{
    uint32_t at = (uint32_t)XXH3_64bits(name.at, name.len) % ZONE_PLACES;
    for (;; at = (at + 1) % ZONE_PLACES) {
        const struct zone *zone = atomic_load_explicit(&known.places[at], memory_order_acquire);
        if (zone == NULL) {
            *place = at;
            return NULL;
        }
        if (text_equal(zone_name(zone), name))
            return zone;
    }
}

enum status zone_find(struct text name, const struct zone **out, struct error *err)
{
    enum status status = STATUS_OK;
    uint32_t place = 0;
    if (text_is(name, "UTC")) {
        *out = &utc;
        return STATUS_OK;
    }
    if (!name_is_sound(name))
        return unknown(name, err);

    const struct zone *zone = look_up(name, &place);
    if (zone != NULL) {
        *out = zone;
        return STATUS_OK;
    }

    pthread_mutex_lock(&known.adding);
    zone = look_up(name, &place); /* somebody may just have added it */
    if (zone == NULL && known.count == ZONES_MAX) {
        status = fail(err, STATUS_TOO_LARGE, "over %d time zones in use", ZONES_MAX);
    } else if (zone == NULL) {
        struct zone *loaded = NULL;
        status = zone_load(name, &loaded, err);
        if (status == STATUS_OK) {
            zone = loaded;
            atomic_store_explicit(&known.places[place], zone, memory_order_release);
            known.count++;
        }
    }
    pthread_mutex_unlock(&known.adding);

    if (status == STATUS_OK)
        *out = zone;
    return status;
}

const struct zone *zone_utc(void)
{
    return &utc;
}

struct text zone_name(const struct zone *zone)
{
    return (struct text){zone->name, zone->name_len};
}

bool zone_is_utc(const struct zone *zone)
{
    return zone->is_utc;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int64_t day_start_s(const struct zone *zone, int64_t day)
{
    int64_t midnight = day * DAY_S;
    uint32_t low = 0; /* the first segment begins before any day */
    uint32_t high = zone->segment_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->segments[middle].local_least_s < midnight)
            low = middle;
        else
            high = middle;
    }
    int64_t start = midnight - zone->segments[low].offset_s;
    if (high < zone->segment_count && start > zone->segments[high].start_s)
        start = zone->segments[high].start_s;
    return floor_div(start, QUARTER_S) * QUARTER_S;
}

int32_t zone_day_of_ms(const struct zone *zone, int64_t time_ms)
{
    int64_t at_s = floor_div(time_ms, 1000);
    uint32_t low = 0;
    uint32_t high = zone->segment_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->segments[middle].start_s <= at_s)
            low = middle;
        else
            high = middle;
    }
    int64_t day = floor_div(at_s + zone->segments[low].offset_s, DAY_S);
    /* The clock's date, but where it is set back over midnight or rounded: the partition rules. */
    while (day_start_s(zone, day) > at_s)
        day--;
    while (day_start_s(zone, day + 1) <= at_s)
        day++;
    return (int32_t)day;
}

int64_t zone_day_start_ms(const struct zone *zone, int32_t day)
{
    return day_start_s(zone, day) * 1000;
}

int64_t zone_ms_of_local(const struct zone *zone, int64_t local_ms)
{
    int64_t local_s = floor_div(local_ms, 1000);
    uint32_t low = 0;
    uint32_t high = zone->segment_count;
    /* The last segment that has begun two days earlier: no offset is as long. */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->segments[middle].start_s <= local_s - 2 * DAY_S)
            low = middle;
        else
            high = middle;
    }
    /* Go on to the first that still holds when its clock shows this, or whose successor's clock is
     * already past it: then it was skipped. */
    while (low + 1 < zone->segment_count) {
        const struct segment *next = &zone->segments[low + 1];
        if (local_s - zone->segments[low].offset_s < next->start_s ||
            local_s - next->offset_s < next->start_s)
            break;
        low++;
    }
    return local_ms - zone->segments[low].offset_s * INT64_C(1000);
}

static char data_version[VERSION_BYTES] = "unknown";
static pthread_once_t data_version_once = PTHREAD_ONCE_INIT;

/* tzdata.zi begins with "# version 2026a". */
static void read_data_version(void)
{
    char path[FILE_PATH_BYTES];
    char line[64];
    char version[VERSION_BYTES];
    int len = snprintf(path, sizeof path, "%s/tzdata.zi", zone_folder());
    if (len < 0 || (size_t)len >= sizeof path)
        return;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgets(line, sizeof line, file) != NULL && sscanf(line, "# version %31s", version) == 1)
        memcpy(data_version, version, sizeof data_version);
    fclose(file);
}

const char *zone_data_version(void)
{
    pthread_once(&data_version_once, read_data_version);
    return data_version;
}
