// How a trace is shown: a line for each record, and a summary at the end.
#ifndef PLUME_CLI_TRACE_SHOW_H
#define PLUME_CLI_TRACE_SHOW_H

#include "core/json.h"
#include "core/trace.h"

enum { TRACE_SHOWN_MAX = 8192 }; // bytes of a line

/* The headings of the lines, and a record as one of them, UTF-8 with its end. Returns its length.
 */
size_t trace_show_headings(char out[TRACE_SHOWN_MAX]);
size_t trace_show(const struct trace_record *record, char out[TRACE_SHOWN_MAX]);

/* The name of the record's program, terminated, without what a terminal would obey. */
void trace_show_image(const struct trace_record *record, wchar_t out[TRACE_IMAGE_MAX + 1]);

/* The same in few words, for a refusal: "NtLoadDriver: machine X: 0xC0000061 (why)". */
void trace_show_refusal(const struct trace_record *record, wchar_t *out, size_t cap);

struct trace_summary;

/* NULL where there is no memory. */
struct trace_summary *trace_summary_begin(void);
void trace_summary_add(struct trace_summary *summary, const struct trace_record *record);
/* How many different calls the layer refused, and names that are everybody's were written. */
size_t trace_summary_denied(const struct trace_summary *summary);
size_t trace_summary_written(const struct trace_summary *summary);
/* To standard output, by out_text(). */
void trace_summary_text(const struct trace_summary *summary, uint32_t lost);
/* An object. */
void trace_summary_json(const struct trace_summary *summary, uint32_t lost,
                        struct json_writer *json);
void trace_summary_end(struct trace_summary *summary);

#endif
