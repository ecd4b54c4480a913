/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocates 1,000 blocks of 40 bytes, enters a filter that allows everything, allocates 1,000 more, and so does a child
 * by fork.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void work(void) {
    for (int i = 0; i < 1000; ++i) {
        void* volatile block = malloc(40);
        (void)block;
    }
}

int main(void) {
    struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog program = {1, all};
    work();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 2;
    work();
    const pid_t child = fork();
    if (child == 0) {
        work();
        _exit(0);
    }
    int status = 1;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 3;
}
