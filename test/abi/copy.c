// Every length up to 1,100 bytes, at all distances of the two places from each other and from a multiple of 16: what shim/copy.c
// writes is what it should, and nothing beside it. Ends with 0 when that holds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 1100
#define ROOM (LONGEST + 128)

static unsigned char before[ROOM], after[ROOM];

static void fill(void)
{
	for (int i = 0; i < ROOM; i++)
		before[i] = after[i] = i * 7 + i / 256;
}

static void insist(int to, size_t length, unsigned char (*expected)(int, int), int seed, const char *what)
{
	for (int i = 0; i < ROOM; i++) {
		int is_inside = i >= to && i < to + (int)length;

		if (after[i] == (is_inside ? expected(i - to, seed) : before[i]))
			continue;
		printf("%s of %zu bytes to %d (%d): byte %d is wrong\n", what, length, to, seed, i);
		exit(1);
	}
}

static unsigned char copied(int at, int from)
{
	return before[from + at];
}

static unsigned char filled(int at, int byte)
{
	(void)at;
	return byte;
}

int main(void)
{
	static unsigned char source[ROOM];

	for (size_t length = 0; length <= LONGEST; length++)
		for (int to = 16; to < 34; to++) {
			for (int from = 0; from < 64; from += length < 70 ? 1 : 7) {
				fill();
				insist(to, length * (memmove(after + to, after + from, length) == after + to), copied, from, "memmove");
			}
			fill();
			memcpy(source, before, ROOM);
			insist(to, length * (memcpy(after + to, source + 3, length) == after + to), copied, 3, "memcpy");
			fill();
			insist(to, length * (memset(after + to, 0x1a5, length) == after + to), filled, 0xa5, "memset");
		}
	return 0;
}
