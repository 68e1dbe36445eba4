// xattr set FILE NAME HEX: sets an attribute of FILE itself. xattr list FILE...: prints FILE NAME=HEX for each there is.
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

static int set(const char *file, const char *name, const char *hex) {
  char value[256];
  size_t length = strlen(hex) / 2;
  for (size_t i = 0; i < length && i < sizeof value; i++) {
    unsigned byte;
    if (sscanf(hex + 2 * i, "%2x", &byte) != 1) return 1;
    value[i] = (char)byte;
  }
  if (lsetxattr(file, name, value, length, 0) == 0) return 0;
  perror(name);
  return 1;
}

static void list(const char *file) {
  char names[4096], value[4096];
  ssize_t length = llistxattr(file, names, sizeof names);
  for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
    ssize_t size = lgetxattr(file, names + at, value, sizeof value);
    printf("%s %s=", file, names + at);
    for (ssize_t i = 0; i < size; i++) printf("%02x", (unsigned char)value[i]);
    puts("");
  }
}

int main(int count, char **words) {
  if (count == 5 && strcmp(words[1], "set") == 0) return set(words[2], words[3], words[4]);
  for (int i = 2; i < count; i++) list(words[i]);
  return 0;
}
