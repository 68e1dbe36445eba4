// A library that leaves a mark wherever it is loaded.
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void mark(void) { close(open(MARK, O_WRONLY | O_CREAT, 0600)); }
