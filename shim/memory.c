// malloc(3) for a program of one thread, whose tools live for a millisecond and whose monitors wait for years.
//
// The C library's has pages for each size, which it maps and gives back: in a tool that was most of the system calls and of the
// page faults, in a monitor most of the memory. Here chunks lie side by side, first in an area of the program, then in mapped
// ones. Each has its size in front; free neighbours become one; free chunks are in lists by size (the boundary tags of Knuth,
// volume 1, 2.5). Small ones, which are soon asked for again, stay what they are until their memory is needed for others.
// scripts/image-heap.ts knows this layout.
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

struct chunk {
	size_t below;                  // Size of the chunk below, while that is free.
	size_t size;                   // Of this chunk with its header, and the bits that follow.
	struct chunk *next, *previous; // In its list, while it is free.
};

// A chunk at rest is free, and its neighbours take it for a used one.
enum { USED = 1, BELOW_USED = 2, ALONE = 4, RESTS = 8, BITS = 15 };

#define KIB ((size_t)1024)
#define HEADER offsetof(struct chunk, next)
// A used chunk ends in the field `below` of the chunk above it, so only `size` is lost.
#define OVERHEAD sizeof(size_t)
#define SMALLEST sizeof(struct chunk)
#define LARGEST (KIB * KIB * KIB * KIB)
// The largest that is left at rest.
#define SMALL ((size_t)256)
// From here on a chunk has a mapping of its own.
#define ALONE_FROM (128 * KIB)
// The end of the program's variables (scripts/function-order.ts); what modules make when they are loaded must fit (scripts/image.ts).
#define FIRST_AREA (1024 * KIB)
#define NEXT_AREA (1024 * KIB)
#define PAGE ((uintptr_t)4096)
// More than a program of ours has ever used of its stack; nothing else lies so near below one.
#define STACK (64 * KIB)
// What the functions that give it back may use themselves.
#define STACK_IN_USE (2 * KIB)
#define EXACT_LISTS 64
#define LISTS 192

static _Alignas(4096) unsigned char first_area[FIRST_AREA];
static struct chunk *lists[LISTS];
static uint64_t has_chunks[LISTS / 64];
// Chunks at rest, a list for each size.
static struct chunk *resting[SMALL / 16 + 1];
// The free chunk at the end of the newest area; in no list.
static struct chunk *top;
// From here on that area was never used, and is zero.
static void *unused;

static struct chunk *at(const void *base, ptrdiff_t offset)
{
	return (struct chunk *)((unsigned char *)base + offset);
}

static void *payload(struct chunk *chunk)
{
	return &chunk->next;
}

static struct chunk *chunk_of(void *memory)
{
	return at(memory, -(ptrdiff_t)HEADER);
}

static size_t size_of(const struct chunk *chunk)
{
	return chunk->size & ~(size_t)BITS;
}

// Only memory that was overwritten, or given back twice, is otherwise.
static void insist(int holds)
{
	if (!holds)
		__builtin_trap();
}

// One list for each size below 1 KiB, then four for each power of two.
static unsigned list_of(size_t size)
{
	size_t units = size / 16;
	unsigned power;

	if (units < EXACT_LISTS)
		return units;
	power = 63 - __builtin_clzl(units);
	return EXACT_LISTS + (power - 6) * 4 + ((units >> (power - 2)) & 3);
}

static void put(struct chunk *chunk)
{
	unsigned list = list_of(size_of(chunk));

	chunk->previous = NULL;
	chunk->next = lists[list];
	if (chunk->next)
		chunk->next->previous = chunk;
	lists[list] = chunk;
	has_chunks[list / 64] |= (uint64_t)1 << list % 64;
}

static void take(struct chunk *chunk)
{
	unsigned list = list_of(size_of(chunk));

	if (chunk->next) {
		insist(chunk->next->previous == chunk);
		chunk->next->previous = chunk->previous;
	}
	if (chunk->previous) {
		insist(chunk->previous->next == chunk);
		chunk->previous->next = chunk->next;
		return;
	}
	insist(lists[list] == chunk);
	lists[list] = chunk->next;
	if (!chunk->next)
		has_chunks[list / 64] &= ~((uint64_t)1 << list % 64);
}

// A free chunk of at least `size`, or NULL.
static struct chunk *found(size_t size)
{
	unsigned list = list_of(size);
	unsigned word;
	uint64_t candidates;
	struct chunk *chunk;

	for (chunk = lists[list]; chunk; chunk = chunk->next)
		if (size_of(chunk) >= size)
			return chunk;
	// Whatever is in a later list is larger.
	list++;
	word = list / 64;
	candidates = has_chunks[word] & ~(uint64_t)0 << list % 64;
	while (!candidates) {
		if (++word == LISTS / 64)
			return NULL;
		candidates = has_chunks[word];
	}
	return lists[word * 64 + __builtin_ctzl(candidates)];
}

// What is below a free chunk is always used: free neighbours are one.
static void set_free(struct chunk *chunk, size_t size)
{
	struct chunk *above = at(chunk, size);

	chunk->size = size | BELOW_USED;
	above->below = size;
	above->size &= ~(size_t)BELOW_USED;
}

// Above it is the header of an area's end, which nobody frees: that its size is not told there leaves that page untouched.
static void set_top(struct chunk *chunk, size_t size)
{
	top = chunk;
	chunk->size = size | BELOW_USED;
	if ((void *)at(chunk, HEADER) > unused)
		unused = payload(chunk);
}

// Makes a chunk of `size` of a free one that is in no list; what is left is free.
static void use(struct chunk *chunk, size_t size)
{
	size_t left = size_of(chunk) - size;

	if (chunk == top) {
		chunk->size = size | USED | BELOW_USED;
		set_top(at(chunk, size), left);
	} else if (left < SMALLEST) {
		chunk->size |= USED;
		at(chunk, size + left)->size |= BELOW_USED;
	} else {
		chunk->size = size | USED | BELOW_USED;
		set_free(at(chunk, size), left);
		put(at(chunk, size));
	}
}

// No chunk has a neighbour outside of its area: what is above its last one stays used. As long as that is `top`, nobody looks there.
static void open_area(void *area, size_t size)
{
	if (top) {
		at(top, size_of(top))->size = SMALLEST | USED;
		put(top);
	}
	unused = area;
	set_top(area, size - SMALLEST);
}

// Makes a chunk that was used, and is small enough for no mapping of its own, free for all sizes.
static void unite(struct chunk *chunk)
{
	size_t size = size_of(chunk);
	struct chunk *above = at(chunk, size);

	if (!(chunk->size & BELOW_USED)) {
		size += chunk->below;
		chunk = at(chunk, -(ptrdiff_t)chunk->below);
		take(chunk);
	}
	if (above == top) {
		set_top(chunk, size + size_of(top));
		return;
	}
	if (!(above->size & USED)) {
		take(above);
		size += size_of(above);
	}
	set_free(chunk, size);
	put(chunk);
}

static void unite_resting(void)
{
	for (size_t list = 0; list < sizeof resting / sizeof *resting; list++)
		while (resting[list]) {
			struct chunk *chunk = resting[list];

			resting[list] = chunk->next;
			unite(chunk);
		}
}

static int has_room(size_t size)
{
	return top && size_of(top) >= size + SMALLEST;
}

// Makes `top` large enough for a chunk of `size`, with something left. Returns whether there is so much memory.
static int grow(size_t size)
{
	void *area;

	if (!top) {
		open_area(first_area, FIRST_AREA);
		return 1;
	}
	if (has_room(size))
		return 1;
	area = mmap(NULL, NEXT_AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return 0;
	open_area(area, NEXT_AREA);
	return 1;
}

static size_t whole_pages(size_t size)
{
	return (size + HEADER + 4095) & ~(size_t)4095;
}

static void *map_alone(size_t size)
{
	size_t length = whole_pages(size);
	struct chunk *chunk = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chunk == MAP_FAILED)
		return NULL;
	chunk->size = length | USED | ALONE;
	return payload(chunk);
}

// What so many bytes take, or 0, with errno set, when nobody has so much.
static size_t chunk_size(size_t bytes)
{
	if (bytes > LARGEST) {
		errno = ENOMEM;
		return 0;
	}
	return bytes + OVERHEAD <= SMALLEST ? SMALLEST : (bytes + OVERHEAD + 15) & ~(size_t)15;
}

// Makes a chunk of `size` of what is free, or of new memory. Returns also whether its memory is zero.
static struct chunk *carve(size_t size, int *is_zero)
{
	struct chunk *chunk = found(size);

	if (!chunk && top && !has_room(size)) {
		unite_resting();
		chunk = found(size);
	}
	if (chunk) {
		take(chunk);
	} else {
		if (!grow(size))
			return NULL;
		chunk = top;
		*is_zero = payload(chunk) >= unused;
	}
	use(chunk, size);
	return chunk;
}

// The newest of the resting chunks of exactly this size, or NULL.
static inline struct chunk *wake(size_t size)
{
	struct chunk *chunk = size <= SMALL ? resting[size / 16] : NULL;

	if (!chunk)
		return NULL;
	insist((chunk->size & ~(size_t)BELOW_USED) == (size | USED | RESTS));
	resting[size / 16] = chunk->next;
	chunk->size &= ~(size_t)RESTS;
	return chunk;
}

// Returns also whether the memory is zero.
static inline void *allocate(size_t bytes, int *is_zero)
{
	size_t size = chunk_size(bytes);
	struct chunk *chunk;

	*is_zero = size >= ALONE_FROM;
	if (size == 0 || size >= ALONE_FROM)
		return size == 0 ? NULL : map_alone(size);
	chunk = wake(size);
	if (!chunk)
		chunk = carve(size, is_zero);
	return chunk ? payload(chunk) : NULL;
}

void *malloc(size_t bytes)
{
	int is_zero;

	return allocate(bytes, &is_zero);
}

void *calloc(size_t count, size_t each)
{
	size_t bytes;
	int is_zero;
	void *memory;

	if (__builtin_mul_overflow(count, each, &bytes))
		bytes = SIZE_MAX;
	memory = allocate(bytes, &is_zero);
	return memory && !is_zero ? memset(memory, 0, bytes) : memory;
}

void free(void *memory)
{
	struct chunk *chunk = chunk_of(memory);
	size_t size;

	if (!memory)
		return;
	insist((chunk->size & (USED | RESTS)) == USED);
	size = size_of(chunk);
	if (size <= SMALL) {
		chunk->size |= RESTS;
		chunk->next = resting[size / 16];
		resting[size / 16] = chunk;
	} else if (chunk->size & ALONE) {
		int before = errno;

		munmap(chunk, size);
		errno = before;
	} else {
		unite(chunk);
	}
}

// Makes a used chunk as large as `size` by what is free above it. Returns whether it could.
static int widen(struct chunk *chunk, size_t size)
{
	struct chunk *above = at(chunk, size_of(chunk));
	size_t whole = size_of(chunk) + size_of(above);
	size_t below_used = chunk->size & BELOW_USED;

	if (above->size & USED || whole < size + (above == top ? SMALLEST : 0))
		return 0;
	if (above != top)
		take(above);
	else
		top = chunk;
	chunk->size = whole;
	use(chunk, size);
	chunk->size = size_of(chunk) | USED | below_used;
	return 1;
}

static void narrow(struct chunk *chunk, size_t size)
{
	struct chunk *rest = at(chunk, size);
	size_t left = size_of(chunk) - size;

	if (left < SMALLEST)
		return;
	chunk->size = size | (chunk->size & BITS);
	rest->size = left | USED | BELOW_USED;
	unite(rest);
}

static void *resize_alone(struct chunk *chunk, size_t size)
{
	size_t length = whole_pages(size);
	struct chunk *moved = mremap(chunk, size_of(chunk), length, MREMAP_MAYMOVE);

	if (moved == MAP_FAILED)
		return NULL;
	moved->size = length | USED | ALONE;
	return payload(moved);
}

void *realloc(void *memory, size_t bytes)
{
	struct chunk *chunk = chunk_of(memory);
	size_t size = chunk_size(bytes);
	size_t had;
	void *moved;

	if (!memory)
		return malloc(bytes);
	if (size == 0)
		return NULL;
	insist((chunk->size & (USED | RESTS)) == USED);
	if (chunk->size & ALONE && size >= ALONE_FROM)
		return resize_alone(chunk, size);
	if (!(chunk->size & ALONE) && size < ALONE_FROM && (size <= size_of(chunk) || widen(chunk, size))) {
		narrow(chunk, size);
		return memory;
	}
	moved = malloc(bytes);
	if (!moved)
		return NULL;
	had = size_of(chunk) - (chunk->size & ALONE ? HEADER : OVERHEAD);
	memcpy(moved, memory, had < bytes ? had : bytes);
	free(memory);
	return moved;
}

// Gives the whole pages from `start` to `end` back. The next who looks finds what the program began with: nobody counts on that.
static void give_back(uintptr_t start, uintptr_t end)
{
	start = (start + PAGE - 1) & ~(PAGE - 1);
	end &= ~(PAGE - 1);
	if (start < end)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

static void give_back_chunk(const struct chunk *chunk, uintptr_t end)
{
	give_back((uintptr_t)chunk + SMALLEST, end);
}

// Gives back what was used once and is free now, of the heap and of the stack: for a process that from now on waits.
double lxc_give_back(void)
{
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0) - STACK_IN_USE;
	uintptr_t used = (uintptr_t)unused + PAGE - 1;
	uintptr_t end;
	int before = errno;

	unite_resting();
	for (unsigned list = list_of(PAGE); list < LISTS; list++)
		for (const struct chunk *chunk = lists[list]; chunk; chunk = chunk->next)
			give_back_chunk(chunk, (uintptr_t)chunk + size_of(chunk));
	end = (uintptr_t)top + (top ? size_of(top) : 0);
	if (top)
		give_back_chunk(top, used < end ? used : end);
	// It may not have grown so far: then all of it is given back, and the rest is an error to ignore.
	give_back(stack - STACK, stack);
	errno = before;
	return 0;
}
