#include "layer/drives.h"
#include "layer/layer.h"
#include "layer/lock.h"

const struct ntpath_drives *layer_drives(void)
{
    static struct ntpath_drives drives;
    static struct layer_lock lock;
    static bool known;

    if (__atomic_load_n(&known, __ATOMIC_ACQUIRE))
        return &drives;
    layer_lock(&lock);
    for (unsigned i = 0; i < 26; i++)
        drives.link[i] = str16_of(layer_config.drives[i]);
    for (unsigned i = 0; i < sizeof drives.machine / sizeof *drives.machine; i++)
        drives.machine[i] = str16_of(layer_config.machine[i]);
    __atomic_store_n(&known, true, __ATOMIC_RELEASE);
    layer_unlock(&lock);
    return &drives;
}
