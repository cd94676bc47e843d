// Whether the system is Wine, for the few things that it does otherwise than Windows.
#ifndef PLUME_VM_WINE_H
#define PLUME_VM_WINE_H

#include <stdbool.h>

bool vm_on_wine(void);

#endif
