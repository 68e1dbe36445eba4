// Ends with 0 where User Mode Linux can set the registers of its processes. It hands the kernel all that AVX has, 832 bytes; where the
// processor has more (AVX-512, AMX) the kernel takes nothing less (EFAULT), and the first process of a guest ends with "set fp regs failed".
#include <elf.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define UML_BYTES 832

int main(void)
{
	static char registers[UML_BYTES] __attribute__((aligned(64)));
	struct iovec place = { registers, sizeof registers };
	pid_t child = fork();
	long result;

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	ptrace(PTRACE_GETREGSET, child, NT_X86_XSTATE, &place);
	result = ptrace(PTRACE_SETREGSET, child, NT_X86_XSTATE, &place);
	if (result < 0)
		perror("PTRACE_SETREGSET");
	kill(child, SIGKILL);
	return result < 0;
}
