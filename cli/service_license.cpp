// proveout license issue|verify|show.
#include "args.h"
#include "console.h"
#include "domain/clock.h"
#include "domain/ids.h"
#include "files/files.h"
#include "license/license.h"
#include "service_args.h"

namespace proveout {

namespace {

Result<std::string> text_of(const std::string& path) {
    MappedFile file = TRY(MappedFile::open(path));
    return std::string(file.text());
}

Result<int64_t> time_of(const std::string& flag, const std::string& text) {
    auto ms = parse_time(text);
    if (!ms)
        return make_error(ErrorCode::kInvalidInput,
                          flag + " is \"" + text + "\"; a time such as 2030-12-31 or 2030-12-31T12:00:00Z is expected");
    return *ms / 1000;
}

Status issue(const LicenseIssueArgs& args) {
    License license;
    license.organisation = args.organisation;
    license.id = new_uuid();
    license.issued_s = wall_ms() / 1000;
    license.not_before_s = args.not_before.empty() ? license.issued_s : TRY(time_of("--not-before", args.not_before));
    license.expires_s = TRY(time_of("--expires", args.expires));
    license.entitlements = args.entitlements.empty() ? std::vector<std::string>{"simulations"} : args.entitlements;
    license.concurrent_runs = args.concurrent_runs;
    license.runs_per_month = args.runs_per_month;
    std::string key = TRY(text_of(args.key_file));
    std::string text = TRY(issue_license(license, key)) + "\n";
    if (!args.out_file.empty()) return write_file_atomically(args.out_file, text);
    if (!print_out(text)) return make_error(ErrorCode::kIo, "cannot write to standard output");
    return Unit{};
}

// 0 valid, 1 not: the reason on standard output.
Result<int> verify(const LicenseFileArgs& args) {
    std::string text = TRY(text_of(args.file)), key = TRY(text_of(args.public_key_file));
    auto license = read_license(text, key);
    LicenseAnswer answer;
    if (license)
        answer = judge_license(*license, "simulations", wall_ms());
    else
        answer.reason = LicenseReason::kInvalid, answer.message = license.error().message;
    std::string said = answer.valid() ? "valid: " + license->organisation + ", until " + rfc3339(license->expires_s * 1000)
                                      : std::string(name_of(answer.reason)) + ": " + answer.message;
    if (!print_out(said + "\n")) return make_error(ErrorCode::kIo, "cannot write to standard output");
    return answer.valid() ? kExitOk : kExitFindings;
}

Result<int> show(const LicenseFileArgs& args) {
    std::string text = TRY(text_of(args.file));
    std::string claims = TRY(show_license(text));
    if (!print_out(claims)) return make_error(ErrorCode::kIo, "cannot write to standard output");
    return kExitOk;
}

}  // namespace

int run_license(const LicenseArgs& args) {
    Result<int> status = kExitOk;
    if (args.action == "issue") {
        Status issued = issue(args.issue);
        if (!issued) status = issued.error();
    } else {
        status = args.action == "verify" ? verify(args.file) : show(args.file);
    }
    if (status) return *status;
    print_error(status.error(), "");
    return status.error().code == ErrorCode::kIo ? kExitEngine : kExitUsage;
}

}  // namespace proveout
