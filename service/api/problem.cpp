#include "api/problem.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "api/json.h"

namespace proveout {

const std::vector<ProblemKind>& problem_kinds() {
    static const std::vector<ProblemKind> kKinds{
        {"INVALID_INPUT", 400, "The request is not valid", "correct what errors[] names and send the request again"},
        {"UNAUTHENTICATED", 401, "A valid token is needed", "send Authorization: Bearer with a token that has not expired"},
        {"LICENSE_REQUIRED", 402, "The licence does not allow this", "let the operator install a licence that covers it"},
        {"FORBIDDEN", 403, "This is not allowed", "ask for a token with the scope, or for a fresh link with GET /simulations/{sim_id}"},
        {"NOT_FOUND", 404, "There is no such thing", "check the path and the id; GET /openapi.json lists the routes"},
        {"METHOD_NOT_ALLOWED", 405, "The route has no such method", "use a method that the Allow field names"},
        {"CONFLICT", 409, "The state of the resource does not allow this", "read the resource and decide anew"},
        {"PAYLOAD_TOO_LARGE", 413, "The body is too large", "send less; programs and meshes go through POST /uploads"},
        {"UNSUPPORTED_MEDIA_TYPE", 415, "The body's type is not supported", "send application/json without Content-Encoding"},
        {"RANGE_NOT_SATISFIABLE", 416, "The range lies outside the file", "ask for a range within the size that Content-Range names"},
        {"UNPROCESSABLE_GCODE", 422, "The program cannot be executed", "correct the program at the lines that diagnostics[] names"},
        {"SIMULATION_TOO_LARGE", 422, "The simulation is too large", "take options.resolution_mm from estimate.resolution_mm, or auto"},
        {"RATE_LIMITED", 429, "Too many requests", "wait for the time that Retry-After gives"},
        {"QUEUE_FULL", 429, "Too many runs are waiting", "wait for the time that Retry-After gives"},
        {"INTERNAL", 500, "Something went wrong here", "try again; report it with the request_id if it lasts"},
        {"UNAVAILABLE", 503, "The service cannot do this now", "wait for the time that Retry-After gives"},
    };
    return kKinds;
}

namespace {

const ProblemKind& kind_of(std::string_view code) {
    for (const ProblemKind& kind : problem_kinds())
        if (kind.code == code) return kind;
    return kind_of("INTERNAL");
}

std::string kebab_case(std::string_view code) {
    std::string out(code);
    for (char& c : out) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

}  // namespace

HttpResponse problem_response(const Problem& problem, std::string_view instance, std::string_view request_id) {
    const ProblemKind& kind = kind_of(problem.code);
    Json document = problem.extra_json.empty() ? Json::object() : Json::parse(problem.extra_json, nullptr, false);
    document["type"] = "/problems/" + kebab_case(kind.code);
    document["title"] = kind.title;
    document["status"] = kind.status;
    document["detail"] = problem.detail.empty() ? std::string(kind.title) : problem.detail;
    document["instance"] = instance.empty() ? "/" : std::string(instance);
    document["code"] = kind.code;
    document["request_id"] = request_id;
    document["next_steps"] = problem.next_steps.empty() ? std::vector<std::string>{std::string(kind.next_step)} : problem.next_steps;
    if (kind.code == "INVALID_INPUT") {
        document["errors"] = Json::array();
        for (const Fault& fault : problem.errors) document["errors"].push_back({{"pointer", fault.pointer}, {"detail", fault.detail}});
    }
    HttpResponse response;
    response.status = kind.status;
    response.content_type = "application/problem+json";
    response.headers = problem.headers;
    if (kind.status == 429 || kind.status == 503)
        response.headers.emplace_back("Retry-After", std::to_string(std::max<int64_t>(1, std::llround(std::ceil(problem.retry_after_s)))));
    response.body = dump(document);
    return response;
}

}  // namespace proveout
