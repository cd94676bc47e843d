// A stream of random file operations that is the same for the same seed, and the state that it
// leaves: natively and in a VM whose host was prepared in the same way, both must come out equal.
//
//   random_files prepare FOLDER ROUNDS              makes anew what is there before
//   random_files FOLDER SEED COUNT [OPTION]...      runs on it; without arguments: a short stream
//   in the
//                                                   current folder, of which nothing is left
//     all          prints every operation, not only a sum of every 500
//     from=N to=N  only these operations; each one's choices depend on the seed and its number
//     alone,
//                  so that what fails can be cut down
//     single       closes every handle at the end of its operation: none is open across others
//     cases        names are spelled in small and capital letters at random
//     shares       handles are opened for all kinds of sharing, otherwise for every one
//     keep         leaves the final state
//
// ROUND operations each work on a tree of their own (r0, r1, ...), because after some thousands
// nothing is left of what was prepared. The names come from a small set, so that they meet often.
//
// What is meant to differ is not printed: the order of a folder's entries, file numbers and
// allocation sizes; times other than those that the program has set; the time of a folder's last
// change; and attributes but those of `SHOWN` (whether a file is to be archived is the file
// system's business).
#include "random_files/random_files.h"
#include <stdio.h>
#include <wchar.h>

WCHAR base[PATH];
bool single, all, cases, shares;
uint64_t sum = HASH_START;

static unsigned number_after(const WCHAR *argument, const WCHAR *name, unsigned otherwise)
{
    size_t length = wcslen(name);
    return wcsncmp(argument, name, length) ? otherwise
                                           : (unsigned)wcstoul(argument + length, NULL, 10);
}

int wmain(int argc, WCHAR **argv);
int wmain(int argc, WCHAR **argv)
{
    WCHAR here[PATH];
    const WCHAR *folder = here;
    uint64_t seed = 1;
    unsigned count = ROUND, from = 0, to = ~0U;
    bool keep = false;

    GetCurrentDirectoryW(PATH - 100, here);
    if (argc == 4 && !wcscmp(argv[1], L"prepare")) {
        prepare(argv[2], (unsigned)wcstoul(argv[3], NULL, 10));
        return 0;
    }
    if (argc == 1) {
        prepare(here, 1);
        single = true;
    } else if (argc >= 4) {
        folder = argv[1];
        seed = _wcstoui64(argv[2], NULL, 10);
        count = (unsigned)wcstoul(argv[3], NULL, 10);
    } else {
        return 2;
    }
    for (int i = 4; i < argc; i++) {
        from = number_after(argv[i], L"from=", from);
        to = number_after(argv[i], L"to=", to);
        all |= !wcscmp(argv[i], L"all");
        single |= !wcscmp(argv[i], L"single");
        shares |= !wcscmp(argv[i], L"shares");
        cases |= !wcscmp(argv[i], L"cases");
        keep |= !wcscmp(argv[i], L"keep");
    }
    for (unsigned number = 0; number < count; number++) {
        if (number % ROUND == 0) {
            close_all();
            enter_round(folder, number / ROUND);
        }
        if (number >= from && number <= to)
            run_operation(seed, number);
        if (!all && number % SUM_EVERY == SUM_EVERY - 1)
            printf("up to %u: %016llx\n", number, (unsigned long long)sum);
    }
    close_all();
    for (unsigned round = 0; round * ROUND < count; round++) {
        enter_round(folder, round);
        printf("round %u\n", round);
        walk(base, false, show_entry);
        if (!keep)
            remove_tree(base);
    }
    return 0;
}
