/* SPDX-License-Identifier: Apache-2.0
 *
 * Enters seccomp with a filter that kills at any system call but write, exit_group, brk, mmap and munmap (what malloc may
 * need), and goes on allocating: 5,000 blocks of 80 bytes, freed again. Exit status 0: nobody made another call.
 * Argument "strict": strict mode instead, where only read, write and exit are left.
 */
#define _GNU_SOURCE
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(number) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int enter_filter(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(SYS_write),
        ALLOW(SYS_exit_group),
        ALLOW(SYS_brk),
        ALLOW(SYS_mmap),
        ALLOW(SYS_munmap),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static void allocate(int count) {
    for (int i = 0; i < count; ++i) {
        void* volatile block = malloc(80);
        free(block);
    }
}

int main(int argc, char** argv) {
    const int strict = argc > 1 && strcmp(argv[1], "strict") == 0;
    allocate(10);
    if ((strict ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) : enter_filter()) != 0) {
        return 1;
    }
    allocate(5000);
    if (write(STDOUT_FILENO, "done\n", 5) != 5) return 2;
    syscall(strict ? SYS_exit : SYS_exit_group, 0);
    return 3;
}
