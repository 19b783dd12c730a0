// The only file that includes Beast.
#include "http/message/parser.h"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>

namespace proveout {

namespace {

namespace beast = boost::beast;

// A body that goes where the caller points, without a guess at its size.
struct SinkBody {
    using value_type = std::string*;
    class reader {
      public:
        template <bool request, class Fields>
        reader(beast::http::header<request, Fields>&, value_type& sink) : sink_(sink) {}
        void init(const boost::optional<std::uint64_t>&, beast::error_code& error) { error = {}; }
        template <class Buffers>
        size_t put(const Buffers& buffers, beast::error_code& error) {
            error = {};
            size_t taken = 0;
            for (auto piece : beast::buffers_range_ref(buffers)) {
                sink_->append(static_cast<const char*>(piece.data()), piece.size());
                taken += piece.size();
            }
            return taken;
        }
        void finish(beast::error_code& error) { error = {}; }

      private:
        value_type& sink_;
    };
};

}  // namespace

struct MessageParser::State {
    beast::http::request_parser<SinkBody> parser;
};

MessageParser::MessageParser(const HttpLimits& limits) : state_(std::make_unique<State>()), limits_(limits) {
    state_->parser.header_limit(static_cast<std::uint32_t>(limits.head_bytes));
    state_->parser.body_limit(std::numeric_limits<std::uint64_t>::max());  // the caller counts; "none" means 0 here
}

MessageParser::~MessageParser() = default;

Status MessageParser::head(std::string_view bytes, const Framing& framing, HttpRequest& out) try {
    auto& parser = state_->parser;
    beast::error_code error;
    size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error || used != bytes.size() || !parser.is_header_done())
        return make_error(ErrorCode::kInvalidInput, "the head is not well formed: " + error.message());
    bool same = parser.chunked() == framing.chunked && parser.is_done() == !framing.has_body() &&
                (framing.chunked || static_cast<int64_t>(parser.content_length().value_or(0)) == framing.content_length);
    if (!same) return make_error(ErrorCode::kInvalidInput, "the length of the body is not clear");
    const auto& message = parser.get();
    auto text = [](const auto& view) { return std::string(view.data(), view.size()); };
    out.method = text(message.method_string());
    out.raw_target = text(message.target());
    Target target = TRY(read_target(out.raw_target, limits_));
    out.path = std::move(target.path);
    out.query = std::move(target.query);
    for (const auto& field : message) {
        std::string name = text(field.name_string());
        for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        out.headers.emplace_back(std::move(name), text(field.value()));
    }
    parser.eager(true);
    return Unit{};
} catch (const std::exception&) {
    return make_error(ErrorCode::kInvalidInput, "the head is not well formed");
}

MessageParser::Fed MessageParser::body(std::string_view bytes, std::string& out) try {
    auto& parser = state_->parser;
    parser.get().body() = &out;
    Fed fed;
    while (!parser.is_done() && fed.used < bytes.size()) {
        beast::error_code error;
        size_t used = parser.put(boost::asio::const_buffer(bytes.data() + fed.used, bytes.size() - fed.used), error);
        fed.used += used;
        if (error == beast::http::error::need_more) error = {};
        if (error) fed.fault = "the chunks of the body are not well formed";
        if (error || used == 0) break;
    }
    fed.done = parser.is_done();
    return fed;
} catch (const std::exception&) {  // a trailer field of more than 64 KiB, in Boost before 1.87
    return {0, false, "the chunks of the body are not well formed"};
}

}  // namespace proveout
