/* What is done with secrets beside encrypting them: they are compared to their end, and wiped. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "lib/base/text.h"

enum { BEFORE = 256, MOST_SECRET = 2 * BEFORE };

static void equal_means_every_byte(void **state)
{
    unsigned char a[48], b[48];

    (void)state;
    memset(a, 'x', sizeof a);
    for (size_t i = 0; i < sizeof a; i++) {
        memcpy(b, a, sizeof a);
        assert_true(sl_equal_secret(a, b, sizeof a));
        b[i] ^= 1;
        assert_false(sl_equal_secret(a, b, sizeof a));
    }
}

static sigjmp_buf at_the_end;

static void on_fault(int number)
{
    (void)number;
    siglongjmp(at_the_end, 1);
}

/* The end of one lies in memory that cannot be read: whoever stops at the first difference, which is
 * at the first byte, and so tells by its time how much was right, does not get there. */
static void a_difference_does_not_end_the_comparison(void **state)
{
    struct sigaction faulting = { .sa_handler = on_fault }, before;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const char other[MOST_SECRET] = "other";
    volatile bool ended = false;

    (void)state;
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    assert_int_equal(sigaction(SIGSEGV, &faulting, &before), 0);
    if (sigsetjmp(at_the_end, 1) == 0)
        (void)sl_equal_secret(pages + page - BEFORE, other, sizeof other);
    else
        ended = true;
    assert_int_equal(sigaction(SIGSEGV, &before, NULL), 0);
    assert_int_equal(munmap(pages, 2 * page), 0);
    assert_true(ended);
}

static const char password[] = "Tr0ub4dor&3";

/* Behind what an allocator may write into memory that was given back. */
static uintptr_t keep_secret(struct sl_arena *arena)
{
    (void)sl_arena_alloc(arena, 64, 1);
    return (uintptr_t)sl_arena_strdup(arena, password);
}

/* By the kernel, since this memory may be nobody's by now. */
static void assert_wiped(uintptr_t place)
{
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char found[sizeof password];

    assert_true(memory >= 0);
    assert_int_equal(pread(memory, found, sizeof found, (off_t)place), sizeof found);
    (void)close(memory);
    assert_memory_not_equal(found, password, 4);
}

static void an_arena_is_wiped_when_it_goes_and_when_it_is_used_again(void **state)
{
    struct sl_arena *arena = sl_arena_new();
    uintptr_t first = keep_secret(arena), second;

    (void)state;
    sl_arena_reset(arena);
    assert_wiped(first);
    second = keep_secret(arena);
    sl_arena_free(&arena);
    assert_wiped(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_means_every_byte),
        cmocka_unit_test(a_difference_does_not_end_the_comparison),
        cmocka_unit_test(an_arena_is_wiped_when_it_goes_and_when_it_is_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
