// Random use of shim/memory.c, each piece of memory full of a byte of its own. Ends with 0 when all of them kept it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECES 2000

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

int main(int count, char **words)
{
	state = count > 1 ? strtoull(words[1], NULL, 10) : 1;
	for (int step = 0; step < 200000; step++) {
		int at = draw(PIECES);

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
		void *twice = malloc(100);

		free(twice);
		free(twice);
	}
	return 0;
}
