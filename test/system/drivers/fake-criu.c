/* Stands in for criu where the kernel has not what that needs: writes its words to $FAKE_CRIU_LOG, and on a restore leaves a process that is
 * a child of whoever ran it, as --restore-sibling does. FAKE_CRIU_FAILS makes it fail with a log. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "--version") == 0) {
    puts("Version: 3.17.1");
    return 0;
  }
  FILE *log = fopen(getenv("FAKE_CRIU_LOG"), "w");
  const char *root = "";
  for (int i = 1; i < count; i++) {
    fprintf(log, "%s\n", words[i]);
    if (strcmp(words[i], "--root") == 0) root = words[i + 1];
    if (strcmp(words[i], "-o") == 0 && getenv("FAKE_CRIU_FAILS") != NULL) {
      FILE *own = fopen(words[i + 1], "w");
      fputs("(00.1) fine\n(00.2) Error (criu/x.c:1): the kernel has no such thing\n", own);
      return 1;
    }
  }
  if (strcmp(words[1], "restore") == 0) {
    char path[4096];
    snprintf(path, sizeof path, "%s/bin/busybox", root);
    fprintf(log, "busybox is %s\n", access(path, X_OK) == 0 ? "there" : "not there");
    fclose(log);
    if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) {
      signal(SIGPWR, SIG_DFL);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, NULL);
      for (int fd = 0; fd < 64; fd++) close(fd);
      for (;;) pause();
    }
    return 0;
  }
  fclose(log);
  if (strcmp(words[1], "dump") == 0 && strcmp(words[count - 1], "--leave-running") != 0) {
    for (int i = 1; i < count; i++) {
      if (strcmp(words[i], "-t") == 0) kill(atoi(words[i + 1]), SIGKILL);
    }
  }
  return 0;
}
