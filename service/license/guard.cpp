#include <algorithm>
#include <mutex>

#include "auth/key_pair.h"
#include "auth/watched_file.h"
#include "domain/ids.h"
#include "license/license.h"

namespace proveout {

namespace {

constexpr int64_t kHour_ms = 3'600'000, kDay_ms = 24 * kHour_ms;
constexpr int64_t kSaveEvery_ms = 60'000;
constexpr int64_t kLeap_ms = 48 * kHour_ms;  // no clock is corrected by more
constexpr int64_t kBelieved_ms = kHour_ms;   // a leap that lasts so long is the time
constexpr int64_t kSuspect_ms = kDay_ms;     // a clock so far behind is worth a word
constexpr int64_t kDevLife_s = 365 * 86400, kDevRenew_s = 30 * 86400;

// The latest time that this installation has seen.
class LatestTime {
  public:
    LatestTime(HighWater high_water, Clock wall, Clock steady)
        : high_water_(std::move(high_water)), wall_(std::move(wall)), steady_(std::move(steady)) {}

    int64_t now_ms() {
        int64_t wall = wall_(), steady = steady_();
        if (!begun_) {
            auto stored = high_water_.load ? high_water_.load() : std::nullopt;
            mark_ms_ = std::max(stored.value_or(0), wall);
            saved_ms_ = stored.value_or(0);
            begun_ = true;
        } else {
            // What has passed in this process has passed, whatever the wall clock says.
            mark_ms_ += std::max<int64_t>(0, steady - steady_ms_);
            advance(wall, steady);
        }
        steady_ms_ = steady;
        behind_ms_ = mark_ms_ - wall;
        save();
        return std::max(mark_ms_, wall);
    }
    int64_t behind_ms() const { return behind_ms_; }

  private:
    void advance(int64_t wall, int64_t steady) {
        if (wall - mark_ms_ <= kLeap_ms) {
            leaped_ms_.reset();
            mark_ms_ = std::max(mark_ms_, wall);
            return;
        }
        if (!leaped_ms_) leaped_ms_ = steady;
        if (steady - *leaped_ms_ >= kBelieved_ms) mark_ms_ = wall;
    }
    void save() {
        if (!high_water_.save || mark_ms_ - saved_ms_ < kSaveEvery_ms) return;
        high_water_.save(mark_ms_);
        saved_ms_ = mark_ms_;
    }

    HighWater high_water_;
    Clock wall_, steady_;
    bool begun_ = false;
    int64_t mark_ms_ = 0, saved_ms_ = 0, steady_ms_ = 0, behind_ms_ = 0;
    std::optional<int64_t> leaped_ms_;  // monotonic: since when the wall clock has been far ahead
};

class WatchedLicense : public LicenseGuard {
  public:
    WatchedLicense(const std::string& license_file, const std::string& key_file, HighWater high_water, Clock wall, const Clock& steady)
        : license_file_(license_file), key_file_(key_file), steady_(steady), time_(std::move(high_water), std::move(wall), steady) {}

    LicenseAnswer check(std::string_view entitlement) override {
        std::lock_guard lock(mutex_);
        int64_t now = time_.now_ms();
        look();
        LicenseAnswer answer = problem_;
        if (problem_.valid()) answer = judge_license(problem_.license, entitlement, now);
        if (answer.reason == LicenseReason::kExpired && time_.behind_ms() > kSuspect_ms)
            answer.message +=
                "; the clock of this machine is behind the latest time seen here, " + rfc3339(now) + ", and time counts from there";
        return answer;
    }

  private:
    void look() {
        auto license = license_file_.poll(steady_()), key = key_file_.poll(steady_());
        if (license) license_text_ = std::move(*license);
        if (key) key_text_ = std::move(*key);
        if (license || key) read();
    }
    // Fills problem_: valid with the licence, or why there is none.
    void read() {
        problem_ = {};
        const std::string replace = "; put a valid licence there: it counts within seconds";
        if (license_file_.path().empty() || !license_text_) {
            problem_.reason = LicenseReason::kMissing;
            problem_.message = license_file_.path().empty() ? "there is no licence: LICENSE_FILE is not set"
                                                            : "there is no licence: " + license_text_.error().message + replace;
            return;
        }
        auto license = key_text_ ? read_license(*license_text_, *key_text_) : Result<License>(key_text_.error());
        if (license) {
            problem_.license = std::move(*license);
            return;
        }
        problem_.reason = LicenseReason::kInvalid;
        problem_.message = license_file_.path() + " is not a valid licence: " + license.error().message + replace;
    }

    std::mutex mutex_;
    WatchedFile license_file_, key_file_;
    Clock steady_;
    Result<std::string> license_text_ = std::string(), key_text_ = std::string();
    LicenseAnswer problem_;
    LatestTime time_;
};

}  // namespace

std::unique_ptr<LicenseGuard> LicenseGuard::open(const std::string& license_file, const std::string& public_key_file, HighWater high_water,
                                                 Clock clock, Clock monotonic) {
    return std::make_unique<WatchedLicense>(license_file, public_key_file, std::move(high_water), std::move(clock), monotonic);
}

Result<DevLicense> make_dev_license(const std::string& data_dir, int64_t now_ms) {
    DevLicense files{data_dir + "/dev-license.jwt", data_dir + "/dev-license-public.pem"};
    int64_t now_s = now_ms / 1000;
    auto text = read_small_file(files.license_file), key = read_small_file(files.public_key_file);
    if (text && key) {
        auto license = read_license(*text, *key);
        if (license && license->not_before_s <= now_s && license->expires_s - now_s > kDevRenew_s) return files;
    }
    KeyPair pair = TRY(make_key_pair());  // the private half is forgotten: the next licence has a new pair
    License license;
    license.organisation = "development";
    license.id = new_uuid();
    license.issued_s = license.not_before_s = now_s;
    license.expires_s = now_s + kDevLife_s;
    license.entitlements = {"simulations"};
    std::string token = TRY(issue_license(license, pair.private_pem));
    TRY(write_private_file(files.license_file, token + "\n", true));
    TRY(write_private_file(files.public_key_file, pair.public_pem, true));
    return files;
}

}  // namespace proveout
