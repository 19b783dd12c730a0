// http_client.h -- requests to the object store over libcurl. No redirects, no proxy of the environment; a stalled transfer ends.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proveout/result.h"
#include "store/sigv4.h"

namespace proveout {

struct HttpCall {
    std::string method, url;
    NameValues headers;
    std::string body;    // sent, unless body_file is open
    int body_file = -1;  // sent from where it stands: body_bytes of it
    int64_t body_bytes = 0;
    int answer_file = -1;  // what a 2xx answer's body is written to; -1: into HttpAnswer::body
};

struct HttpAnswer {
    int status = 0;
    NameValues headers;  // lower-case names
    std::string body;    // at most 4 MiB
    std::string header(std::string_view name) const;
    bool ok() const { return status >= 200 && status < 300; }
};

class HttpClient {
  public:
    HttpClient();
    ~HttpClient();
    // Error kIo: no answer.
    Result<HttpAnswer> send(const HttpCall& call);

  private:
    std::mutex mutex_;
    std::vector<void*> idle_;  // handles with connections that may be used again
};

}  // namespace proveout
