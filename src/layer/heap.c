#include "layer/heap.h"
#include "layer/lock.h"

// Blocks of powers of two, from 32 bytes to 32 KiB, each size with a list of free ones, cut from
// chunks of 64 KiB; larger ones come from the system directly.

enum { ALIGN = 16, SMALLEST = 5, LARGEST = 15, CHUNK = 64 * 1024 };

struct block {    // stands before what the caller gets
    size_t order; // 0: a direct one
    struct block *next;
} __attribute__((aligned(ALIGN)));

static struct layer_lock lock;
static struct block *free_blocks[LARGEST + 1];

static void *from_system(size_t size)
{
    void *memory = NULL;
    SIZE_T len = size;
    if (real.NtAllocateVirtualMemory(NtCurrentProcess(), &memory, 0, &len, MEM_RESERVE | MEM_COMMIT,
                                     PAGE_READWRITE))
        return NULL;
    return memory;
}

/* Cuts a new chunk into free blocks of 1 << order. The lock is held. */
static void refill(size_t order)
{
    char *chunk = from_system(CHUNK);
    if (!chunk)
        return;
    size_t size = (size_t)1 << order;
    for (size_t at = 0; at + size <= CHUNK; at += size) {
        struct block *block = (struct block *)(chunk + at);
        block->order = order;
        block->next = free_blocks[order];
        free_blocks[order] = block;
    }
}

void *layer_alloc(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t whole = size + sizeof(struct block), order = SMALLEST;
    while (order <= LARGEST && ((size_t)1 << order) < whole)
        order++;
    if (order > LARGEST) {
        struct block *block = from_system(whole);
        return block ? block + 1 : NULL;
    }
    layer_lock(&lock);
    if (!free_blocks[order])
        refill(order);
    struct block *block = free_blocks[order];
    if (block)
        free_blocks[order] = block->next;
    layer_unlock(&lock);
    if (!block)
        return NULL;
    memset(block + 1, 0, ((size_t)1 << order) - sizeof *block);
    return block + 1;
}

void layer_free(void *memory)
{
    if (!memory)
        return;
    struct block *block = (struct block *)memory - 1;
    if (!block->order) {
        void *base = block;
        SIZE_T size = 0;
        real.NtFreeVirtualMemory(NtCurrentProcess(), &base, &size, MEM_RELEASE);
        return;
    }
    layer_lock(&lock);
    block->next = free_blocks[block->order];
    free_blocks[block->order] = block;
    layer_unlock(&lock);
}
