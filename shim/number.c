// Whole numbers of doubles, which the runtime asks for at every index: through those of the processor, in place of the C library's
// arithmetic on bits.

// What is as large as this has no fraction.
#define LARGE 4503599627370496.0

double trunc(double x)
{
	if (!(x > -LARGE && x < LARGE))
		return x;
	return __builtin_copysign((double)(long)x, x);
}

double floor(double x)
{
	double whole;

	if (!(x > -LARGE && x < LARGE))
		return x;
	whole = (double)(long)x;
	return __builtin_copysign(whole > x ? whole - 1 : whole, x);
}
