// webhooks.h -- deliveries in the Standard Webhooks 1.0 format from the outbox, and the guard against requests into private networks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.h"
#include "db/database.h"
#include "observe/log.h"

namespace proveout {

// A parsed list of CIDRs, "10.0.0.0/8,::1/128". Error kInvalidInput.
class AllowedNetworks {
  public:
    static Result<AllowedNetworks> parse(std::string_view list);
    bool contains(std::string_view address) const;

  private:
    std::vector<Network> networks_;
};

// True for an address of the public internet: not loopback, private, link-local, CGNAT, documentation, multicast, mapped, NAT64, 6to4,
// Teredo (IANA's special-purpose registries), and nothing that is no plain address.
bool is_public_address(std::string_view address);

// The addresses of a name, as text; empty: it does not resolve.
using Resolver = std::function<std::vector<std::string>(const std::string& host)>;
// The system's resolver, given up after 5 s.
std::vector<std::string> resolve_name(const std::string& host);

// The rules of contract section 4 for `url`; the fault's text, or empty. Resolves the name if it can.
std::string webhook_url_fault(const std::string& url, const AllowedNetworks& allowed, const Resolver& resolver = resolve_name);

// "v1,<base64>" over "id.timestamp.body" with the key of "whsec_...".
std::string webhook_signature(std::string_view secret, std::string_view id, int64_t timestamp_s, std::string_view body);
std::string new_webhook_secret();

// Time until the next attempt after `attempts` failed ones, without the random part of up to kRetryJitter; nullopt: given up.
std::optional<double> webhook_retry_delay_s(int attempts);
constexpr double kRetryJitter = 0.1;  // of the delay; with the time of a poll it stays below the 20 % that receivers may count on

// Sends what is due from a few threads of its own, at most two deliveries of a tenant at a time. body: the JSON of a delivery (type,
// timestamp, data = the run without report), called from any of them.
class WebhookSender {
  public:
    static std::unique_ptr<WebhookSender> start(Database& database, AllowedNetworks allowed,
                                                std::function<std::string(const WebhookDelivery&)> body, Log& log,
                                                Resolver resolver = resolve_name);
    virtual ~WebhookSender() = default;  // ends the threads; a request under way is given up
    virtual void wake() = 0;
};

}  // namespace proveout
