// postgres_listener.h -- what nodes that share a database tell each other. NOTIFY is sent after the commit, for many commits at once, by a
// thread of its own: inside the commit it would make all of them wait for each other.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "db/session.h"

namespace proveout {

class PostgresListener {
  public:
    explicit PostgresListener(const std::string& url);
    ~PostgresListener();
    void set(std::function<void(const std::string&)> on_event, std::function<void()> on_queued);
    // Calls the listeners here and tells the other nodes.
    void tell(const SqlChanges& changes);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace proveout
