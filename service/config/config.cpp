#include "config/config.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "files/files.h"
#include "job/lengths.h"

namespace proveout {

namespace {

constexpr size_t kShownBytes = 60;             // of a bad value in a message
constexpr size_t kMaxSecretBytes = 64 * 1024;  // a NAME_FILE holds one value, not a document

using EnvFile = std::map<std::string, std::string, std::less<>>;

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// What stands after "=": quotes are taken off, nothing inside them is replaced; without quotes " #" begins a comment. nullopt: text after
// the closing quote, or none.
std::optional<std::string_view> env_value(std::string_view text) {
    text = trimmed(text);
    if (!text.empty() && (text[0] == '"' || text[0] == '\'')) {
        size_t close = text.find(text[0], 1);
        if (close == std::string_view::npos) return std::nullopt;
        std::string_view rest = trimmed(text.substr(close + 1));
        if (!rest.empty() && rest[0] != '#') return std::nullopt;
        return text.substr(1, close - 1);
    }
    if (!text.empty() && text[0] == '#') return std::string_view();
    for (size_t hash = text.find('#'); hash != std::string_view::npos; hash = text.find('#', hash + 1))
        if (text[hash - 1] == ' ' || text[hash - 1] == '\t') return trimmed(text.substr(0, hash));
    return text;
}

// NAME=value, # comments, optional quotes and `export`. A line that is none of them is a warning: the file may belong to other programs.
Result<EnvFile> read_env_file(const std::string& path, std::vector<std::string>& warnings) {
    EnvFile out;
    auto file = MappedFile::open(path);
    if (!file) {
        std::error_code ignored;
        if (path == ".env" && !std::filesystem::exists(path, ignored)) return out;
        return file.error();
    }
    std::string_view text = file->text();
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    for (size_t from = 0, number = 1; from < text.size(); ++number) {
        size_t to = std::min(text.find('\n', from), text.size());
        std::string_view line = trimmed(text.substr(from, to - from));
        from = to + 1;
        if (line.empty() || line[0] == '#') continue;
        if (line.substr(0, 7) == "export ") line = trimmed(line.substr(7));
        size_t equals = line.find('=');
        std::string_view name = trimmed(line.substr(0, std::min(equals, line.size())));
        auto value = equals == std::string_view::npos ? std::nullopt : env_value(line.substr(equals + 1));
        if (!value || !is_name(name))
            warnings.push_back(path + " line " + std::to_string(number) + " is not NAME=value and is ignored");
        else
            out[std::string(name)] = std::string(*value);
    }
    return out;
}

bool is_word_of(std::string_view list, std::string_view word) {
    if (word.empty() || word.find(' ') != std::string_view::npos) return false;
    return (" " + std::string(list) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

// scheme://[user@]host[:port][/...]
struct UrlParts {
    std::string_view scheme, user, host, rest;
};
std::optional<UrlParts> split_url(std::string_view url) {
    size_t scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return std::nullopt;
    for (char c : url)
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return std::nullopt;
    UrlParts parts{url.substr(0, scheme_end)};
    std::string_view after = url.substr(scheme_end + 3);
    size_t host_end = std::min(after.find_first_of("/?#"), after.size());
    parts.rest = after.substr(host_end);
    after = after.substr(0, host_end);
    if (size_t at = after.rfind('@'); at != std::string_view::npos) parts.user = after.substr(0, at), after = after.substr(at + 1);
    parts.host = after;
    return parts;
}

bool is_plain_url(std::string_view url, std::string_view schemes, bool path_allowed) {
    auto parts = split_url(url);
    if (!parts || !is_word_of(schemes, parts->scheme) || !parts->user.empty() || parts->host.empty()) return false;
    return parts->rest.empty() || (path_allowed && parts->rest.find_first_of("?#") == std::string_view::npos);
}

bool are_origins(std::string_view list) {
    for (size_t from = 0; from <= list.size();) {
        size_t to = std::min(list.find(',', from), list.size());
        if (!is_plain_url(trimmed(list.substr(from, to - from)), "http https", false)) return false;
        from = to + 1;
    }
    return true;
}

bool is_prefix(std::string_view prefix) {
    while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
    while (!prefix.empty() && prefix.front() == '/') prefix.remove_prefix(1);
    for (size_t from = 0; from <= prefix.size();) {
        size_t to = std::min(prefix.find('/', from), prefix.size());
        std::string_view segment = prefix.substr(from, to - from);
        if (segment == "." || segment == ".." || (segment.empty() && !prefix.empty())) return false;
        for (char c : segment)
            if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_' && c != '-') return false;
        from = to + 1;
    }
    return true;
}

// What is allowed, if `value` is not.
std::optional<std::string> fault_of(const ConfigKey& key, const std::string& value) {
    if (value.empty() && key.default_text.empty()) return std::nullopt;
    switch (key.form) {
        case ConfigForm::kText:
            if (value.empty()) return "a text that is not empty";
            if (value.find('\0') != std::string::npos || value.find('\n') != std::string::npos) return "one line of text";
            return std::nullopt;
        case ConfigForm::kInteger: {
            auto number = parse_number(value);
            if (number && *number == std::floor(*number) && *number >= key.low && *number <= key.high) return std::nullopt;
            return "a whole number from " + number_text(key.low) + " to " + number_text(key.high);
        }
        case ConfigForm::kChoice:
            return is_word_of(key.allowed, value) ? std::nullopt : std::optional("one of: " + std::string(key.allowed));
        case ConfigForm::kRate:
            return parse_rate(value) ? std::nullopt : std::optional<std::string>("REQUESTS/SECONDS such as 600/60, or 0 for off");
        case ConfigForm::kListen:
            return parse_listen_address(value) ? std::nullopt
                                               : std::optional<std::string>("HOST:PORT such as 127.0.0.1:8080 or [::1]:8080");
        case ConfigForm::kNetworks:
            return parse_networks(value) ? std::nullopt : std::optional<std::string>("CIDRs such as 10.0.0.0/8,::1/128");
        case ConfigForm::kUrl: {
            auto parts = split_url(value);
            bool good = key.secret ? parts && is_word_of(key.allowed, parts->scheme) : is_plain_url(value, key.allowed, true);
            return good ? std::nullopt
                        : std::optional("a URL with scheme " + std::string(key.allowed) + (key.secret ? "" : ", without user name"));
        }
        case ConfigForm::kOrigins:
            return are_origins(value) ? std::nullopt : std::optional<std::string>("origins such as https://shop.example, comma-separated");
        case ConfigForm::kPrefix:
            return is_prefix(value) ? std::nullopt : std::optional<std::string>("letters, digits and . _ - /");
    }
    return std::nullopt;
}

Status check_value(const ConfigValue& value) {
    auto allowed = fault_of(*value.key, value.value);
    if (!allowed) return Unit{};
    std::string shown = value.key->secret ? "not valid" : "\"" + value.value.substr(0, kShownBytes) + "\"";
    return make_error(ErrorCode::kInvalidInput,
                      std::string(value.key->name) + " (from " + std::string(value.source) + ") is " + shown + "; allowed: " + *allowed);
}

Result<std::string> read_value_file(const std::string& name, const std::string& path) {
    auto file = MappedFile::open(path);
    if (!file) return make_error(ErrorCode::kInvalidInput, name + ": " + file.error().message);
    std::string_view text = file->text();
    if (text.size() > kMaxSecretBytes)
        return make_error(ErrorCode::kInvalidInput, name + ": " + path + " is longer than " + std::to_string(kMaxSecretBytes) + " bytes");
    if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    return std::string(text);
}

Result<ConfigValue> find_value(const ConfigKey& key, const EnvFile& env_file, const std::vector<ConfigFlag>& flags) {
    std::string name(key.name), file_name = name + "_FILE";
    for (const ConfigFlag& flag : flags)
        if (flag.key == key.name) return ConfigValue{&key, flag.value, "flag"};
    if (const char* variable = std::getenv(name.c_str())) return ConfigValue{&key, variable, "env"};
    if (auto line = env_file.find(name); line != env_file.end()) return ConfigValue{&key, line->second, ".env"};
    const char* file_variable = std::getenv(file_name.c_str());
    auto file_line = env_file.find(file_name);
    std::string path = file_variable ? file_variable : file_line != env_file.end() ? file_line->second : "";
    if (!path.empty()) return ConfigValue{&key, TRY(read_value_file(file_name, path)), "file"};
    return ConfigValue{&key, std::string(key.default_text), "default"};
}

bool is_known(std::string_view name) {
    return std::any_of(config_keys().begin(), config_keys().end(), [&](const ConfigKey& key) {
        return name == key.name || (name.size() == key.name.size() + 5 && name.substr(0, key.name.size()) == key.name &&
                                    name.substr(key.name.size()) == "_FILE");
    });
}

}  // namespace

std::string ConfigValue::shown_value() const { return key->secret ? "***" : value; }

const ConfigValue& Config::at(std::string_view name) const {
    for (const ConfigValue& value : values)
        if (value.key->name == name) return value;
    CHECK(!"a key of the table");
    return values.front();
}

const std::string& Config::get(std::string_view name) const { return at(name).value; }

double Config::number(std::string_view name) const { return number_or(name, 0); }

double Config::number_or(std::string_view name, double if_empty) const { return parse_number(get(name)).value_or(if_empty); }

Rate Config::rate(std::string_view name) const { return parse_rate(get(name)).value_or(Rate{}); }

ListenAddress Config::listen_address(std::string_view name) const { return parse_listen_address(get(name)).value_or(ListenAddress{}); }

Result<Config> load_config(const std::string& env_file, const std::vector<ConfigFlag>& flags) {
    Config config;
    EnvFile from_file = TRY(read_env_file(env_file, config.warnings));
    for (const ConfigKey& key : config_keys()) {
        ConfigValue value = TRY(find_value(key, from_file, flags));
        TRY(check_value(value));
        config.values.push_back(std::move(value));
    }
    for (const auto& [name, text] : from_file)
        if (!is_known(name)) config.warnings.push_back(env_file + ": unknown key " + name);
    return config;
}

std::string data_directory(const Config& config) {
    std::string directory = config.get("DATA_DIR");
    if (directory == "~" || directory.substr(0, 2) == "~/") {
        const char* home = std::getenv("HOME");
        const passwd* user = home && *home ? nullptr : getpwuid(geteuid());
        directory = (home && *home ? home : user && user->pw_dir ? user->pw_dir : ".") + directory.substr(1);
    }
    std::error_code failure;
    std::filesystem::path absolute = std::filesystem::absolute(directory, failure);
    std::string out = failure ? directory : absolute.lexically_normal().string();
    while (out.size() > 1 && out.back() == '/') out.pop_back();
    return out;
}

}  // namespace proveout
