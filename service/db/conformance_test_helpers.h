// The kinds of database that the conformance suite runs on.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "db/database.h"

namespace proveout {

class DatabaseFixture {
  public:
    virtual ~DatabaseFixture() = default;
    virtual std::string skip_reason() const { return {}; }
    virtual Database& database() = 0;  // empty
    virtual bool turns_clock() const = 0;
    virtual void pass(double seconds) = 0;  // turns the clock, or waits
};

struct DatabaseKind {
    std::string name;
    std::function<std::unique_ptr<DatabaseFixture>()> make;
};
std::vector<DatabaseKind> database_kinds();

}  // namespace proveout
