// NT names of files: one canonical form for the many ways to name a file, and from it the places of
// the file on the host and in the VM's store.
//
// The canonical form begins with the volume and has no leading backslash:
//   C\dir\name           \??\C:\dir\name, \Device\HarddiskVolume3\dir\name, ...
//   UNC\server\share\x   \??\UNC\server\share\x, \Device\Mup\server\share\x
//   Device\Name\x        a device that no drive letter stands for
//   Other\x              \??\Other\x
//   Root\x               \x: something else in the root, such as \SystemRoot\x
// \??, \DosDevices, \GLOBAL??, \??\Global and what follows \??\GLOBALROOT are the same.
#ifndef PLUME_CORE_NTPATH_H
#define PLUME_CORE_NTPATH_H

#include "core/str16.h"

enum ntpath_kind {
    NTPATH_FILE,     // on a file system: canonical form given
    NTPATH_PIPE,     // \Device\NamedPipe: `canon` is the pipe's name, empty for the device itself
    NTPATH_MAILSLOT, // likewise
    NTPATH_DEVICE,   // a device without a name below it, or one that the rules share
    NTPATH_DENIED,   // a device that the rules deny
};

struct ntpath {
    enum ntpath_kind kind;
    struct str16
        canon;       // in the caller's buffer; of a pipe or mailslot, in the name that was parsed
    bool by_machine; // a pipe or mailslot that was named by its machine: \??\UNC\localhost\pipe\x
    bool trailing;   // the name ended with a backslash, which canon does not
    const uint16_t
        *below;    // of a file: in the name that was parsed, where what follows its volume begins
    size_t volume; // of a file: how much of the name that was parsed is its volume's
};

/* Drive letters as links: `link[i]` is the target of \??\A: + i, empty where there is none. */
struct ntpath_drives {
    struct str16 link[26];
    struct str16 machine[3]; // the machine's own names, beside localhost and 127.x; may be empty
};

/* Parses the absolute NT name `name`. `canon`, empty, needs room for name.len + 8 units. False when
 * it has not enough. A name that is not absolute comes out as a device without a name, for the
 * system to refuse. */
bool ntpath_parse(struct str16 name, const struct ntpath_drives *drives, struct str16_buf *canon,
                  struct ntpath *path);

/* The absolute NT name `name` without a way round by \??\GLOBALROOT, a link to the root. */
struct str16 ntpath_from_root(struct str16 name);

/* Whether the absolute NT name `name` begins with the name of a device link, such as a drive
 * letter, in \?? or one of its other names (also \Sessions\0\DosDevices\00000000-00012345, a
 * logon's): the link's name goes to *link and what follows it, empty or with its backslash, to
 * *rest. */
bool ntpath_link(struct str16 name, struct str16 *link, struct str16 *rest);

/* The host's NT name of a canonical file name; needs canon.len + 16 units. It ends with a backslash
 * when it names a volume's root folder, and only then. */
void ntpath_lower(struct str16 canon, struct str16_buf *out);

/* If `name`, an absolute NT name, is `root` or lies below it, gives what follows (without the
 * backslash between them). */
bool ntpath_below(struct str16 name, struct str16 root, struct str16 *rest);

/* Whether each component of a canonical name has text and none is `.` or `..`, which mean nothing
 * below Win32. */
bool ntpath_is_plain(struct str16 canon);

/* The name without its last component; false when it has only one. */
bool ntpath_parent(struct str16 canon, struct str16 *parent);

/* The last component. */
struct str16 ntpath_leaf(struct str16 canon);

/* The name without the stream at its end (`a:b`, `a::$DATA`), which goes to *stream with its colon.
 */
struct str16 ntpath_without_stream(struct str16 canon, struct str16 *stream);

#endif
