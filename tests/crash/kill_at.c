/* Preloaded into a program under test: ends it with SIGKILL at its Nth call that makes something durable or visible.
   LAB_KILL_PROGRAM names the program (the last part of its path), LAB_KILL_CALL the number, LAB_KILL_LOG a file that
   gets a byte for each call, so that a test can count them. A kill comes before the call, or after it with
   LAB_KILL_AFTER. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int wanted = -1, after, log_fd = -1;
static int calls;

__attribute__((constructor)) static void start(void) {
    const char* program = getenv("LAB_KILL_PROGRAM");
    const char* call = getenv("LAB_KILL_CALL");
    const char* log = getenv("LAB_KILL_LOG");
    if (!program || strcmp(program, program_invocation_short_name) != 0) return;
    if (call) wanted = atoi(call);
    after = getenv("LAB_KILL_AFTER") != NULL;
    if (log) log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (wanted < 0 && log_fd < 0) return;
    calls = 1;
}

static int counted(void) {
    if (!calls) return 0;
    const int number = __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
    if (log_fd >= 0) (void)!write(log_fd, ".", 1);
    return number == wanted;
}

#define INTERPOSE(type, name, parameters, arguments)                                                                  \
    type name parameters {                                                                                            \
        static type(*real) parameters;                                                                                \
        if (!real) *(void**)&real = dlsym(RTLD_NEXT, #name);                                                          \
        const int now = counted();                                                                                    \
        if (now && !after) raise(SIGKILL);                                                                            \
        type result = real arguments;                                                                                 \
        if (now) raise(SIGKILL);                                                                                      \
        return result;                                                                                                \
    }

INTERPOSE(int, fsync, (int fd), (fd))
INTERPOSE(int, fdatasync, (int fd), (fd))
INTERPOSE(int, syncfs, (int fd), (fd))
INTERPOSE(int, rename, (const char* from, const char* to), (from, to))
INTERPOSE(int, renameat, (int from_fd, const char* from, int to_fd, const char* to), (from_fd, from, to_fd, to))
INTERPOSE(int, renameat2, (int from_fd, const char* from, int to_fd, const char* to, unsigned int flags),
          (from_fd, from, to_fd, to, flags))
INTERPOSE(int, unlink, (const char* path), (path))
INTERPOSE(int, unlinkat, (int fd, const char* path, int flags), (fd, path, flags))
INTERPOSE(int, mkdirat, (int fd, const char* path, mode_t mode), (fd, path, mode))
