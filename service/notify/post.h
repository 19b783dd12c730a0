// post.h -- one POST of a webhook to one of the addresses that were checked, and to no other. Private to notify/.
#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "notify/target.h"

namespace proveout {

struct PostAnswer {
    int status = 0;      // 0: no answer
    std::string reason;  // why there is none
    bool ok() const { return status >= 200 && status <= 299; }
};

// Follows no redirect, uses no proxy, reads a few KiB of the answer at most. given_up: ends it early when set.
PostAnswer post_webhook(const WebhookUrl& url, const std::vector<std::string>& addresses,
                        const std::vector<std::pair<std::string, std::string>>& headers, const std::string& body,
                        const std::atomic<bool>& given_up);

}  // namespace proveout
