// run-to PROGRAM ADDRESS START LENGTH: runs PROGRAM, without arguments and environment, until it comes to ADDRESS, writes that part
// of its memory to standard output, and ends it. Numbers are hexadecimal.
//
// A system call on the way, other than those by which the C library begins, is an error: what it answered would be kept.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void fail(const char *what, long number)
{
	fprintf(stderr, "run-to: %s %ld\n", what, number);
	if (child > 0)
		kill(child, SIGKILL);
	exit(1);
}

static void check_call(void)
{
	struct user_regs_struct registers;

	ptrace(PTRACE_GETREGS, child, 0, &registers);
	switch (registers.orig_rax) {
	case SYS_execve:
	case SYS_arch_prctl:
	case SYS_set_tid_address:
	// Of the runtime, into a variable that is not kept.
	case SYS_clock_gettime:
		return;
	}
	if (registers.orig_rax == SYS_mmap)
		fail("modules need more memory than FIRST_AREA of shim/memory.c has; bytes asked for:", registers.rsi);
	fail("a module makes a system call when it is loaded: number", registers.orig_rax);
}

// Returns when the program stands at `address`.
static void run_until(unsigned long address)
{
	int status;
	long there;

	waitpid(child, &status, 0);
	if (!WIFSTOPPED(status))
		fail("the program did not begin, status", status);
	ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	there = ptrace(PTRACE_PEEKTEXT, child, address, 0);
	// int3
	ptrace(PTRACE_POKETEXT, child, address, (there & ~0xffL) | 0xcc);
	for (;;) {
		ptrace(PTRACE_SYSCALL, child, 0, 0);
		waitpid(child, &status, 0);
		if (!WIFSTOPPED(status))
			fail("the program ended before it came there, status", status);
		if (WSTOPSIG(status) == SIGTRAP)
			return;
		if (WSTOPSIG(status) != (SIGTRAP | 0x80))
			fail("the program got signal", WSTOPSIG(status));
		check_call();
	}
}

static void write_out(unsigned long start, size_t length)
{
	char *bytes = malloc(length);
	struct iovec here = { bytes, length }, there = { (void *)start, length };

	if (!bytes || process_vm_readv(child, &here, 1, &there, 1, 0) != (ssize_t)length)
		fail("cannot read its memory, bytes", length);
	if (fwrite(bytes, 1, length, stdout) != length || fflush(stdout) != 0)
		fail("cannot write, bytes", length);
}

int main(int count, char **words)
{
	char *no_words[] = { "", NULL }, *nothing[] = { NULL };

	if (count != 5)
		fail("needs four words, not", count - 1);
	child = fork();
	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execve(words[1], no_words, nothing);
		_exit(127);
	}
	if (child < 0)
		fail("cannot make a process:", child);
	run_until(strtoul(words[2], NULL, 16));
	write_out(strtoul(words[3], NULL, 16), strtoul(words[4], NULL, 16));
	kill(child, SIGKILL);
	return 0;
}
