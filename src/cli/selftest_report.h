// What `plume selftest` found: rows, on the terminal and as a report.
#ifndef PLUME_CLI_SELFTEST_REPORT_H
#define PLUME_CLI_SELFTEST_REPORT_H

#include "text.h"

enum { SELFTEST_NAME_MAX = 96 };

enum selftest_result { SELFTEST_UNTRIED, SELFTEST_OK, SELFTEST_SKIPPED, SELFTEST_FAILED };

struct selftest_row {
    wchar_t name[SELFTEST_NAME_MAX]; // "parity/NAME", "at-once/NAME", "host-intact", "service/NAME"
    enum selftest_result result;
    unsigned ms;
    struct text detail; // one line, for the table
    struct text more;   // lines for the report: "- x" natively, "+ x" in a VM
};

struct selftest_report {
    struct selftest_row *rows;
    size_t count;
};

size_t selftest_count(const struct selftest_report *report, enum selftest_result result);

/* Writes a row to standard output, now; the heading stands before the first one. */
void selftest_show_heading(const struct selftest_report *report);
void selftest_show_row(const struct selftest_report *report, const struct selftest_row *row);
void selftest_show_totals(const struct selftest_report *report);

/* Both forms, in UTF-8. */
void selftest_markdown(const struct selftest_report *report, struct text *out);
void selftest_json(const struct selftest_report *report, struct text *out);

#endif
