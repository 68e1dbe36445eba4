// memcpy(3), memmove(3) and memset(3). Most of what our programs copy has less than 100 bytes: the C library's `rep movsq` takes
// longer to begin than that takes to copy.
#include <stddef.h>
#include <stdint.h>

typedef uint64_t word __attribute__((may_alias, aligned(1)));
typedef uint64_t block __attribute__((vector_size(16), may_alias, aligned(1)));

// From here on the processor's own loop is the fastest.
#define LONG 512

// From the first byte to the last. What is written last is read first, so that the two may overlap when `out` is below.
static inline void copy_up(unsigned char *out, const unsigned char *in, size_t length)
{
	size_t at = 0;

	if (length >= 16) {
		block last = *(const block *)(in + length - 16);

		for (; at + 16 < length; at += 16)
			*(block *)(out + at) = *(const block *)(in + at);
		*(block *)(out + length - 16) = last;
	} else if (length >= 8) {
		word last = *(const word *)(in + length - 8);

		*(word *)out = *(const word *)in;
		*(word *)(out + length - 8) = last;
	} else {
		for (; at < length; at++)
			out[at] = in[at];
	}
}

static void copy_down(unsigned char *out, const unsigned char *in, size_t length)
{
	if (length >= 16) {
		block first = *(const block *)in;

		for (; length > 16; length -= 16)
			*(block *)(out + length - 16) = *(const block *)(in + length - 16);
		*(block *)out = first;
	} else {
		while (length-- > 0)
			out[length] = in[length];
	}
}

static inline void copy(void *to, const void *from, size_t length)
{
	if (length > LONG)
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
	else
		copy_up(to, from, length);
}

void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	copy(to, from, length);
	return to;
}

void *memmove(void *to, const void *from, size_t length)
{
	if ((uintptr_t)to - (uintptr_t)from < length)
		copy_down(to, from, length);
	else
		copy(to, from, length);
	return to;
}

void *memset(void *to, int byte, size_t length)
{
	unsigned char *out = to;
	uint64_t all = (unsigned char)byte * (UINT64_MAX / 255);
	block blocks = { all, all };
	size_t at = 0;

	if (length > LONG) {
		__asm__ volatile("rep stosb" : "+D"(out), "+c"(length) : "a"(byte) : "memory");
	} else if (length >= 16) {
		for (; at + 16 < length; at += 16)
			*(block *)(out + at) = blocks;
		*(block *)(out + length - 16) = blocks;
	} else if (length >= 8) {
		*(word *)out = all;
		*(word *)(out + length - 8) = all;
	} else {
		for (; at < length; at++)
			out[at] = byte;
	}
	return to;
}
