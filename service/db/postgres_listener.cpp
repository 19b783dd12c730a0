#include "db/postgres_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "db/postgres_session.h"
#include "domain/clock.h"
#include "domain/ids.h"

namespace proveout {

namespace {

constexpr const char* kChannel = "proveout";
constexpr const char* kQueued = "queued";       // payload of a queued run, beside the ids of changed runs
constexpr int64_t kMissed_ms = 10 * 60 * 1000;  // ended runs that are told again after the connection was lost
constexpr int kFirstWait_ms = 200, kLongestWait_ms = 5000;
constexpr size_t kAtOnce = 500;  // payloads in one statement

}  // namespace

struct PostgresListener::State {
    std::string url, node = random_hex(6);
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    std::mutex mutex;  // of what follows
    std::function<void(const std::string&)> on_event;
    std::function<void()> on_queued;
    std::vector<std::string> pending;  // payloads to send
    bool stop = false;
    std::thread thread;

    void call(const std::string& payload) {
        std::function<void(const std::string&)> event;
        std::function<void()> queued;
        {
            std::lock_guard hold(mutex);
            event = on_event;
            queued = on_queued;
        }
        if (payload == kQueued && queued) queued();
        if (payload != kQueued && event) event(payload);
    }

    bool stopping() {
        std::lock_guard hold(mutex);
        return stop;
    }

    void rouse() {
        uint64_t one = 1;
        (void)!write(wake, &one, sizeof one);
    }

    Status send_pending(PostgresSession& session) {
        std::vector<std::string> payloads;
        {
            std::lock_guard hold(mutex);
            payloads.swap(pending);
        }
        std::sort(payloads.begin(), payloads.end());
        payloads.erase(std::unique(payloads.begin(), payloads.end()), payloads.end());
        for (size_t from = 0; from < payloads.size(); from += kAtOnce) {
            std::string values;
            for (size_t i = from; i < std::min(payloads.size(), from + kAtOnce); ++i)
                values += (values.empty() ? "" : ",") + session.quoted(node + " " + payloads[i]);
            TRY(session.exec("SELECT pg_notify('" + std::string(kChannel) + "', payload) FROM unnest(ARRAY[" + values + "]) payload"));
        }
        return Unit{};
    }

    Status hear(PostgresSession& session) {
        auto arrived = TRY(session.notifications());
        for (const auto& [channel, payload] : arrived) {
            size_t space = payload.find(' ');
            if (space != std::string::npos && payload.substr(0, space) != node) call(payload.substr(space + 1));
        }
        return Unit{};
    }

    // What was told while nobody listened.
    Status catch_up(PostgresSession& session) {
        int64_t now_ms = TRY(session.begin(SqlMode::kRead, std::string(kAllTenants)));
        SqlRows rows = TRY(session.run("recent_runs", {now_ms - kMissed_ms}));
        TRY(session.commit());
        for (const SqlRow& row : rows) call(row.text(0));
        call(kQueued);
        return Unit{};
    }

    Status listen(bool again) {
        auto session = TRY(PostgresSession::open(url));
        TRY(session->exec("LISTEN " + std::string(kChannel)));
        if (again) TRY(catch_up(*session));
        while (!stopping()) {
            TRY(send_pending(*session));
            TRY(hear(*session));
            pollfd ready[] = {{wake, POLLIN, 0}, {session->descriptor(), POLLIN, 0}};
            if (poll(ready, 2, kLongestWait_ms) < 0 && errno != EINTR) break;
            uint64_t count = 0;
            (void)!read(wake, &count, sizeof count);
        }
        return Unit{};
    }

    void loop() {
        int wait_ms = kFirstWait_ms;
        for (bool again = false; !stopping(); again = true) {
            int64_t start_ms = steady_ms();
            if (listen(again).ok()) continue;
            wait_ms = steady_ms() - start_ms > kLongestWait_ms ? kFirstWait_ms : std::min(2 * wait_ms, kLongestWait_ms);
            for (int waited = 0; waited < wait_ms && !stopping(); waited += 50) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }
};

PostgresListener::PostgresListener(const std::string& url) : state_(std::make_unique<State>()) {
    state_->url = url;
    state_->thread = std::thread([state = state_.get()] { state->loop(); });
}

PostgresListener::~PostgresListener() {
    {
        std::lock_guard hold(state_->mutex);
        state_->stop = true;
    }
    state_->rouse();
    state_->thread.join();
    close(state_->wake);
}

void PostgresListener::set(std::function<void(const std::string&)> on_event, std::function<void()> on_queued) {
    std::lock_guard hold(state_->mutex);
    state_->on_event = std::move(on_event);
    state_->on_queued = std::move(on_queued);
}

void PostgresListener::tell(const SqlChanges& changes) {
    if (changes.runs.empty() && !changes.queued) return;
    {
        std::lock_guard hold(state_->mutex);
        state_->pending.insert(state_->pending.end(), changes.runs.begin(), changes.runs.end());
        if (changes.queued) state_->pending.push_back(kQueued);
    }
    state_->rouse();
    for (const std::string& run : changes.runs) state_->call(run);
    if (changes.queued) state_->call(kQueued);
}

}  // namespace proveout
