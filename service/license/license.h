// license.h -- the licence guard: a signed file says what this installation may do. Checked at every submit and every claim.
//
// The file is one compact JWS on one line (EdDSA, typ "proveout-license+jwt"; claims in contract details 1).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clock.h"
#include "proveout/result.h"

namespace proveout {

struct License {
    std::string organisation, id;
    int64_t issued_s = 0, not_before_s = 0, expires_s = 0;  // Unix time
    std::vector<std::string> entitlements;
    std::optional<int64_t> concurrent_runs, runs_per_month;  // absent: no limit
};

// Judges signature, not time. Error kInvalidInput with the reason.
Result<License> read_license(std::string_view file_text, std::string_view public_key_pem);
// The claims without judging, as JSON. Error: not a JWS.
Result<std::string> show_license(std::string_view file_text);
Result<std::string> issue_license(const License& license, std::string_view private_key_pem);

enum class LicenseReason : uint8_t { kValid, kMissing, kInvalid, kNotYetValid, kExpired, kNotEntitled, kLimitReached };
std::string_view name_of(LicenseReason reason);  // "missing invalid not_yet_valid expired not_entitled limit_reached"

struct LicenseAnswer {
    LicenseReason reason = LicenseReason::kValid;
    std::string message;  // what is wrong and what to do
    License license;      // when it could be read
    bool valid() const { return reason == LicenseReason::kValid; }
};

// What a licence says at a time. Pure.
LicenseAnswer judge_license(const License& license, std::string_view entitlement, int64_t now_ms);

// Where the latest time ever seen is kept, so that a clock set back revives nothing. It outlives the process; save() is called at the
// first check and then about once a minute.
struct HighWater {
    std::function<std::optional<int64_t>()> load;
    std::function<void(int64_t ms)> save;
};

// Thread-safe; the files are looked at again within 5 s of a change. Licences are judged at the latest time ever seen: that of the wall
// clock, the stored mark, or the mark advanced by the monotonic clock, whichever is latest. A wall clock that leaps more than 48 h ahead
// while the process runs is believed at once and remembered only after an hour, so that a wrong time server does not end a licence for
// good.
class LicenseGuard {
  public:
    static std::unique_ptr<LicenseGuard> open(const std::string& license_file, const std::string& public_key_file, HighWater high_water,
                                              Clock clock = wall_ms, Clock monotonic = steady_ms);
    virtual ~LicenseGuard() = default;
    virtual LicenseAnswer check(std::string_view entitlement = "simulations") = 0;
};

// A development licence and its key pair in `data_dir`, for `serve --dev`: dev-license.jwt and dev-license-public.pem. Made again when old.
struct DevLicense {
    std::string license_file, public_key_file;
};
Result<DevLicense> make_dev_license(const std::string& data_dir, int64_t now_ms);

}  // namespace proveout
