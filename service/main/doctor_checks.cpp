#include "main/doctor_checks.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "db/sqlite.h"
#include "license/license.h"
#include "main/serve.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

// A running service holds this lock.
bool is_in_use(const std::string& data_dir) {
    int descriptor = ::open((data_dir + "/proveout.lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return false;
    bool taken = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
    ::close(descriptor);
    return taken;
}

// SQLite keeps the schema's version in bytes 60 to 63 of the file (its file format, section 1.3). nullopt: not a database.
std::optional<int> schema_in(const std::string& path) {
    constexpr std::string_view kMagic("SQLite format 3\0", 16);
    char head[64] = {};
    std::ifstream file(path, std::ios::binary);
    if (!file.read(head, sizeof head) || std::string_view(head, kMagic.size()) != kMagic) return std::nullopt;
    int version = 0;
    for (int i = 60; i < 64; ++i) version = version * 256 + static_cast<unsigned char>(head[i]);
    return version;
}

Check check_database(const Config& config, const std::string& data_dir) {
    if (!config.get("DATABASE_URL").empty()) {
        // Opening it would migrate it, under nodes that may be running.
        return {"database", "ok", "PostgreSQL (DATABASE_URL); a node's /readyz tells whether it answers"};
    }
    std::string path = data_dir + "/proveout.db";
    std::error_code failure;
    if (!fs::exists(path, failure)) return {"database", "ok", path + " is made when serve starts"};
    if (::access(path.c_str(), R_OK | W_OK) != 0) return {"database", "fail", path + " cannot be read and written by this user"};
    if (is_in_use(data_dir)) return {"database", "ok", path + " is in use by a running service; its /readyz tells more"};
    if (fs::file_size(path, failure) == 0) return {"database", "ok", path + " is empty; serve migrates it"};
    auto version = schema_in(path);
    if (!version) return {"database", "fail", path + " is not a database; move it away, or set DATA_DIR"};
    std::string schema = path + ", schema " + std::to_string(*version);
    if (*version > newest_sqlite_schema()) return {"database", "fail", schema + " of a newer version of proveout; use that version"};
    if (*version < newest_sqlite_schema())
        return {"database", "ok", schema + "; serve migrates it to " + std::to_string(newest_sqlite_schema())};
    return {"database", "ok", schema};
}

Check check_store(const Config& config, const std::string& data_dir) {
    if (config.get("ARTEFACT_STORE") != "local") {
        auto store = open_s3_store(s3_options(config));
        auto said = store ? (*store)->check() : Result<std::string>(store.error());
        return {"store", said ? "ok" : "fail", said ? *said : said.error().message};
    }
    std::string path = data_dir + "/artefacts";
    std::error_code failure;
    if (!fs::exists(path, failure)) return {"store", "ok", path + " is made when serve starts"};
    if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) return {"store", "fail", path + " is not writable by this user"};
    return {"store", "ok", path + " is writable"};
}

Check check_license(const Config& config) {
    const std::string &file = config.get("LICENSE_FILE"), &key = config.get("LICENSE_PUBLIC_KEY_FILE");
    if (file.empty() || key.empty())
        return {"license", "warn", "LICENSE_FILE or LICENSE_PUBLIC_KEY_FILE is not set: serve needs both; serve --dev makes its own"};
    LicenseAnswer answer = LicenseGuard::open(file, key, {})->check();
    if (!answer.valid()) return {"license", "fail", answer.message};
    return {"license", "ok", "of " + answer.license.organisation + ", until " + rfc3339(answer.license.expires_s * 1000)};
}

}  // namespace

std::vector<Check> service_checks(const Config& config) {
    std::string data_dir = data_directory(config);
    return {check_database(config, data_dir), check_store(config, data_dir), check_license(config)};
}

}  // namespace proveout
