// parser.h -- Beast's HTTP parser behind a wall: it sees only heads that scan_head let through and never more than one buffer of bytes at a
// time, its exceptions are faults, and its reading of the framing must be ours.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/http.h"
#include "http/message/head.h"

namespace proveout {

class MessageParser {
  public:
    explicit MessageParser(const HttpLimits& limits);
    ~MessageParser();

    // Takes a scanned head apart into method, raw_target, path, query and headers. Error kInvalidInput.
    Status head(std::string_view bytes, const Framing& framing, HttpRequest& out);

    struct Fed {
        size_t used = 0;         // bytes taken; the rest must be given again with more behind it
        bool done = false;       // the body has ended; bytes not used are the next request's
        std::string_view fault;  // empty: none
    };
    // Appends what `bytes` holds of the body to `out`.
    Fed body(std::string_view bytes, std::string& out);

  private:
    struct State;
    std::unique_ptr<State> state_;
    const HttpLimits& limits_;
};

}  // namespace proveout
