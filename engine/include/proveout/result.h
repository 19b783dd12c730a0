// result.h -- operating errors as values, bugs as CHECK.
//
//   Result<Program> open(...);
//   Program program = TRY(open(path));      // returns the Error to the caller if there is one
//
// Three failures, three mechanisms: a *finding* (the G-code program is wrong) is data, see finding.h; an *operating error* (a file, a
// limit, a cancel) is an Error; a *bug* is a failed CHECK, which prints and aborts.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace proveout {

enum class ErrorCode : uint8_t {
    kInvalidInput,        // usage, job document, tools, stock: exit 2, HTTP 400
    kUnprocessableGcode,  // the program cannot be executed: exit 3, HTTP 422
    kTooLarge,            // estimate above the memory limit: exit 4, HTTP 422
    kTimeout,             // exit 4
    kResourceLimit,       // exit 4
    kCancelled,           // exit 130
    kEngineFailed,        // exit 5
    kEncodingFailed,      // exit 5
    kIo                   // a file cannot be read (exit 2) or written (exit 5)
};

// One fault of an input document. pointer is an RFC 6901 JSON pointer ("/tools/0/diameter") or a flag ("--stock").
struct Fault {
    std::string pointer;
    std::string detail;  // what is wrong; what is allowed
};

struct Error {
    ErrorCode code = ErrorCode::kEngineFailed;
    std::string message;  // one sentence that says what to do next
    int64_t line = 0;     // physical line of the program, from 1; 0: none
    std::string block;    // text of that line
    std::vector<Fault> faults;
    int controller_error = 0;  // the firmware's own error number, grbl dialects only
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::move(value)) {}
    Result(Error error) : state_(std::move(error)) {}
    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }
    T& value() { return std::get<0>(state_); }
    const T& value() const { return std::get<0>(state_); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    Error& error() { return std::get<1>(state_); }
    const Error& error() const { return std::get<1>(state_); }

  private:
    std::variant<T, Error> state_;
};

struct Unit {};
using Status = Result<Unit>;

inline Error make_error(ErrorCode code, std::string message, int64_t line = 0) {
    Error error;
    error.code = code;
    error.message = std::move(message);
    error.line = line;
    return error;
}

[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "proveout: bug: CHECK(%s) failed at %s:%d\n", what, file, line);
    std::abort();
}

}  // namespace proveout

#define TRY(expression)                                      \
    ({                                                       \
        auto&& try_result_ = (expression);                   \
        if (!try_result_.ok()) return try_result_.error();   \
        std::move(try_result_.value());                      \
    })

#define CHECK(condition) \
    if (!(condition)) ::proveout::check_failed(#condition, __FILE__, __LINE__)
