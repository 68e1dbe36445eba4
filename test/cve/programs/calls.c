// calls WIDTH:NUMBER:ARGUMENT...: makes system calls of 64 or of 32 bits, and prints what the kernel returned, a line each; "none" where it has no
// calls of 32 bits.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long call64(const unsigned long *words) {
  long result;
  register unsigned long fourth __asm__("r10") = words[4];
  __asm__ volatile("syscall" : "=a"(result) : "a"(words[0]), "D"(words[1]), "S"(words[2]), "d"(words[3]), "r"(fourth) : "rcx", "r11", "memory");
  return result;
}

static long call32(const unsigned long *words) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(words[0]), "b"(words[1]), "c"(words[2]), "d"(words[3]) : "memory", "r8", "r9", "r10", "r11");
  return result;
}

static sigjmp_buf before;

static void come_back(int signal) {
  siglongjmp(before, signal);
}

int main(int count, char **calls) {
  for (int i = 1; i < count; i++) {
    unsigned long words[8] = {0};
    int isNarrow = strncmp(calls[i], "32:", 3) == 0;
    char *rest = calls[i] + 3;
    for (int at = 0; at < 8 && *rest != '\0'; at++) {
      words[at] = strtoul(rest, &rest, 0);
      if (*rest == ':') rest++;
    }
    signal(SIGSEGV, come_back);
    if (sigsetjmp(before, 1) != 0) printf("none\n");
    else printf("%ld\n", isNarrow ? call32(words) : call64(words));
  }
}
