#include "config.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "files/files.h"
#include "job/lengths.h"

namespace proveout {

namespace {

using EnvFile = std::map<std::string, std::string, std::less<>>;

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// NAME=value, # comments, optional quotes and `export`.
Result<EnvFile> read_env_file(const std::string& path) {
    EnvFile out;
    auto file = MappedFile::open(path);
    if (!file) return out;
    std::string_view text = file->text();
    for (size_t from = 0, number = 1; from < text.size(); ++number) {
        size_t to = std::min(text.find('\n', from), text.size());
        std::string_view line = trimmed(text.substr(from, to - from));
        from = to + 1;
        if (line.empty() || line[0] == '#') continue;
        if (line.substr(0, 7) == "export ") line = trimmed(line.substr(7));
        size_t equals = line.find('=');
        std::string_view name = trimmed(line.substr(0, std::min(equals, line.size())));
        if (equals == std::string_view::npos || !is_name(name))
            return make_error(ErrorCode::kInvalidInput, path + " line " + std::to_string(number) + " is not NAME=value");
        std::string_view value = trimmed(line.substr(equals + 1));
        bool quoted = value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0];
        if (quoted)
            value = value.substr(1, value.size() - 2);
        else if (size_t hash = value.find(" #"); hash != std::string_view::npos)
            value = trimmed(value.substr(0, hash));
        out[std::string(name)] = std::string(value);
    }
    return out;
}

struct NumberRule {
    std::string_view name;
    double low, high;
};
constexpr NumberRule kNumbers[] = {{"SIM_TIMEOUT_S", 1, 1e7},       {"SIM_RETRY_MAX", 0, 100},    {"SIM_THREADS", 1, 1024},
                                   {"SIGNED_URL_TTL_S", 1, 604800}, {"MAX_JOB_BYTES", 1, 1e10},   {"MAX_UPLOAD_BYTES", 1, 1e12},
                                   {"QUEUE_MAX", 1, 1e9},           {"SIM_CONCURRENCY", 0, 1024}, {"RETENTION_DAYS", 1, 36500},
                                   {"SIM_LEASE_S", 1, 3600}};

Status check_value(const ConfigValue& value) {
    for (const NumberRule& rule : kNumbers) {
        if (rule.name != value.key->name || value.value.empty()) continue;
        auto number = parse_number(value.value);
        if (!number || *number < rule.low || *number > rule.high)
            return make_error(ErrorCode::kInvalidInput, std::string(rule.name) + " is \"" + value.value.substr(0, 40) + "\" (from " +
                                                            std::string(value.source) + "); allowed: " + number_text(rule.low) + " to " +
                                                            number_text(rule.high));
    }
    if (value.key->name == "SIM_ENGINE" && value.value != "native" && value.value != "camotics" && value.value != "both")
        return make_error(ErrorCode::kInvalidInput, "SIM_ENGINE is \"" + value.value.substr(0, 40) + "\"; allowed: native camotics both");
    return Unit{};
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> kKeys{
        {"CAMOTICS_BIN", "", "path of camsim, for the second engine"},
        {"FFMPEG_BIN", "ffmpeg", "the encoder"},
        {"SIM_ENGINE", "native", "default engine: native camotics both"},
        {"SIM_TIMEOUT_S", "900", "default and most for a run's time limit, s"},
        {"SIM_RETRY_MAX", "1", "attempts after a worker died (service)"},
        {"SIM_TMP_DIR", "", "temporary files; default: TMPDIR or /tmp for the command"},
        {"SIM_THREADS", "", "threads; default: all cores"},
        {"MINIO_ENDPOINT", "", "object store (service)"},
        {"MINIO_PUBLIC_ENDPOINT", "", "object store as clients see it (service)"},
        {"MINIO_ACCESS_KEY", "", "object store (service)", true},
        {"MINIO_SECRET_KEY", "", "object store (service)", true},
        {"MINIO_REGION", "us-east-1", "object store (service)"},
        {"MINIO_BUCKET_SIM", "", "object store (service)"},
        {"MINIO_PREFIX", "", "object store (service)"},
        {"SIGNED_URL_TTL_S", "3600", "life of artefact links, s (service)"},
        {"ARTEFACT_STORE", "local", "local or s3 (service)"},
        {"DATABASE_URL", "", "PostgreSQL; default: SQLite in DATA_DIR (service)", true},
        {"QUEUE_URL", "", "message broker (service)", true},
        {"QUEUE_NAME", "simulations", "queue (service)"},
        {"JWT_JWKS_FILE", "", "keys of tokens (service)"},
        {"JWT_ISSUER", "", "issuer of tokens (service)"},
        {"JWT_AUDIENCE", "", "audience of tokens (service)"},
        {"LICENSE_FILE", "", "licence (service)"},
        {"LICENSE_PUBLIC_KEY_FILE", "", "key of the licence (service)"},
        {"HTTP_LISTEN", "127.0.0.1:8080", "address (service)"},
        {"RATE_LIMIT_TENANT", "600/60", "requests per seconds (service)"},
        {"RATE_LIMIT_SUBMIT", "120/60", "requests per seconds (service)"},
        {"RATE_LIMIT_PEER", "1200/60", "requests per seconds (service)"},
        {"LOG_LEVEL", "info", "least level of logs (service)"},
        {"LOG_FORMAT", "json", "json or text (service)"},
        {"DATA_DIR", "", "database and artefacts (service)"},
        {"PUBLIC_URL", "", "address in links (service)"},
        {"CORS_ALLOW_ORIGINS", "", "origins of browsers (service)"},
        {"MAX_JOB_BYTES", "1048576", "largest job document"},
        {"MAX_UPLOAD_BYTES", "268435456", "largest upload (service)"},
        {"QUEUE_MAX", "10000", "most queued runs (service)"},
        {"SIM_CONCURRENCY", "", "runs at one time; default: the cores (service)"},
        {"SIM_LEASE_S", "15", "lease of a run, s (service)"},
        {"WORKER_NAME", "", "node name (service)"},
        {"WEBHOOK_ALLOW_PRIVATE", "", "CIDRs that webhooks may reach (service)"},
        {"RETENTION_DAYS", "30", "life of results, days (service)"},
    };
    return kKeys;
}

const std::string& Config::get(std::string_view name) const {
    for (const ConfigValue& value : values)
        if (value.key->name == name) return value.value;
    CHECK(!"a key of the table");
    return values.front().value;
}

double Config::number(std::string_view name) const { return parse_number(get(name)).value_or(0); }

Result<Config> load_config(const std::string& env_file) {
    EnvFile from_file = TRY(read_env_file(env_file));
    Config config;
    for (const ConfigKey& key : config_keys()) {
        std::string name(key.name), secret_name = name + "_FILE";
        ConfigValue value{&key, std::string(key.default_text), "default"};
        const char* secret_path = std::getenv(secret_name.c_str());
        auto secret_line = from_file.find(secret_name);
        // LICENSE_PUBLIC_KEY_FILE and its like are keys themselves; only what is no key names a secret file.
        std::string secret_file = secret_path ? secret_path : secret_line != from_file.end() ? secret_line->second : "";
        if (const char* variable = std::getenv(name.c_str())) {
            value.value = variable, value.source = "env";
        } else if (auto line = from_file.find(name); line != from_file.end()) {
            value.value = line->second, value.source = ".env";
        } else if (!secret_file.empty()) {
            MappedFile file = TRY(MappedFile::open(secret_file));
            std::string_view text = file.text();
            if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
            value.value = std::string(text), value.source = "file";
        }
        TRY(check_value(value));
        config.values.push_back(std::move(value));
    }
    for (const auto& [name, text] : from_file) {
        bool known = std::any_of(config_keys().begin(), config_keys().end(), [&, n = std::string_view(name)](const ConfigKey& key) {
            return n == key.name || n == std::string(key.name) + "_FILE";
        });
        if (!known) config.warnings.push_back(env_file + ": unknown key " + name);
    }
    return config;
}

}  // namespace proveout
