// metrics.h -- Prometheus metrics with the names of contract section 7. No label holds an id, a tenant or a path.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace proveout {

class Metrics {
  public:
    Metrics();
    ~Metrics();
    void run_started();
    void run_succeeded();  // warnings too
    void run_failed();
    void timeout();
    void collisions(int64_t count);
    void stage_duration(std::string_view stage, double seconds);
    void queue_depth(int64_t runs);
    void running_jobs(int64_t runs);
    void http_request(std::string_view method, int status, double seconds);
    void event_streams(int64_t open);
    std::string text() const;  // Prometheus text format 0.0.4

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace proveout
