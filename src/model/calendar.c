/*
 * calendar.c - Howard Hinnant's day algorithms and the two formats of dates that we read.
 *
 * His years begin on 1 March, so that the leap day is a year's last and months fall into a
 * linear pattern (153 days every five months); 400 years are an era of 146,097 days.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "model/calendar.h"

enum {
    DAYS_PER_ERA = 146097,
    DAYS_TO_1970 = 719468, /* from 0000-03-01 */
    YEAR_MAX = 9999,
    MONTHS_PER_YEAR = 12
};

/* Division that rounds down, for a positive divisor. */
static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

int32_t day_from_civil(struct civil civil)
{
    int32_t year = civil.year - (civil.month <= 2);
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    int32_t year_of_era = year - era * 400;
    int32_t day_of_year =
        (153 * (civil.month + (civil.month > 2 ? -3 : 9)) + 2) / 5 + civil.day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

struct civil civil_from_day(int32_t day)
{
    int64_t shifted = (int64_t)day + DAYS_TO_1970;
    int64_t era = floor_div(shifted, DAYS_PER_ERA);
    int32_t day_of_era = (int32_t)(shifted - era * DAYS_PER_ERA);
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month_from_march = (5 * day_of_year + 2) / 153;
    int month = month_from_march + (month_from_march < 10 ? 3 : -9);
    return (struct civil){
        .year = (int)(year_of_era + era * 400) + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

int32_t day_of_ms(int64_t time_ms)
{
    return (int32_t)floor_div(time_ms, ms_per_day);
}

int quarter_of_ms(int64_t time_ms)
{
    return (int)((time_ms - floor_div(time_ms, ms_per_day) * ms_per_day) / ms_per_quarter);
}

int32_t month_of_day(int32_t day)
{
    struct civil civil = civil_from_day(day);
    return civil.year * MONTHS_PER_YEAR + civil.month - 1;
}

int32_t month_first_day(int32_t month)
{
    int year = (int)floor_div(month, MONTHS_PER_YEAR);
    return day_from_civil((struct civil){year, month - year * MONTHS_PER_YEAR + 1, 1});
}

int month_length(int32_t month)
{
    static const uint8_t lengths[MONTHS_PER_YEAR] = {31, 28, 31, 30, 31, 30,
                                                     31, 31, 30, 31, 30, 31};
    int year = (int)floor_div(month, MONTHS_PER_YEAR);
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int of_year = month - year * MONTHS_PER_YEAR;
    return of_year == 1 && leap ? 29 : lengths[of_year];
}

/* Reads exactly count digits at *at and moves behind them. */
static bool read_digits(const char **at, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += count;
    *out = value;
    return true;
}

/* Reads YYYY-MM-DD from the DATE_BYTES bytes at `at`. */
static bool read_date(const char *at, int32_t *day)
{
    struct civil civil;
    if (!read_digits(&at, 4, &civil.year) || *at++ != '-' || !read_digits(&at, 2, &civil.month) ||
        *at++ != '-' || !read_digits(&at, 2, &civil.day))
        return false;
    if (civil.year < 1 || civil.month < 1 || civil.month > MONTHS_PER_YEAR || civil.day < 1 ||
        civil.day > month_length(civil.year * MONTHS_PER_YEAR + civil.month - 1))
        return false;
    *day = day_from_civil(civil);
    return true;
}

bool date_parse(struct text text, int32_t *day)
{
    return text.len == DATE_BYTES && read_date(text.at, day);
}

void date_format(int32_t day, char out[DATE_BYTES])
{
    struct civil civil = civil_from_day(day);
    int numbers[] = {civil.year / 100, civil.year % 100, civil.month, civil.day};
    static const int places[] = {0, 2, 5, 8};
    for (int i = 0; i < 4; i++) {
        out[places[i]] = (char)('0' + numbers[i] / 10 % 10);
        out[places[i] + 1] = (char)('0' + numbers[i] % 10);
    }
    out[4] = '-';
    out[7] = '-';
}

/* Reads ".123456" if it stands at *at (before end); more than three digits are dropped. */
static bool read_fraction(const char **at, const char *end, int *ms)
{
    *ms = 0;
    if (*at == end || **at != '.')
        return true;
    int digits = 0;
    for (++*at; *at < end && **at >= '0' && **at <= '9'; ++*at, digits++)
        if (digits < 3)
            *ms = *ms * 10 + (**at - '0');
    for (int i = digits; i < 3; i++)
        *ms *= 10;
    return digits > 0;
}

/* Reads what is left of the text as a zone: "Z", or "+hh:mm", or "-hh:mm". */
static bool read_offset(const char *at, const char *end, int *minutes)
{
    int hour, minute;
    *minutes = 0;
    if (end - at == 1)
        return *at == 'Z' || *at == 'z';
    if (end - at != 6 || (*at != '+' && *at != '-'))
        return false;
    int sign = *at++ == '-' ? -1 : 1;
    if (!read_digits(&at, 2, &hour) || *at++ != ':' || !read_digits(&at, 2, &minute) || hour > 23 ||
        minute > 59)
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

bool time_parse_rfc3339(struct text text, int64_t *time_ms)
{
    enum { BYTES_MIN = 20 }; /* YYYY-MM-DDThh:mm:ssZ */
    int32_t day;
    int hour, minute, second, ms, offset_minutes;

    if (text.len < BYTES_MIN || !read_date(text.at, &day))
        return false;
    const char *at = text.at + DATE_BYTES;
    const char *end = text.at + text.len;
    if (*at != 'T' && *at != 't')
        return false;
    at++;
    if (!read_digits(&at, 2, &hour) || *at++ != ':' || !read_digits(&at, 2, &minute) ||
        *at++ != ':' || !read_digits(&at, 2, &second) || hour > 23 || minute > 59 || second > 60)
        return false;
    if (!read_fraction(&at, end, &ms) || !read_offset(at, end, &offset_minutes))
        return false;
    if (second == 60) { /* a leap second has no place of its own in time_ms */
        second = 59;
        ms = 999;
    }

    int64_t minutes = ((int64_t)day * 24 + hour) * 60 + minute - offset_minutes;
    int64_t result = (minutes * 60 + second) * 1000 + ms;
    if (result < calendar_ms_min || result > calendar_ms_max)
        return false;
    *time_ms = result;
    return true;
}
