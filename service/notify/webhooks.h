// webhooks.h -- deliveries in the Standard Webhooks 1.0 format from the outbox, and the guard against requests into private networks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "observe/log.h"

namespace proveout {

// A parsed list of CIDRs, "10.0.0.0/8,::1/128". Error kInvalidInput.
class AllowedNetworks {
  public:
    static Result<AllowedNetworks> parse(std::string_view list);
    bool contains(std::string_view address) const;

  private:
    struct Network {
        unsigned char bytes[16];
        int bits;
    };
    std::vector<Network> networks_;
};

// True for an address of the public internet: not loopback, private, link-local, CGNAT, documentation, multicast, mapped, NAT64, 6to4,
// Teredo.
bool is_public_address(std::string_view address);

// The rules of contract section 4 for `url`; the fault's text, or empty. Resolves the name if it can.
std::string webhook_url_fault(const std::string& url, const AllowedNetworks& allowed);

// "v1,<base64>" over "id.timestamp.body" with the key of "whsec_...".
std::string webhook_signature(std::string_view secret, std::string_view id, int64_t timestamp_s, std::string_view body);
std::string new_webhook_secret();

// Sends what is due, from one thread of its own. body: the JSON of a delivery (type, timestamp, data = the run without report).
class WebhookSender {
  public:
    static std::unique_ptr<WebhookSender> start(Database& database, AllowedNetworks allowed,
                                                std::function<std::string(const WebhookDelivery&)> body, Log& log);
    virtual ~WebhookSender() = default;  // ends the thread
    virtual void wake() = 0;
};

}  // namespace proveout
