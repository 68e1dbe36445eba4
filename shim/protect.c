// Before the runtime begins: tools whose own processes enter containers go on from a mount of their file that nobody can write through
// (CVE-2019-5736). src/kernel/self.ts is the whole of it, and does it where this cannot; here it costs an exec and nothing else.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OWN_PROGRAM "/proc/self/exe"
#define PREFIX "lxc-"

// Those that say so in src/faces/cli, by `entersContainers`.
static const char *const entering[] = { "attach", "run", "start" };

// What follows `lxc-` in the name, or `lxc`.
static const char *tool_of(int count, char **words)
{
	const char *slash = strrchr(words[0], '/');
	const char *name = slash ? slash + 1 : words[0];

	if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
		return name + strlen(PREFIX);
	return strcmp(name, "lxc") == 0 && count > 1 ? words[1] : "";
}

static int enters(const char *tool)
{
	for (size_t at = 0; at < sizeof entering / sizeof *entering; at++)
		if (strcmp(tool, entering[at]) == 0)
			return 1;
	return 0;
}

// A mount of the one file is a root of its own; so is somebody else's, of which src/kernel/self.ts asks more.
static int runs_from_mount(void)
{
	struct statx status;

	return syscall(SYS_statx, AT_FDCWD, OWN_PROGRAM, 0, STATX_BASIC_STATS, &status) < 0 ||
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

// Returns when there is nothing to do, or it cannot be done in this way.
void lxc_protect(int count, char **words)
{
	struct mount_attr change = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd;

	if (count < 1 || !enters(tool_of(count, words)) || geteuid() != 0 || getauxval(AT_SECURE) != 0 || runs_from_mount())
		return;
	fd = syscall(SYS_open_tree, AT_FDCWD, OWN_PROGRAM, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return;
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &change, sizeof change) == 0)
		syscall(SYS_execveat, fd, "", words, environ, AT_EMPTY_PATH);
	close(fd);
}
