// floor ROOT PROGRAM [ARGUMENT...]: the least a container can cost. New namespaces, its own root, proc, the program, its exit code.
#define _GNU_SOURCE
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int result, const char *what)
{
	if (result >= 0) return;
	perror(what);
	_exit(127);
}

int main(int argc, char **argv)
{
	if (argc < 3) return 2;
	struct clone_args args = { .exit_signal = SIGCHLD };
	args.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
	pid_t pid = syscall(SYS_clone3, &args, sizeof args);
	must(pid, "clone3");
	if (pid == 0) {
		must(mount("", "/", "", MS_REC | MS_PRIVATE, ""), "make mounts private");
		must(mount(argv[1], argv[1], "", MS_BIND | MS_REC, ""), "bind the root");
		must(chdir(argv[1]), "chdir");
		must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
		must(umount2(".", MNT_DETACH), "unmount the old root");
		must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""), "mount proc");
		execv(argv[2], argv + 2);
		must(-1, argv[2]);
	}
	int status;
	must(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
