// Texts of plain letters, which nearly all are that are read from files and from the kernel: they are copied as they are, where the
// runtime looks at each byte on its own (scripts/build.sh puts this in front of its function).
#include <stdint.h>
#include <string.h>

#include "scr_runtime.h"

#define HIGH_BITS 0x8080808080808080u

ScrStr *__real_scr_text_decode(const ScrBytes *bytes);

static int is_plain(const uint8_t *bytes, size_t length)
{
	uint64_t seen = 0;
	size_t at = 0;

	for (; at + sizeof(uint64_t) <= length; at += sizeof(uint64_t)) {
		uint64_t word;

		__builtin_memcpy(&word, bytes + at, sizeof(word));
		seen |= word;
	}
	for (; at < length; at++)
		seen |= bytes[at];
	return (seen & HIGH_BITS) == 0;
}

ScrStr *__wrap_scr_text_decode(const ScrBytes *bytes)
{
	if (is_plain(bytes->data, bytes->len))
		return scr_str_new((const char *)bytes->data, bytes->len);
	return __real_scr_text_decode(bytes);
}
