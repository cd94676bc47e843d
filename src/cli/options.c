#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"

static const struct option *find_letter(const struct option *options, size_t count, wchar_t letter)
{
    for (size_t i = 0; i < count; i++) {
        if (options[i].letter && options[i].letter == letter)
            return &options[i];
    }
    return NULL;
}

static const struct option *find_word(const struct option *options, size_t count,
                                      const wchar_t *word, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (options[i].word && wcslen(options[i].word) == len &&
            wcsncmp(options[i].word, word, len) == 0)
            return &options[i];
    }
    return NULL;
}

/* A whole number of seconds of at most a week. */
static bool read_seconds(const wchar_t *text, uint32_t *seconds)
{
    uint32_t sum = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < L'0' || *text > L'9')
            return false;
        sum = sum * 10 + (uint32_t)(*text - L'0');
        if (sum > 7 * 24 * 3600)
            return false;
    }
    *seconds = sum;
    return true;
}

/* Stores an option's value; a flag's is NULL. */
static bool store(const struct command *command, const struct option *option, const wchar_t *text)
{
    struct text_list *list;
    const wchar_t **more;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->value = true;
        return true;
    case OPTION_TEXT:
        *(const wchar_t **)option->value = text;
        return true;
    case OPTION_LIST:
        list = option->value;
        more = realloc(list->items, (list->count + 1) * sizeof(*more));
        if (!more) {
            fail_usage(command, L"out of memory", NULL);
            return false;
        }
        list->items = more;
        list->items[list->count++] = text;
        return true;
    case OPTION_SECONDS:
        if (read_seconds(text, option->value))
            return true;
        fail_usage(command, L"this is not a number of seconds (0 to 604800):", text);
        return false;
    case OPTION_FORMAT:
        *(bool *)option->value = wcscmp(text, L"json") == 0;
        if (*(bool *)option->value || wcscmp(text, L"table") == 0)
            return true;
        fail_usage(command, L"the formats are 'table' and 'json', not", text);
        return false;
    }
    return false;
}

/* Reads the option at args[*at], with its value where it has one, and moves *at behind it. */
static bool read_option(struct command *command, const struct option *options, size_t count,
                        int *at)
{
    const wchar_t *arg = command->args[(*at)++];
    if (arg[1] == L'-') {
        size_t len = wcscspn(arg + 2, L"=");
        const struct option *option = find_word(options, count, arg + 2, len);
        const wchar_t *value = arg[2 + len] ? arg + 3 + len : NULL;
        if (!option) {
            fail_usage(command, L"there is no option", arg);
            return false;
        }
        if (option->kind == OPTION_FLAG && value) {
            fail_usage(command, L"this option has no value:", arg);
            return false;
        }
        if (option->kind != OPTION_FLAG && !value) {
            if (*at == command->count) {
                fail_usage(command, L"a value is missing after", arg);
                return false;
            }
            value = command->args[(*at)++];
        }
        return store(command, option, value);
    }
    for (const wchar_t *letter = arg + 1; *letter; letter++) {
        const struct option *option = find_letter(options, count, *letter);
        if (!option) {
            fail_usage(command, L"there is no option", arg);
            return false;
        }
        if (option->kind == OPTION_FLAG) {
            store(command, option, NULL);
            continue;
        }
        const wchar_t *value = letter + 1; // -t5 as well as -t 5
        if (!*value) {
            if (*at == command->count) {
                fail_usage(command, L"a value is missing after", arg);
                return false;
            }
            value = command->args[(*at)++];
        }
        return store(command, option, value);
    }
    return true;
}

bool options_parse(struct command *command, const struct option *options, size_t count,
                   enum option_place place, int least, int most)
{
    int operands = 0, at = 0;
    bool ended = false;
    while (at < command->count) {
        const wchar_t *arg = command->args[at];
        if (!ended && wcscmp(arg, L"--") == 0) {
            ended = true;
            at++;
        } else if (!ended && arg[0] == L'-' && arg[1]) {
            if (!read_option(command, options, count, &at))
                return false;
        } else {
            command->args[operands] = arg;
            command->raw[operands] = command->raw[at];
            operands++;
            at++;
            ended = ended || place == OPTIONS_FIRST;
        }
    }
    command->count = operands;
    if (operands < least) {
        fail_usage(command,
                   operands == 0 ? L"an operand is missing" : L"an operand is missing after",
                   operands == 0 ? NULL : command->args[operands - 1]);
        return false;
    }
    if (most >= 0 && operands > most) {
        fail_usage(command, L"this is one operand too many:", command->args[most]);
        return false;
    }
    return true;
}
