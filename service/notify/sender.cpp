#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "domain/clock.h"
#include "notify/post.h"
#include "notify/webhooks.h"

namespace proveout {

namespace {

constexpr int kThreads = 8, kPerTenant = 2;
constexpr double kLease_s = 120;             // several times a request's longest time
constexpr int64_t kLongestWait_ms = 60'000;  // in the queue here; beyond it the lease's end brings a delivery back
constexpr auto kPoll = std::chrono::milliseconds(500);
constexpr int kGone = 410;
constexpr double kRetryDelays_s[] = {5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600};

class OutboxSender : public WebhookSender {
  public:
    OutboxSender(Database& database, AllowedNetworks allowed, std::function<std::string(const WebhookDelivery&)> body, Log& log,
                 Resolver resolver)
        : database_(database), allowed_(std::move(allowed)), body_(std::move(body)), log_(log), resolver_(std::move(resolver)) {
        threads_.emplace_back([this] { fetch_all(); });
        for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { send_all(); });
    }
    ~OutboxSender() override {
        {
            std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }
    void wake() override {
        {
            std::lock_guard lock(mutex_);
            awake_ = true;
        }
        changed_.notify_all();
    }

  private:
    struct Waiting {
        WebhookDelivery delivery;
        int64_t since_ms = 0;
    };

    // Takes over what is due, as much as threads are free.
    void fetch_all() {
        std::unique_lock lock(mutex_);
        while (!ending_) {
            awake_ = false;
            int room = 2 * kThreads - static_cast<int>(waiting_.size());
            if (room > 0) {
                lock.unlock();
                auto due = database_.due_deliveries(room, kLease_s);
                lock.lock();
                if (due)
                    for (WebhookDelivery& delivery : *due) waiting_.push_back({std::move(delivery), steady_ms()});
                if (due && !due->empty()) changed_.notify_all();
            }
            changed_.wait_for(lock, kPoll, [this] { return ending_ || awake_; });
        }
    }

    // The oldest delivery of a tenant that has less than its share under way.
    std::optional<WebhookDelivery> next_locked() {
        std::erase_if(waiting_, [](const Waiting& one) { return steady_ms() - one.since_ms > kLongestWait_ms; });
        for (auto one = waiting_.begin(); one != waiting_.end(); ++one) {
            if (under_way_[one->delivery.webhook.tenant] >= kPerTenant) continue;
            WebhookDelivery delivery = std::move(one->delivery);
            waiting_.erase(one);
            ++under_way_[delivery.webhook.tenant];
            return delivery;
        }
        return std::nullopt;
    }

    void send_all() {
        std::unique_lock lock(mutex_);
        while (!ending_) {
            auto delivery = next_locked();
            if (!delivery) {
                changed_.wait(lock);
                continue;
            }
            lock.unlock();
            settle(*delivery, send(*delivery));
            lock.lock();
            auto tenant = under_way_.find(delivery->webhook.tenant);
            if (--tenant->second == 0) under_way_.erase(tenant);
            awake_ = true;
            changed_.notify_all();
        }
    }

    PostAnswer send(const WebhookDelivery& delivery) {
        auto url = parse_webhook_url(delivery.webhook.url);
        if (!url) return {0, url.error().message};
        auto addresses = webhook_addresses(*url, allowed_, resolver_);
        if (!addresses) return {0, addresses.error().message};
        std::string body = body_(delivery);
        if (body.empty()) return {0, "the run cannot be read now"};
        int64_t now_s = wall_ms() / 1000;
        return post_webhook(*url, *addresses,
                            {{"Content-Type", "application/json"},
                             {"webhook-id", delivery.message_id},
                             {"webhook-timestamp", std::to_string(now_s)},
                             {"webhook-signature", webhook_signature(delivery.webhook.secret, delivery.message_id, now_s, body)}},
                            body, ending_);
    }

    void settle(const WebhookDelivery& delivery, const PostAnswer& answer) {
        if (ending_ && !answer.ok()) return;  // its lease brings it back
        auto delay_s = webhook_retry_delay_s(delivery.attempts + 1);
        if (answer.ok()) {
            (void)database_.delivery_done(delivery.outbox_id);
            return;
        }
        if (answer.status == kGone) (void)database_.disable_webhook(delivery.webhook.webhook_id);
        bool last = answer.status == kGone || !delay_s;
        if (last)
            (void)database_.delivery_done(delivery.outbox_id);
        else
            (void)database_.delivery_retry(delivery.outbox_id, *delay_s * (1 + kRetryJitter * random_part()));
        log_.warning(answer.status == kGone ? "webhook gone, disabled"
                     : last                 ? "webhook given up"
                                            : "webhook not delivered",
                     {{"webhook_id", delivery.webhook.webhook_id},
                      {"tenant", delivery.webhook.tenant},
                      {"sim_id", delivery.sim_id},
                      {"attempts", int64_t{delivery.attempts + 1}},
                      {"status", int64_t{answer.status}},
                      {"reason", answer.reason}});
    }

    static double random_part() {
        thread_local std::mt19937 generator{std::random_device{}()};
        return std::uniform_real_distribution<double>(0, 1)(generator);
    }

    Database& database_;
    AllowedNetworks allowed_;
    std::function<std::string(const WebhookDelivery&)> body_;
    Log& log_;
    Resolver resolver_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<bool> ending_{false};
    bool awake_ = false;
    std::deque<Waiting> waiting_;
    std::map<std::string, int> under_way_;
    std::vector<std::thread> threads_;  // last: they use everything above
};

}  // namespace

std::optional<double> webhook_retry_delay_s(int attempts) {
    if (attempts < 1 || attempts > static_cast<int>(std::size(kRetryDelays_s))) return std::nullopt;
    return kRetryDelays_s[attempts - 1];
}

std::unique_ptr<WebhookSender> WebhookSender::start(Database& database, AllowedNetworks allowed,
                                                    std::function<std::string(const WebhookDelivery&)> body, Log& log, Resolver resolver) {
    return std::make_unique<OutboxSender>(database, std::move(allowed), std::move(body), log, std::move(resolver));
}

}  // namespace proveout
