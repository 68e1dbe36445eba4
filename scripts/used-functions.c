// used-functions PROGRAM FUNCTIONS COMMAND...: runs COMMAND, and prints the functions of PROGRAM that it and its children go through, for each
// process in which PROGRAM begins in the order of their first use. FUNCTIONS has a line `ADDRESS NAME` for each, the address hexadecimal; PROGRAM is what runs, stripped.
//
// Each function begins with a breakpoint, which is taken out when a process first comes there.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define BREAKPOINT 0xcc
#define OPTIONS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

struct function {
	unsigned long address;
	char *name;
};

static struct function *functions;
static size_t count;
// The code of PROGRAM as it is, and with breakpoints in front of all functions.
static unsigned char *code, *broken;
static unsigned long code_start, code_size;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int by_address(const void *a, const void *b)
{
	unsigned long x = ((const struct function *)a)->address, y = ((const struct function *)b)->address;

	return x < y ? -1 : x > y;
}

static void read_functions(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long address;
	char name[4096];

	if (!file)
		fail(path);
	while (fscanf(file, "%lx %4095s", &address, name) == 2) {
		functions = realloc(functions, (count + 1) * sizeof *functions);
		functions[count++] = (struct function){ address, strdup(name) };
	}
	fclose(file);
	qsort(functions, count, sizeof *functions, by_address);
}

static void read_code(const char *path)
{
	int fd = open(path, O_RDONLY);
	Elf64_Ehdr head;
	Elf64_Phdr segment;

	if (fd < 0 || pread(fd, &head, sizeof head, 0) != sizeof head)
		fail(path);
	for (int at = 0; at < head.e_phnum; at++) {
		if (pread(fd, &segment, sizeof segment, head.e_phoff + at * sizeof segment) != sizeof segment)
			fail(path);
		if (segment.p_type == PT_LOAD && segment.p_flags & PF_X)
			break;
	}
	code_start = segment.p_vaddr;
	code_size = segment.p_filesz;
	code = malloc(code_size);
	broken = malloc(code_size);
	if (pread(fd, code, code_size, segment.p_offset) != (ssize_t)code_size)
		fail(path);
	memcpy(broken, code, code_size);
	for (size_t at = 0; at < count; at++)
		broken[functions[at].address - code_start] = BREAKPOINT;
	close(fd);
}

static int memory_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	return open(path, O_RDWR);
}

// In whatever runs PROGRAM now, by whichever name.
static void set_breakpoints(pid_t pid)
{
	int fd = memory_of(pid);
	unsigned char *there = malloc(code_size);

	if (fd >= 0 && pread(fd, there, code_size, code_start) == (ssize_t)code_size && memcmp(there, code, code_size) == 0 &&
	    pwrite(fd, broken, code_size, code_start) != (ssize_t)code_size)
		fail("write to the program");
	free(there);
	close(fd);
}

// Returns whether the process came to one of ours.
static int pass_breakpoint(pid_t pid)
{
	struct user_regs_struct registers;
	struct function key, *found;
	unsigned long at;
	int fd;

	ptrace(PTRACE_GETREGS, pid, 0, &registers);
	key.address = registers.rip - 1;
	found = bsearch(&key, functions, count, sizeof key, by_address);
	if (!found)
		return 0;
	at = found->address - code_start;
	puts(found->name);
	fd = memory_of(pid);
	if (pwrite(fd, code + at, 1, found->address) != 1)
		fail("write to the program");
	close(fd);
	registers.rip--;
	ptrace(PTRACE_SETREGS, pid, 0, &registers);
	return 1;
}

int main(int words, char **word)
{
	pid_t first, pid;
	int status, passed;

	if (words < 4)
		return 2;
	read_functions(word[2]);
	read_code(word[1]);
	first = fork();
	if (first == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execvp(word[3], word + 3);
		_exit(127);
	}
	waitpid(first, &status, 0);
	ptrace(PTRACE_SETOPTIONS, first, 0, OPTIONS);
	ptrace(PTRACE_CONT, first, 0, 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (pid == first)
				break;
			continue;
		}
		passed = WSTOPSIG(status);
		if (status >> 16 == PTRACE_EVENT_EXEC)
			set_breakpoints(pid);
		// SIGSTOP is how a new process begins.
		if (passed == SIGSTOP || status >> 16 || (passed == SIGTRAP && pass_breakpoint(pid)))
			passed = 0;
		ptrace(PTRACE_CONT, pid, 0, passed);
	}
	// What a command that fails did not come to is not to be missing from the list.
	return fflush(stdout) != 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
