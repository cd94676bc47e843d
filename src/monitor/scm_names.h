// The display names of the database's services. To read them all is several calls of the registry
// for each of perhaps a thousand services, so what was read of a key is kept until it is written.
#ifndef PLUME_MONITOR_SCM_NAMES_H
#define PLUME_MONITOR_SCM_NAMES_H

#include "monitor/scm_database.h"

/* The service that is shown as `shown`, spelled into `name` of SERVICE_NAME_MAX + 1 units; a
 * service without a display name is shown by its name. False: there is none. */
bool scm_names_find(struct str16 shown, wchar_t *name);

#endif
