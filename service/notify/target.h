// target.h -- a webhook's URL taken apart, and the addresses that a delivery may connect to. Private to notify/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "notify/webhooks.h"

namespace proveout {

struct WebhookUrl {
    std::string scheme, host, path_and_query;  // host: a name, or an address without brackets
    uint16_t port = 0;
    bool host_is_address = false;
};
// Error kInvalidInput: why it is none that may be called, whatever its addresses are.
Result<WebhookUrl> parse_webhook_url(const std::string& url);

// Where to connect to: every address of the host, each of which may be called. Error kInvalidInput: one of them may not;
// kIo: the name does not resolve.
Result<std::vector<std::string>> webhook_addresses(const WebhookUrl& url, const AllowedNetworks& allowed, const Resolver& resolver);

}  // namespace proveout
