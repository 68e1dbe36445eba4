// Makes the system calls it is told to: each argument is NUMBER:ARG:ARG…, and what came of it is printed.
//
// For x86_64 with a C library, where `thread` first makes the call in a thread of its own; for i386 without any.
#ifdef __i386__

static long call(long nr, long a, long b, long c)
{
	long result;

	asm volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return result;
}

static void say(long value)
{
	char text[16];
	int at = sizeof(text);
	unsigned long left = value < 0 ? -value : value;

	text[--at] = '\n';
	do
		text[--at] = '0' + left % 10;
	while ((left /= 10) != 0);
	if (value < 0)
		text[--at] = '-';
	call(4, 1, (long)(text + at), sizeof(text) - at);
}

static long number(char **text)
{
	unsigned long value = 0;

	while (**text >= '0' && **text <= '9')
		value = value * 10 + *(*text)++ - '0';
	if (**text == ':')
		++*text;
	return value;
}

__attribute__((used)) static void run(char **argv)
{
	while (*++argv) {
		char *text = *argv;
		long nr = number(&text), a = number(&text), b = number(&text), c = number(&text);

		say(call(nr, a, b, c));
	}
	call(1, 0, 0, 0);
}

asm(".globl _start\n_start: lea 4(%esp), %eax\n push %eax\n call run\n");

#else

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void trapped(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	printf("trapped %d\n", info->si_syscall & 0xffff);
	exit(0);
}

static void make(const char *text)
{
	unsigned long args[7] = { 0 };
	char *at = (char *)text;
	long result;

	for (int i = 0; i < 7; i++) {
		args[i] = strtoul(at, &at, 0);
		if (*at == ':')
			at++;
	}
	result = syscall(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
	printf("%ld\n", result < 0 ? -(long)errno : result);
}

static void *inThread(void *text)
{
	make(text);
	return NULL;
}

static int threads(void)
{
	struct dirent *entry;
	int count = 0;
	DIR *tasks = opendir("/proc/self/task");

	while ((entry = readdir(tasks)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(tasks);
	return count;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO };
	int at = 1, wait_for = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "trap") == 0) {
		sigaction(SIGSYS, &action, NULL);
		at++;
	} else if (argc > 1 && strcmp(argv[1], "thread") == 0) {
		pthread_t thread;

		// A thread that is killed wakes nobody who joins it.
		pthread_create(&thread, NULL, inThread, argv[2]);
		while (threads() > 1)
			usleep(1000);
		puts("the process lives");
		return 0;
	} else if (argc > 1 && strcmp(argv[1], "together") == 0) {
		// Each call in a process of its own.
		for (at = 2; at < argc; at++, wait_for++)
			if (fork() == 0) {
				make(argv[at]);
				return 0;
			}
		while (wait_for-- > 0)
			wait(NULL);
		return 0;
	}
	for (; at < argc; at++)
		make(argv[at]);
	return 0;
}

#endif
