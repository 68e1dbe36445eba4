// exchange A B: swaps two files for as long as it lives, as another container does that shares their folder.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count != 3) return 2;
  // Renames that do nothing else starve whoever looks.
  for (;;)
    if (syscall(SYS_renameat2, AT_FDCWD, words[1], AT_FDCWD, words[2], 2) != 0) usleep(100);
}
