#include "config/config.h"
#include "job/lengths.h"

namespace proveout {

namespace {

constexpr std::string_view kHead = R"(# Configuration

Made from the table in service/config/keys.cpp; `PROVEOUT_REBASELINE=1` with proveout_config_test writes it again.

A value comes from the first of these that has one:

1. a flag of the command line (`serve --listen` is `HTTP_LISTEN`, `serve --data-dir` is `DATA_DIR`)
2. the environment
3. the file `.env` in the working directory, or `serve --env-file FILE`: lines `NAME=value`, `#` comments, optional quotes and `export`
4. the file that `NAME_FILE` names (in the environment or `.env`), for secrets; one line end at its end is cut off
5. the default

A value that does not parse ends the command with exit status 2 and the key's name. Unknown keys in `.env` are warnings. `proveout doctor`
prints every value with its source; secrets are shown as `***`.

| key | default | allowed | meaning |
|---|---|---|---|
)";

std::string allowed_text(const ConfigKey& key) {
    switch (key.form) {
        case ConfigForm::kText:
            return "text";
        case ConfigForm::kInteger:
            return number_text(key.low) + " to " + number_text(key.high);
        case ConfigForm::kChoice:
            return std::string(key.allowed);
        case ConfigForm::kRate:
            return "requests/seconds, or 0";
        case ConfigForm::kListen:
            return "HOST:PORT";
        case ConfigForm::kNetworks:
            return "CIDRs";
        case ConfigForm::kUrl: {
            std::string out;
            for (char c : key.allowed) out += c == ' ' ? ":// " : std::string(1, c);
            return out + "://";
        }
        case ConfigForm::kOrigins:
            return "origins";
        case ConfigForm::kPrefix:
            return "letters, digits, . _ - /";
    }
    return "";
}

}  // namespace

std::string configuration_page() {
    std::string out(kHead);
    for (const ConfigKey& key : config_keys()) {
        out += "| `" + std::string(key.name) + "` | ";
        if (!key.default_text.empty()) out += "`" + std::string(key.default_text) + "`";
        if (!key.default_note.empty()) out += (key.default_text.empty() ? "" : " ") + std::string(key.default_note);
        out += " | " + allowed_text(key) + " | " + std::string(key.meaning) + (key.secret ? " Secret." : "") + " |\n";
    }
    return out;
}

}  // namespace proveout
