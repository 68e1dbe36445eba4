// What shim/number.c says of doubles of all kinds is what rint(3) says that rounds in that direction. Ends with 0 when that holds.
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static double of_bits(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static uint64_t bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static double rounded(double x, int mode)
{
	fesetround(mode);
	x = rint(x);
	fesetround(FE_TONEAREST);
	return x;
}

static void insist(double x)
{
	if (bits_of(trunc(x)) == bits_of(rounded(x, FE_TOWARDZERO)) && bits_of(floor(x)) == bits_of(rounded(x, FE_DOWNWARD)))
		return;
	printf("%a: trunc %a, floor %a\n", x, trunc(x), floor(x));
	exit(1);
}

int main(void)
{
	static const double special[] = { 0.0, -0.0, 0.5, -0.5, 1 - 0x1p-53, -1 + 0x1p-53, 4503599627370495.5, 4503599627370496.0,
		-4503599627370495.5, -4503599627370496.0, 9007199254740993.0, 0x1p63, -0x1p63, 0x1p1000, 0x1p-1074,
		1.0 / 0.0, -1.0 / 0.0 };
	uint64_t state = 20261127;

	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		insist(special[i]);
	for (int i = 0; i < 4000000; i++) {
		double x;

		state = state * 6364136223846793005u + 1442695040888963407u;
		// Half of them are of a size that has both a whole part and a fraction.
		x = of_bits(i % 2 ? state : (state & 0x800fffffffffffffu) | (uint64_t)(1000 + state % 90) << 52);
		if (x == x)
			insist(x);
	}
	return trunc(0.0 / 0.0) == trunc(0.0 / 0.0);
}
