// Where our programs begin, in front of the C library. Tools whose own processes enter containers go on as a program on a mount of the one
// file that nobody can write through (CVE-2019-5736): its text and data are mapped anew from there, and the kernel is told that it is what
// runs here. Where that is refused, it is executed. src/kernel/self.ts is the whole of it, and does it where this cannot.
//
// Nothing is set up yet: no errno, no environment, nothing written to the data. So there are only functions of this file here, and of the
// C library those that look at strings.
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/stat.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define OWN_PROGRAM "/proc/self/exe"
#define PREFIX "lxc-"
#define PAGE 4096

// Those that say so in src/faces/cli, by `entersContainers`.
static const char *const entering[] = { "attach", "run", "start" };

// What the kernel puts on the stack (execve(2), getauxval(3)).
struct start {
	long count;
	char **words, **variables;
	// The last variable, behind which all texts end; NULL without one.
	const char *last;
	const Elf64_auxv_t *auxiliary;
};

// The stack is aligned for us, and given back as it was.
__asm__(".section .text.lxc_entry,\"ax\",@progbits\n"
	".global lxc_entry\n"
	"lxc_entry:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rbx\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call lxc_protect\n"
	"	mov %rbx, %rsp\n"
	"	jmp _start\n"
	".text\n");

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static struct start start_at(long *stack)
{
	struct start start = { .count = stack[0], .words = (char **)(stack + 1) };
	char **end;

	start.variables = start.words + start.count + 1;
	for (end = start.variables; *end; end++)
		start.last = *end;
	start.auxiliary = (const Elf64_auxv_t *)(end + 1);
	return start;
}

static unsigned long auxiliary(const struct start *start, unsigned long type)
{
	for (const Elf64_auxv_t *each = start->auxiliary; each->a_type != AT_NULL; each++)
		if (each->a_type == type)
			return each->a_un.a_val;
	return 0;
}

// What follows `lxc-` in the name, or `lxc`.
static const char *tool_of(const struct start *start)
{
	const char *slash = strrchr(start->words[0], '/');
	const char *name = slash ? slash + 1 : start->words[0];

	if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
		return name + strlen(PREFIX);
	return strcmp(name, "lxc") == 0 && start->count > 1 ? start->words[1] : "";
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

	return call(SYS_statx, AT_FDCWD, (long)OWN_PROGRAM, 0, STATX_BASIC_STATS, (long)&status, 0) < 0 ||
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static uintptr_t page_of(uintptr_t address)
{
	return address & ~(uintptr_t)(PAGE - 1);
}

// Whether what is in memory behind the file's part begins with a page: then that part can be mapped without what is behind it.
static int is_whole(const Elf64_Phdr *part)
{
	return part->p_memsz == part->p_filesz || (part->p_vaddr + part->p_filesz) % PAGE == 0;
}

// Maps a part of the program from `file`, over itself.
static int remap(const Elf64_Phdr *part, int file)
{
	uintptr_t from = page_of(part->p_vaddr);
	int protection = (part->p_flags & PF_R ? PROT_READ : 0) | (part->p_flags & PF_W ? PROT_WRITE : 0) |
			 (part->p_flags & PF_X ? PROT_EXEC : 0);

	return call(SYS_mmap, from, part->p_vaddr + part->p_filesz - from, protection, MAP_PRIVATE | MAP_FIXED, file,
		    page_of(part->p_offset)) == (long)from;
}

static uintptr_t end_of(const char *text)
{
	return (uintptr_t)text + strlen(text) + 1;
}

// Makes `file`, our own program on another mount, what runs here. Returns whether it could (Linux with CONFIG_CHECKPOINT_RESTORE).
static int become(const struct start *start, int file)
{
	const Elf64_Phdr *parts = (const Elf64_Phdr *)auxiliary(start, AT_PHDR);
	unsigned long count = auxiliary(start, AT_PHNUM);
	struct prctl_mm_map map = { .exe_fd = file, .start_stack = (uintptr_t)(start->words - 1) };

	for (unsigned long at = 0; at < count; at++)
		if (parts[at].p_type == PT_LOAD && !is_whole(&parts[at]))
			return 0;
	for (unsigned long at = 0; at < count; at++) {
		const Elf64_Phdr *part = &parts[at];
		uintptr_t end = part->p_vaddr + part->p_filesz;

		if (part->p_type != PT_LOAD)
			continue;
		if (!remap(part, file))
			return 0;
		if (part->p_flags & PF_X) {
			map.start_code = part->p_vaddr;
			map.end_code = end;
		}
		map.start_data = part->p_vaddr;
		map.end_data = end;
	}
	map.arg_start = (uintptr_t)start->words[0];
	map.arg_end = map.env_start = end_of(start->words[start->count - 1]);
	map.env_end = start->last ? end_of(start->last) : map.env_start;
	map.start_brk = map.brk = call(SYS_brk, 0, 0, 0, 0, 0, 0);
	return call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&map, sizeof map, 0, 0) == 0;
}

// The file that `mount` is of, open for reading; -errno when it cannot be opened.
static int open_file_of(int mount)
{
	char path[] = "/proc/self/fd/\0\0\0\0\0\0\0\0\0\0";
	char *end = path + strlen(path);

	for (int scale = 1000000000; scale > 0; scale /= 10)
		if (mount >= scale || scale == 1)
			*end++ = '0' + mount / scale % 10;
	return call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
}

// Returns when there is nothing to do, or it is done, or cannot be done in this way.
__attribute__((used)) void lxc_protect(long *stack)
{
	struct start start = start_at(stack);
	struct mount_attr change = { .attr_set = MOUNT_ATTR_RDONLY };
	int mount, file;

	if (start.count < 1 || !enters(tool_of(&start)) || auxiliary(&start, AT_EUID) != 0 || auxiliary(&start, AT_SECURE) != 0 ||
	    runs_from_mount())
		return;
	mount = call(SYS_open_tree, AT_FDCWD, (long)OWN_PROGRAM, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0, 0);
	if (mount < 0)
		return;
	if (call(SYS_mount_setattr, mount, (long)"", AT_EMPTY_PATH, (long)&change, sizeof change, 0) == 0) {
		file = open_file_of(mount);
		if (file < 0 || !become(&start, file))
			call(SYS_execveat, mount, (long)"", (long)start.words, (long)start.variables, AT_EMPTY_PATH, 0);
		if (file >= 0)
			call(SYS_close, file, 0, 0, 0, 0, 0);
	}
	call(SYS_close, mount, 0, 0, 0, 0, 0);
}
