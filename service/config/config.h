// config.h -- the configuration keys, one table: key, default, meaning, secret or not. Order: environment, .env, NAME_FILE, default.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proveout/result.h"

namespace proveout {

struct ConfigKey {
    std::string_view name, default_text, meaning;
    bool secret = false;
};
const std::vector<ConfigKey>& config_keys();

struct ConfigValue {
    const ConfigKey* key = nullptr;
    std::string value;
    std::string_view source;  // env .env file default
};

struct Config {
    std::vector<ConfigValue> values;                      // one per key, in the table's order
    std::vector<std::string> warnings;                    // unknown keys in .env
    const std::string& get(std::string_view name) const;  // REQUIRES: a key of the table
    double number(std::string_view name) const;           // REQUIRES: load_config checked it
};

// Reads the environment and `env_file` (skipped if it is not there). Errors: kInvalidInput naming the key whose value does not parse.
Result<Config> load_config(const std::string& env_file = ".env");

}  // namespace proveout
