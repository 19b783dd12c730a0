#include "runner/restrict_calls.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#ifdef PROVEOUT_HAVE_SECCOMP
#include <seccomp.h>
#endif

namespace proveout {

#ifdef PROVEOUT_HAVE_SECCOMP

namespace {

// Ways out of the sandbox, into other processes, into the kernel's rarely trodden parts, and to the network.
constexpr const char* kRefused[] = {"ptrace",
                                    "process_vm_readv",
                                    "process_vm_writev",
                                    "process_madvise",
                                    "kcmp",
                                    "pidfd_getfd",
                                    "keyctl",
                                    "add_key",
                                    "request_key",
                                    "bpf",
                                    "perf_event_open",
                                    "userfaultfd",
                                    "io_uring_setup",
                                    "io_uring_enter",
                                    "io_uring_register",
                                    "mount",
                                    "umount2",
                                    "pivot_root",
                                    "chroot",
                                    "fsopen",
                                    "fsmount",
                                    "fsconfig",
                                    "fspick",
                                    "open_tree",
                                    "move_mount",
                                    "mount_setattr",
                                    "unshare",
                                    "setns",
                                    "kexec_load",
                                    "kexec_file_load",
                                    "init_module",
                                    "finit_module",
                                    "delete_module",
                                    "reboot",
                                    "swapon",
                                    "swapoff",
                                    "acct",
                                    "quotactl",
                                    "syslog",
                                    "settimeofday",
                                    "clock_settime",
                                    "clock_adjtime",
                                    "adjtimex",
                                    "sethostname",
                                    "setdomainname",
                                    "iopl",
                                    "ioperm",
                                    "socket",
                                    "setsid",
                                    "open_by_handle_at",
                                    "name_to_handle_at",
                                    "personality",
                                    "fanotify_init",
                                    "lookup_dcookie",
                                    "vhangup",
                                    "nfsservctl",
                                    "mbind",
                                    "set_mempolicy",
                                    "migrate_pages",
                                    "move_pages"};

constexpr uint64_t kNewNamespaces =
    CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

bool add_rules(scmp_filter_ctx filter) {
    for (const char* name : kRefused) {
        int call = seccomp_syscall_resolve_name(name);
        if (call == __NR_SCMP_ERROR) continue;  // this machine has no such call
        int added = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
        if (added != 0 && added != -EDOM) return false;
    }
    // clone() with a flag for a namespace, one rule per flag; clone3() hides its flags in memory: the C library then takes clone().
    for (uint64_t flag = 1; flag <= kNewNamespaces; flag <<= 1) {
        if (!(flag & kNewNamespaces)) continue;
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)) != 0) return false;
    }
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCSTI)) == 0;
}

}  // namespace

Status restrict_calls() {
    if (!why_no_restricted_calls().empty()) return Unit{};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter) return make_error(ErrorCode::kEngineFailed, "seccomp: no memory");
    bool good = add_rules(filter) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    if (!good) return make_error(ErrorCode::kEngineFailed, std::string("seccomp cannot be put in force: ") + std::strerror(errno));
    return Unit{};
}

std::string why_no_restricted_calls() {
    uint32_t action = SECCOMP_RET_ERRNO;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return {};
    return std::string("the kernel lacks it: ") + std::strerror(errno);
}

#else

Status restrict_calls() { return Unit{}; }
std::string why_no_restricted_calls() { return "this build was made without libseccomp"; }

#endif

}  // namespace proveout
