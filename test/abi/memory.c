// Random use of shim/memory.c, each piece of memory full of a byte of its own. Ends with 0 when all of them kept it, and when
// what is free can be given back.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECES 2000
#define LARGE 20
#define SMALL 10000

double lxc_give_back(void);

static struct {
	unsigned char *memory;
	size_t size;
	unsigned char byte;
} pieces[PIECES];
static uint64_t state;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static size_t draw_size(void)
{
	uint64_t kind = draw(40);

	return draw(kind == 0 ? 300000 : kind < 6 ? 9000 : 300);
}

static void insist(int holds, const char *what)
{
	if (holds)
		return;
	puts(what);
	exit(1);
}

static int is_full(int at, size_t size, unsigned char byte)
{
	for (size_t i = 0; i < size; i++)
		if (pieces[at].memory[i] != byte)
			return 0;
	return 1;
}

static void make(int at)
{
	pieces[at].size = draw_size();
	pieces[at].byte = draw(256);
	if (draw(2)) {
		pieces[at].memory = calloc(1, pieces[at].size);
		insist(is_full(at, pieces[at].size, 0), "calloc gives memory that is not zero");
	} else {
		pieces[at].memory = malloc(pieces[at].size);
	}
	insist(pieces[at].memory && (uintptr_t)pieces[at].memory % 16 == 0, "memory is not aligned");
	memset(pieces[at].memory, pieces[at].byte, pieces[at].size);
}

static void resize(int at)
{
	size_t size = draw_size();
	size_t kept = size < pieces[at].size ? size : pieces[at].size;

	pieces[at].memory = realloc(pieces[at].memory, size);
	insist(is_full(at, kept, pieces[at].byte), "realloc loses what was there");
	pieces[at].size = size;
	memset(pieces[at].memory, pieces[at].byte, size);
}

static void give_back(int at)
{
	insist(is_full(at, pieces[at].size, pieces[at].byte), "memory was overwritten");
	free(pieces[at].memory);
	pieces[at].memory = NULL;
}

// Counted page by page: what statm says is behind by some.
static long resident_pages(void)
{
	char line[256];
	long kilobytes = -1;
	FILE *file = fopen("/proc/self/smaps_rollup", "r");

	while (file && kilobytes < 0 && fgets(line, sizeof line, file))
		sscanf(line, "Private_Dirty: %ld", &kilobytes);
	insist(kilobytes >= 0, "smaps_rollup does not say what is resident");
	fclose(file);
	return kilobytes / 4;
}

static __attribute__((noinline)) void use_stack(void)
{
	volatile char bytes[40000];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = 1;
}

// Large pieces between small ones that stay, and at the end of all.
static void use_and_give_back(void)
{
	char *large[LARGE], *small[LARGE], *end[LARGE];
	long before;

	for (int i = 0; i < LARGE; i++) {
		large[i] = memset(malloc(20000), 1, 20000);
		small[i] = memset(malloc(100), i, 100);
	}
	for (int i = 0; i < LARGE; i++)
		end[i] = memset(malloc(20000), 1, 20000);
	for (int i = 0; i < LARGE; i++) {
		free(large[i]);
		free(end[i]);
	}
	before = resident_pages();
	lxc_give_back();
	// Of a piece between others its whole pages, three at least; of those at the end all but one.
	insist(resident_pages() <= before - LARGE * 3 - LARGE * 20000 / 4096 + 2, "free memory is not given back");
	for (int i = 0; i < LARGE; i++) {
		insist(small[i][0] == i && small[i][99] == i, "memory in use is given back");
		free(small[i]);
	}
	lxc_give_back();
	use_stack();
	before = resident_pages();
	lxc_give_back();
	insist(resident_pages() <= before - 8, "the stack is not given back");
}

static void use_small_pieces(void)
{
	static void *small[SMALL];

	for (int i = 0; i < SMALL; i++)
		small[i] = memset(malloc(200), 1, 200);
	for (int i = 0; i < SMALL; i++)
		free(small[i]);
}

// What was small pieces serves for large ones before more is asked for, and can be given back.
static void use_small_for_large(void)
{
	static void *large[SMALL / 50];
	long before;

	use_small_pieces();
	before = resident_pages();
	for (int i = 0; i < SMALL / 50; i++)
		large[i] = memset(malloc(9000), 1, 9000);
	insist(resident_pages() < before + 100, "memory of small pieces is not used for large ones");
	for (int i = 0; i < SMALL / 50; i++)
		free(large[i]);
	use_small_pieces();
	before = resident_pages();
	lxc_give_back();
	insist(resident_pages() < before - 400, "memory of small pieces is not given back");
}

// Over the end of one area, of which nothing may be lost.
static void fill_an_area(void)
{
	void **last = NULL;

	for (int i = 0; i < 40000; i++) {
		void **piece = malloc(sizeof *piece);

		*piece = last;
		last = piece;
		free(malloc(9000));
		lxc_give_back();
	}
	while (last) {
		void **next = *last;

		free(last);
		last = next;
	}
}

int main(int count, char **words)
{
	use_and_give_back();
	use_small_for_large();
	fill_an_area();
	state = count > 1 ? strtoull(words[1], NULL, 10) : 1;
	for (int step = 0; step < 200000; step++) {
		int at = draw(PIECES);

		if (step % 500 == 0)
			lxc_give_back();
		if (!pieces[at].memory)
			make(at);
		else if (draw(3) == 0)
			resize(at);
		else
			give_back(at);
	}
	for (int at = 0; at < PIECES; at++)
		if (pieces[at].memory)
			give_back(at);
	insist(!malloc(SIZE_MAX) && !calloc(SIZE_MAX / 2, 4) && !realloc(NULL, SIZE_MAX - 8), "there is no so much memory");
	if (count > 2) {
		// One that is left at rest, or one that is united with its neighbours.
		void *twice = malloc(strcmp(words[2], "small") ? 1000 : 100);

		free(twice);
		free(twice);
	}
	return 0;
}
