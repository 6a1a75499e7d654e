/*
 * expression.c - an update's expression in the making.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/dynamodb/expression.h"

#include <assert.h>

void expression_done(struct expression *expression)
{
    body_done(&expression->set);
    body_done(&expression->add);
    body_done(&expression->names);
    body_done(&expression->values);
}

void expression_clear(struct expression *expression)
{
    body_clear(&expression->set);
    body_clear(&expression->add);
    body_clear(&expression->names);
    body_clear(&expression->values);
    expression->number_count = 0;
}

/* Writes the placeholder of a number, ":0" to ":303". */
static void put_value(struct expression *expression, struct body *into, int64_t number)
{
    size_t place = 0;
    while (place < expression->number_count && expression->numbers[place] != number)
        place++;
    if (place == expression->number_count) {
        assert(place < sizeof expression->numbers / sizeof *expression->numbers);
        expression->numbers[expression->number_count++] = number;
        body_put(&expression->values, place == 0 ? "\":" : ",\":");
        body_put_number(&expression->values, (int64_t)place);
        body_put(&expression->values, "\":");
        body_put_n(&expression->values, number);
    }
    body_put(into, ":");
    body_put_number(into, (int64_t)place);
}

void expression_comma(struct body *body)
{
    if (body->bytes.len > 0)
        body_put(body, ",");
}

/* "#x":"name" */
void expression_name(struct expression *expression, const char *placeholder, size_t number,
                     struct text name)
{
    expression_comma(&expression->names);
    body_put(&expression->names, "\"#");
    body_put(&expression->names, placeholder);
    if (number != SIZE_MAX)
        body_put_number(&expression->names, (int64_t)number);
    body_put(&expression->names, "\":\"");
    body_put_escaped(&expression->names, name);
    body_put(&expression->names, "\"");
}

void expression_fixed_name(struct expression *expression, const char *placeholder, const char *name)
{
    expression_name(expression, placeholder, SIZE_MAX, text_of(name));
}

void expression_set(struct expression *expression, const char *path, int64_t number)
{
    expression_comma(&expression->set);
    body_put(&expression->set, path);
    body_put(&expression->set, "=");
    put_value(expression, &expression->set, number);
}

void expression_add(struct expression *expression, const char *path, uint64_t number)
{
    expression_comma(&expression->add);
    body_put(&expression->add, path);
    body_put(&expression->add, " ");
    put_value(expression, &expression->add, (int64_t)number);
}

void expression_put_update(struct body *body, const struct expression *expression)
{
    body_put(body, ",\"UpdateExpression\":\"");
    if (expression->set.bytes.len > 0) {
        body_put(body, "SET ");
        body_put_text(body, body_text(&expression->set));
    }
    if (expression->add.bytes.len > 0) {
        body_put(body, " ADD ");
        body_put_text(body, body_text(&expression->add));
    }
    assert(expression->set.bytes.len + expression->add.bytes.len + 10 <= EXPRESSION_BYTES_MAX);
    body_put(body, "\"");
    if (expression->names.bytes.len > 0) {
        body_put(body, ",\"ExpressionAttributeNames\":{");
        body_put_text(body, body_text(&expression->names));
        body_put(body, "}");
    }
    if (expression->values.bytes.len > 0) {
        body_put(body, ",\"ExpressionAttributeValues\":{");
        body_put_text(body, body_text(&expression->values));
        body_put(body, "}");
    }
    if (!body_ok(&expression->set) || !body_ok(&expression->add) || !body_ok(&expression->names) ||
        !body_ok(&expression->values))
        body->failed = true;
    body_put(body, "}");
}
