#include "runner/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "runner/attempt.h"
#include "runner/limits.h"
#include "runner/restrict_calls.h"

namespace proveout {

namespace fs = std::filesystem;

namespace {

Error failed(const std::string& what) { return make_error(ErrorCode::kEngineFailed, what + ": " + std::strerror(errno)); }

bool write_text(const char* path, const char* text, size_t bytes) {
    int file = ::open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    bool good = ::write(file, text, bytes) == static_cast<ssize_t>(bytes);
    ::close(file);
    return good;
}

// Inside we are who we were outside.
bool map_ids(uid_t user, gid_t group) {
    std::string users = std::to_string(user) + " " + std::to_string(user) + " 1",
                groups = std::to_string(group) + " " + std::to_string(group) + " 1";
    return write_text("/proc/self/uid_map", users.data(), users.size()) && write_text("/proc/self/setgroups", "deny", 4) &&
           write_text("/proc/self/gid_map", groups.data(), groups.size());
}

// Rights by version of the kernel's interface; the system's header knows only those of its own time.
constexpr uint64_t kExecute = LANDLOCK_ACCESS_FS_EXECUTE, kReadFile = LANDLOCK_ACCESS_FS_READ_FILE,
                   kReadFolder = LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE;
constexpr uint64_t kMakeSpecial = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK;
constexpr uint64_t kRefer = uint64_t{1} << 13, kTruncate = uint64_t{1} << 14, kIoctl = uint64_t{1} << 15;
constexpr uint64_t kAllOfVersion1 = (uint64_t{1} << 13) - 1;
constexpr uint64_t kNetwork = 3;  // bind and connect of TCP, since version 4
constexpr uint64_t kScopes = 3;   // abstract sockets and signals stay inside, since version 6

struct RulesetAttributes {
    uint64_t handled_fs = 0, handled_net = 0, scoped = 0;
};

uint64_t handled_rights(int version) {
    return kAllOfVersion1 | (version >= 2 ? kRefer : 0) | (version >= 3 ? kTruncate : 0) | (version >= 5 ? kIoctl : 0);
}

// What does not exist needs no rule.
bool allow(int ruleset, const std::string& path, uint64_t rights, uint64_t handled) {
    int target = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (target < 0) return true;
    struct stat status {};
    bool good = ::fstat(target, &status) == 0;
    if (!S_ISDIR(status.st_mode)) rights &= kExecute | kReadFile | kWriteFile | kTruncate | kIoctl;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights & handled;
    rule.parent_fd = target;
    good = good && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    ::close(target);
    return good;
}

constexpr const char* kSystemFolders[] = {"/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt", "/nix/store", "/gnu/store"};
constexpr const char* kSystemFiles[] = {"/etc/ld.so.cache",
                                        "/etc/ld.so.conf",
                                        "/etc/ld.so.conf.d",
                                        "/etc/ld.so.preload",
                                        "/etc/fonts",
                                        "/etc/localtime",
                                        "/etc/alternatives",
                                        "/etc/passwd",
                                        "/etc/group",
                                        "/etc/nsswitch.conf",
                                        "/proc/cpuinfo",
                                        "/proc/meminfo",
                                        "/proc/stat",
                                        "/proc/filesystems",
                                        "/proc/sys/vm/overcommit_memory",
                                        "/sys/devices/system/cpu",
                                        "/sys/devices/system/node",
                                        "/var/cache/fontconfig"};
constexpr const char* kDevices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};

Status restrict_files(const Doors& doors) {
    int version = landlock_version();
    if (version <= 0) return Unit{};
    uint64_t handled = handled_rights(version);
    RulesetAttributes attributes{handled, version >= 4 ? kNetwork : 0, version >= 6 ? kScopes : 0};
    size_t size = version >= 6 ? sizeof attributes : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
    int ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, size, 0));
    if (ruleset < 0) return failed("Landlock refuses its rules");
    constexpr uint64_t kRead = kExecute | kReadFile | kReadFolder;
    bool good = allow(ruleset, doors.workspace, kReadFile | kReadFolder, handled);
    for (const char* folder : {"/out", "/tmp"})
        good = good && allow(ruleset, doors.workspace + folder, handled & ~(kExecute | kMakeSpecial), handled);
    for (const char* path : kSystemFolders) good = good && allow(ruleset, path, kRead, handled);
    for (const char* path : kSystemFiles) good = good && allow(ruleset, path, kReadFile | kReadFolder, handled);
    for (const char* path : kDevices) good = good && allow(ruleset, path, kReadFile | kWriteFile | kTruncate | kIoctl, handled);
    for (const std::string& program : doors.programs)
        for (const std::string& path : folders_of_program(program, doors.workspace)) good = good && allow(ruleset, path, kRead, handled);
    good = good && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    Status status = good ? Status(Unit{}) : Status(failed("Landlock cannot be put in force"));
    ::close(ruleset);
    return status;
}

// "#!/usr/bin/env python3" -> {"/usr/bin/env", "python3"}
std::vector<std::string> interpreters_of(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    std::string line(256, '\0');
    stream.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<size_t>(stream.gcount()));
    if (line.compare(0, 2, "#!") != 0) return {};
    line = line.substr(2, line.find_first_of("\r\n") - 2);
    std::vector<std::string> words;
    for (size_t at = 0; at < line.size();) {
        size_t begin = line.find_first_not_of(" \t", at);
        if (begin == std::string::npos) break;
        size_t end = std::min(line.find_first_of(" \t", begin), line.size());
        if (line[begin] != '-') words.push_back(line.substr(begin, end - begin));
        at = end;
    }
    bool through_env = !words.empty() && fs::path(words[0]).filename() == "env";
    if (words.size() > 1) words.resize(through_env ? 2 : 1);
    return words;
}

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = std::getenv("PATH");
    std::string folders = path ? path : "/usr/local/bin:/usr/bin:/bin";
    for (size_t at = 0; at <= folders.size();) {
        size_t end = std::min(folders.find(':', at), folders.size());
        std::string file = folders.substr(at, end - at) + "/" + name;
        if (end > at && ::access(file.c_str(), X_OK) == 0) return file;
        at = end + 1;
    }
    return {};
}

bool holds(const fs::path& folder, const fs::path& inner) {
    auto [rest, ignored] = std::mismatch(folder.begin(), folder.end(), inner.begin(), inner.end());
    return rest == folder.end();
}

// A folder whose content may be told: it lies deep enough to be the program's own, and is not one that workspaces lie in.
bool is_own_folder(const fs::path& folder, const std::string& workspace) {
    std::error_code ignored;
    fs::path real = fs::weakly_canonical(workspace, ignored);
    return std::distance(folder.begin(), folder.end()) > 2 && !holds(folder, real) && !holds(folder, real.parent_path());
}

// Asks the kernel in a process of its own whether it lets us leave.
bool may_unshare(int flags) {
    pid_t child = ::fork();
    if (child == 0) ::_exit(::unshare(flags) == 0 ? 0 : 1);
    int status = 1;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int landlock_version() {
    long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? static_cast<int>(version) : 0;
}

Namespaces enter_namespaces() {
    uid_t user = ::geteuid();
    gid_t group = ::getegid();
    Namespaces in;
    in.user = ::unshare(CLONE_NEWUSER) == 0 && map_ids(user, group);
    in.pid = ::unshare(CLONE_NEWPID) == 0;
    in.network = ::unshare(CLONE_NEWNET) == 0;
    ::unshare(CLONE_NEWIPC);  // shared memory of System V: a bonus
    return in;
}

Status limit_resources(const ResourceLimits& limits) {
    auto set = [](int what, int64_t most) {
        rlimit now{};
        if (::getrlimit(static_cast<__rlimit_resource>(what), &now) != 0) return false;
        rlim_t value = std::min(static_cast<rlim_t>(most), now.rlim_max);
        rlimit wanted{value, value};
        return ::setrlimit(static_cast<__rlimit_resource>(what), &wanted) == 0;
    };
    bool good = set(RLIMIT_CORE, 0) && set(RLIMIT_NOFILE, kRunDescriptors);
    if (limits.address_space_bytes > 0) good = good && set(RLIMIT_AS, limits.address_space_bytes);
    if (limits.file_bytes > 0) good = good && set(RLIMIT_FSIZE, limits.file_bytes);
    if (limits.cpu_s > 0) good = good && set(RLIMIT_CPU, static_cast<int64_t>(std::ceil(limits.cpu_s)));
    if (limits.processes > 0) good = good && set(RLIMIT_NPROC, limits.processes);
    if (!good) return failed("resource limits");
    return Unit{};
}

// Root in a container, where no user namespace can be had, keeps none of its powers.
void drop_capabilities() {
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[2]{};
    syscall(SYS_capset, &header, none);
}

Status close_doors(const Doors& doors) {
    drop_capabilities();
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs");
    TRY(restrict_files(doors));
    return restrict_calls();
}

std::vector<std::string> folders_of_program(const std::string& program, const std::string& workspace) {
    std::vector<std::string> paths, todo{program};
    for (size_t at = 0; at < todo.size() && todo.size() < 16; ++at) {
        std::error_code failure;
        fs::path file = fs::absolute(find_program(todo[at]), failure).lexically_normal();
        for (int link = 0; !failure && link < 16 && fs::exists(file, failure); ++link) {
            paths.push_back(file.string());
            if (is_own_folder(file.parent_path(), workspace)) paths.push_back(file.parent_path().string());
            if (!fs::is_symlink(file, failure)) break;
            fs::path target = fs::read_symlink(file, failure);
            file = (target.is_absolute() ? target : file.parent_path() / target).lexically_normal();
        }
        for (const std::string& interpreter : interpreters_of(file.string())) todo.push_back(interpreter);
    }
    return paths;
}

std::vector<SandboxFeature> sandbox_features() {
    std::vector<SandboxFeature> out;
    out.push_back({"rlimits", true, "address space, file size, descriptors, processor time"});
    bool no_new_privs = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
    out.push_back({"no_new_privs", no_new_privs, no_new_privs ? "on" : "the kernel lacks it"});
    int landlock = landlock_version();
    out.push_back({"landlock", landlock > 0,
                   landlock > 0 ? "version " + std::to_string(landlock)
                                : "the kernel lacks it, or it is not among the security modules that the kernel was started with (lsm=)"});
    std::string calls = why_no_restricted_calls();
    out.push_back({"seccomp", calls.empty(), calls.empty() ? "on" : calls});
    bool user = may_unshare(CLONE_NEWUSER), pid = may_unshare(CLONE_NEWUSER | CLONE_NEWPID) || may_unshare(CLONE_NEWPID);
    bool network = may_unshare(CLONE_NEWUSER | CLONE_NEWNET) || may_unshare(CLONE_NEWNET);
    const char* advice = "the kernel or the container does not permit it (kernel.unprivileged_userns_clone, user.max_user_namespaces)";
    out.push_back({"user namespace", user, user ? "on" : advice});
    out.push_back({"pid namespace", pid, pid ? "on" : advice});
    out.push_back({"network namespace", network, network ? "on" : advice});
    return out;
}

}  // namespace proveout
