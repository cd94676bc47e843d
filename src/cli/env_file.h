// Files of environment variables.
#ifndef PLUME_CLI_ENV_FILE_H
#define PLUME_CLI_ENV_FILE_H

#include "cli.h"

/* Appends the lines of the file to *list: K=V, or K for "as it is here". UTF-8; empty lines and
 * those that begin with '#' are passed over. False with *error, also for a line that is no
 * variable. What was appended is never freed: it lives as long as the process. */
bool env_file_read(const wchar_t *path, struct text_list *list, struct plume_error *error);

/* All of the files, in front of the variables that *list has, which so count more. */
bool env_files_read(const struct text_list *files, struct text_list *list,
                    struct plume_error *error);

#endif
