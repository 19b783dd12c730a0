#include "domain/ids.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "domain/clock.h"
#include "files/digest.h"
#include "proveout/result.h"

namespace proveout {

namespace {

constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kUlidLength = 26, kTimeLength = 10;
constexpr size_t kRandomBytes = 10;

using UlidRandom = std::array<uint8_t, kRandomBytes>;

void fill_random(uint8_t* bytes, size_t count) { CHECK(RAND_bytes(bytes, static_cast<int>(count)) == 1); }

// Adds one to the big-endian number; false when it overflows.
bool increment(UlidRandom& random) {
    for (size_t i = random.size(); i-- > 0;)
        if (++random[i] != 0) return true;
    return false;
}

std::string ulid_text(int64_t time_ms, const UlidRandom& random) {
    std::string text(kUlidLength, '0');
    for (size_t i = kTimeLength; i-- > 0; time_ms >>= 5) text[i] = kAlphabet[time_ms & 31];
    uint32_t bits = 0;
    int count = 0;
    size_t at = kTimeLength;
    for (uint8_t byte : random) {
        bits = (bits << 8) | byte;
        for (count += 8; count >= 5; count -= 5) text[at++] = kAlphabet[(bits >> (count - 5)) & 31];
    }
    return text;
}

}  // namespace

std::string new_id(std::string_view prefix) {
    static std::mutex mutex;
    static int64_t last_ms = 0;
    static UlidRandom last_random;
    std::lock_guard lock(mutex);
    int64_t now = wall_ms();
    if (now > last_ms || !increment(last_random)) {
        last_ms = std::max(now, last_ms + (now > last_ms ? 0 : 1));
        fill_random(last_random.data(), last_random.size());
    }
    return std::string(prefix) + "_" + ulid_text(last_ms, last_random);
}

bool is_id(std::string_view prefix, std::string_view text) {
    if (text.size() != prefix.size() + 1 + kUlidLength || text.substr(0, prefix.size()) != prefix || text[prefix.size()] != '_')
        return false;
    return text.find_first_not_of(kAlphabet, prefix.size() + 1) == std::string_view::npos;
}

std::string run_folder(std::string_view prefix, std::string_view sim_id) {
    return std::string(prefix) + "simulations/" + std::string(sim_id);
}

std::string upload_key(std::string_view prefix, std::string_view upload_id) {
    return std::string(prefix) + "uploads/" + std::string(upload_id);
}

std::string random_hex(size_t bytes) {
    std::string raw(bytes, '\0');
    fill_random(reinterpret_cast<uint8_t*>(raw.data()), bytes);
    return hex(raw);
}

std::string new_uuid() {
    std::string hex = random_hex(16);
    hex[12] = '4';
    hex[16] = "89ab"[(hex[16] >= 'a' ? hex[16] - 'a' + 10 : hex[16] - '0') & 3];
    for (size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
    return hex;
}

}  // namespace proveout
