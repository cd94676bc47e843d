// The layer's image, laid out, relocated and bound: made once per VM and bitness, in a section that
// the VM's processes map as their own copy at one address. So what is the same in all of them, its
// code above all, is in memory once, and a process gets it by one call.
#ifndef PLUME_LAYER_IMAGE_H
#define PLUME_LAYER_IMAGE_H

#include "layer/layer.h"

/* Where an image stands, and layer_entry in it. */
struct layer_image {
    uint8_t *base;
    void *entry;
};

/* Makes the section, for a VM whose configuration is in layer_config; layer_state.stubs are known.
 * It lasts as long as the calling process. On failure the status with the step that failed in *what
 * (static ASCII). */
NTSTATUS image_share(const char **what);

/* Maps the image into a process, all of it writable and executable: the section's, or where that
 * address is taken or there is no section, one of its own. The same on failure. */
NTSTATUS image_place(HANDLE process, struct layer_image *image, const char **what);

/* Undoes it. */
void image_remove(HANDLE process, const struct layer_image *image);

#endif
