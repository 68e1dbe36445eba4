// What vulnerable runtimes do: each path looked up twice, everything kept open on the way inside.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int isInside(const char *root, const char *path) {
  char found[4096];
  return realpath(path, found) != NULL && strncmp(found, root, strlen(root)) == 0;
}

// mount SOURCE ROOT PATH VICTIM: looks whether PATH is inside ROOT, and then mounts on it. 0 once it came out at VICTIM.
static int mountChecked(char **words) {
  struct stat before, now;
  stat(words[3], &before);
  for (time_t end = time(NULL) + 8; time(NULL) < end; sched_yield()) {
    if (!isInside(words[1], words[2])) continue;
    if (mount(words[0], words[2], NULL, MS_BIND, NULL) != 0) continue;
    stat(words[3], &now);
    if (now.st_ino != before.st_ino) return 0;
    umount2(words[2], MNT_DETACH);
  }
  return 1;
}

// mkdirs ROOT FOLDER VICTIM: looks whether FOLDER is inside ROOT, and then makes a folder in it. 0 once that is in VICTIM.
static int makeChecked(char **words) {
  char made[4096], there[4096];
  snprintf(made, sizeof made, "%s/made", words[1]);
  snprintf(there, sizeof there, "%s/made", words[2]);
  for (time_t end = time(NULL) + 8; time(NULL) < end; sched_yield()) {
    if (!isInside(words[0], words[1])) continue;
    mkdir(made, 0755);
    if (access(there, F_OK) == 0) return 0;
    rmdir(made);
  }
  return 1;
}

// remove FOLDER: looks what each thing is, and then removes it by its path.
static void removeChecked(const char *path) {
  struct stat status;
  if (lstat(path, &status) != 0) return;
  if (!S_ISDIR(status.st_mode)) {
    unlink(path);
    return;
  }
  DIR *folder = opendir(path);
  if (folder == NULL) return;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char below[8192];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
    removeChecked(below);
  }
  closedir(folder);
  rmdir(path);
}

static void joinOne(const char *pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/ns/%s", pid, name);
  int fd = open(path, O_RDONLY);
  if (fd < 0 || setns(fd, 0) != 0) {
    perror(path);
    exit(1);
  }
  close(fd);
}

// enter PID FOLDER PROGRAM...: a process inside that takes a moment before it executes PROGRAM in FOLDER.
static int enter(char **words) {
  joinOne(words[0], "pid");
  joinOne(words[0], "mnt");
  if (fork() == 0) {
    usleep(300000);
    if (chdir(words[1]) != 0) perror(words[1]);
    execv(words[2], words + 2);
    perror(words[2]);
    _exit(127);
  }
  int status;
  wait(&status);
  return WEXITSTATUS(status);
}

int main(int count, char **words) {
  if (count < 3) return 2;
  if (strcmp(words[1], "mount") == 0) return mountChecked(words + 2);
  if (strcmp(words[1], "mkdirs") == 0) return makeChecked(words + 2);
  if (strcmp(words[1], "enter") == 0) return enter(words + 2);
  if (strcmp(words[1], "setuid") == 0) return setuid(atoi(words[2])) != 0 || printf("%d\n", getuid()) < 0;
  if (strcmp(words[1], "remove") != 0) return 2;
  removeChecked(words[2]);
  return 0;
}
