/*
 * heap: counts who asks for heap memory, as LD_PRELOAD of a service (p09_memory.py). A call is ours when its return address lies in the text of the main
 * program; everything else is a library's: librdkafka, libpq, hiredis, libmicrohttpd, libc. Nothing but the counting changes.
 *
 * The file OPENITEM_BENCH_HEAP names is mapped and written live, all numbers little-endian uint64:
 *	[0] calls of ours  [1] calls of libraries  [2] base of the main program  [3] unused
 *	then HEAP_CALLERS pairs: return address (0: free), calls of ours from there
 */
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP_CALLERS 512

struct heap_counts {
	uint64_t ours, libraries, base, unused;
	struct {
		uint64_t address, calls;
	} caller[HEAP_CALLERS];
};

/* glibc's own names for what we stand before. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static struct heap_counts *counts;
static uintptr_t text_begin, text_end;

static int find_text(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	*(uintptr_t *)ctx = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
			text_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			text_end = text_begin + info->dlpi_phdr[i].p_memsz;
		}
	return 1; /* the first is the main program */
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("OPENITEM_BENCH_HEAP");
	uintptr_t base = 0;
	int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || ftruncate(fd, sizeof(struct heap_counts)) != 0)
		return;
	void *p = mmap(NULL, sizeof(struct heap_counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return;
	dl_iterate_phdr(find_text, &base);
	counts = p;
	counts->base = base;
}

static void count(const void *from)
{
	uintptr_t at = (uintptr_t)from;

	if (counts == NULL)
		return;
	if (at < text_begin || at >= text_end) {
		__atomic_add_fetch(&counts->libraries, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_add_fetch(&counts->ours, 1, __ATOMIC_RELAXED);
	for (size_t i = at % HEAP_CALLERS, tries = 0; tries < HEAP_CALLERS; i = (i + 1) % HEAP_CALLERS, tries++) {
		uint64_t none = 0;
		__atomic_compare_exchange_n(&counts->caller[i].address, &none, at, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		if (counts->caller[i].address == at) {
			__atomic_add_fetch(&counts->caller[i].calls, 1, __ATOMIC_RELAXED);
			return;
		}
	}
}

void *malloc(size_t size)
{
	count(__builtin_return_address(0));
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_realloc(p, size);
}
