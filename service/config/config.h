// config.h -- the configuration keys, one table: key, form, default, meaning, secret or not. docs/configuration.md is made from it.
//
// A value comes from the first of: command line flag, environment, .env, the file that NAME_FILE names (in the environment or .env),
// built-in default. An empty value of a key whose default is empty means the default.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.h"
#include "proveout/result.h"

namespace proveout {

enum class ConfigForm : uint8_t {
    kText,
    kInteger,   // low..high
    kChoice,    // one of `allowed`, separated by spaces
    kRate,      // 600/60 or 0
    kListen,    // HOST:PORT
    kNetworks,  // CIDRs, comma-separated
    kUrl,       // one of the schemes in `allowed`, no user name but where the key is secret
    kOrigins,   // scheme://host[:port], comma-separated
    kPrefix     // of object keys: [A-Za-z0-9._/-], no empty, "." or ".." segments
};

struct ConfigKey {
    std::string_view name;
    ConfigForm form = ConfigForm::kText;
    std::string_view default_text;  // as written
    std::string_view default_note;  // what an empty default stands for, for people
    std::string_view meaning;
    bool secret = false;
    double low = 0, high = 0;
    std::string_view allowed;
};
const std::vector<ConfigKey>& config_keys();

struct ConfigValue {
    const ConfigKey* key = nullptr;
    std::string value;
    std::string_view source;          // flag env .env file default
    std::string shown_value() const;  // "***" for a secret
};

struct Config {
    std::vector<ConfigValue> values;                      // one per key, in the table's order
    std::vector<std::string> warnings;                    // unknown keys and unreadable lines in .env
    const ConfigValue& at(std::string_view name) const;   // REQUIRES: a key of the table
    const std::string& get(std::string_view name) const;  // REQUIRES: a key of the table
    double number(std::string_view name) const;           // kInteger; 0 if empty. REQUIRES: load_config checked it
    double number_or(std::string_view name, double if_empty) const;
    Rate rate(std::string_view name) const;
    ListenAddress listen_address(std::string_view name) const;  // kListen
};

// A flag that stands for a key: --listen for HTTP_LISTEN.
struct ConfigFlag {
    std::string_view key;  // REQUIRES: a key of the table
    std::string value;
};

// Reads the environment and `env_file` (.env may be missing, another name must be there). Errors: kInvalidInput naming the key whose
// value does not parse, never showing a secret.
Result<Config> load_config(const std::string& env_file = ".env", const std::vector<ConfigFlag>& flags = {});

// DATA_DIR with "~" replaced, absolute. Without a home directory "~" is the working directory.
std::string data_directory(const Config& config);

// docs/configuration.md.
std::string configuration_page();

}  // namespace proveout
