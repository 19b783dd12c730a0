#include "observe/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>

namespace proveout {

namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

constexpr std::array<std::string_view, 5> kStages{"prepare", "simulate", "encode", "upload", "done"};
constexpr std::array<std::string_view, 8> kMethods{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "other"};

Counter& counter(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

template <size_t N>
std::string_view known(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) == words.end() ? words.back() : word;
}

}  // namespace

// Every label value is one of a short list: a client cannot make new series.
struct Metrics::State {
    prometheus::Registry registry;
    Counter& started = counter(registry, "proveout_runs_started_total", "Runs whose first attempt began.");
    Counter& succeeded = counter(registry, "proveout_runs_succeeded_total", "Runs that ended with a report, with or without warnings.");
    Counter& failed = counter(registry, "proveout_runs_failed_total", "Runs that ended in an error.");
    Counter& timeouts = counter(registry, "proveout_timeouts_total", "Runs that reached their time limit.");
    Counter& collisions = counter(registry, "proveout_collisions_detected_total", "Collision events in finished runs.");
    Gauge& queue_depth = gauge(registry, "proveout_queue_depth", "Queued runs.");
    Gauge& running_jobs = gauge(registry, "proveout_running_jobs", "Running runs.");
    Gauge& event_streams = gauge(registry, "proveout_event_streams", "Open event streams.");
    std::map<std::string_view, Histogram*> stage_durations, request_durations;
    prometheus::Family<Counter>& requests =
        prometheus::BuildCounter().Name("proveout_http_requests_total").Help("Answered requests.").Register(registry);

    State() {
        auto& stages = prometheus::BuildHistogram()
                           .Name("proveout_stage_duration_seconds")
                           .Help("Time that attempts spent in a stage.")
                           .Register(registry);
        for (std::string_view stage : kStages)
            stage_durations[stage] =
                &stages.Add({{"stage", std::string(stage)}}, Buckets{0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600});
        auto& durations = prometheus::BuildHistogram()
                              .Name("proveout_http_request_duration_seconds")
                              .Help("Time from a request's head to its answer.")
                              .Register(registry);
        for (std::string_view method : kMethods)
            request_durations[method] = &durations.Add({{"method", std::string(method)}},
                                                       Buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30});
    }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::run_started() { state_->started.Increment(); }
void Metrics::run_succeeded() { state_->succeeded.Increment(); }
void Metrics::run_failed() { state_->failed.Increment(); }
void Metrics::timeout() { state_->timeouts.Increment(); }
void Metrics::collisions(int64_t count) {
    if (count > 0) state_->collisions.Increment(static_cast<double>(count));
}

void Metrics::stage_duration(std::string_view stage, double seconds) {
    auto found = state_->stage_durations.find(stage);
    if (found != state_->stage_durations.end()) found->second->Observe(std::max(0.0, seconds));
}

void Metrics::queue_depth(int64_t runs) { state_->queue_depth.Set(static_cast<double>(runs)); }
void Metrics::running_jobs(int64_t runs) { state_->running_jobs.Set(static_cast<double>(runs)); }
void Metrics::event_streams(int64_t open) { state_->event_streams.Set(static_cast<double>(open)); }

void Metrics::http_request(std::string_view method, int status, double seconds) {
    std::string_view name = known(kMethods, method);
    bool real = status >= 100 && status <= 599;
    state_->requests.Add({{"method", std::string(name)}, {"status", real ? std::to_string(status) : "other"}}).Increment();
    state_->request_durations.at(name)->Observe(std::max(0.0, seconds));
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(state_->registry.Collect()); }

}  // namespace proveout
