// /openapi.json from the table of routes: what is served is what is described.
#include "api/state.h"

namespace proveout {

namespace {

Json ref(const char* name) { return {{"$ref", std::string("#/components/schemas/") + name}}; }
Json text(const char* description) { return {{"type", "string"}, {"description", description}}; }
Json nullable(const char* type) { return {{"type", {type, "null"}}}; }
Json list_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json object(Json properties, bool closed = false) {
    Json required = Json::array();
    for (const auto& [name, value] : properties.items()) required.push_back(name);
    Json out{{"type", "object"}, {"required", required}, {"properties", std::move(properties)}};
    if (closed) out["additionalProperties"] = false;
    return out;
}

Json run_schema() {
    Json media = object({{"video_url", nullable("string")},
                         {"preview_url", nullable("string")},
                         {"snapshot_url", nullable("string")},
                         {"report_url", nullable("string")}});
    Json alert = object({{"code", text("COLLISION_DETECTED, TIMEOUT ...")},
                         {"severity", {{"enum", {"info", "warning", "error"}}}},
                         {"message", text("for people")},
                         {"count", {{"type", "integer"}}},
                         {"first_at", text("RFC 3339")},
                         {"last_at", text("RFC 3339")},
                         {"media", media}});
    Json error = object(
        {{"code", text("TIMEOUT ENGINE_FAILED ...")}, {"message", text("for people")}, {"next_steps", list_of({{"type", "string"}})}});
    error["type"] = {"object", "null"};
    Json artefact = object({{"name", text("out.mp4")},
                            {"url", nullable("string")},
                            {"size", {{"type", "integer"}}},
                            {"sha256", text("hex")},
                            {"content_type", text("video/mp4")}});
    Json run = object({{"sim_id", text("sim_ and a ULID")},
                       {"job_id", text("job_ and a ULID")},
                       {"status", {{"enum", {"queued", "running", "succeeded", "warning", "failed", "cancelled"}}}},
                       {"stage", {{"enum", {"prepare", "simulate", "encode", "upload", "done", nullptr}}}},
                       {"progress", {{"type", "number"}, {"minimum", 0}, {"maximum", 100}}},
                       {"attempt", {{"type", "integer"}, {"minimum", 1}}},
                       {"created_at", text("RFC 3339")},
                       {"started_at", nullable("string")},
                       {"finished_at", nullable("string")},
                       {"alerts", list_of(alert)},
                       {"error", error},
                       {"media", media},
                       {"artefacts", list_of(artefact)}});
    run["properties"]["report"] = {{"type", {"object", "null"}},
                                   {"description", "sim_report v1 (/schemas/sim_report.v1.json); not in lists"}};
    return run;
}

Json job_schema() {
    Json any_object{{"type", "object"}};
    Json automatic{{"const", "auto"}};
    Json number_list = list_of({{"type", "number"}});
    Json job{{"type", "object"},
             {"additionalProperties", false},
             {"required", {"tools", "stock"}},
             {"oneOf", {{{"required", {"gcode_ref"}}}, {{"required", {"inline_gcode"}}}}}};
    job["properties"] = {{"gcode_ref", {{"type", "string"}, {"description", "upl_... of POST /uploads"}}},
                         {"inline_gcode", {{"type", "string"}, {"minLength", 1}, {"description", "the program itself"}}},
                         {"dialect", {{"enum", {"auto", "linuxcnc", "grbl", "grblhal", "fanuc", "haas", "mach3"}}, {"default", "auto"}}},
                         {"tools", {{"oneOf", {{{"type", "array"}, {"maxItems", 1000}, {"items", any_object}}, automatic}}}},
                         {"stock", {{"oneOf", {any_object, automatic}}}},
                         {"wcs", {{"type", "object"}, {"additionalProperties", number_list}}},
                         {"fixturing", list_of(any_object)},
                         {"fixture_offset", number_list},
                         {"machine", any_object},
                         {"target", any_object},
                         {"options", any_object}};
    job["example"] = {{"inline_gcode", "G21 G90 G17\nT1 M6\nS12000 M3\nG0 X0 Y0 Z5\nG1 Z-2 F300\nG1 X20\nG0 Z5\nM30\n"},
                      {"tools", {{{"number", 1}, {"type", "flat"}, {"diameter", 6}, {"flute_length", 20}, {"stickout", 35}}}},
                      {"stock", {{"shape", "box"}, {"dims", {60, 40, 10}}, {"origin", {-30, -20, -10}}}}};
    return job;
}

Json schemas() {
    Json fault = object({{"pointer", text("RFC 6901")}, {"detail", text("what is wrong; what is allowed")}});
    Json problem = object({{"type", text("ends in /problems/<code>")},
                           {"title", text("")},
                           {"status", {{"type", "integer"}}},
                           {"detail", text("")},
                           {"instance", text("the path")},
                           {"code", text("INVALID_INPUT ...")},
                           {"request_id", text("")},
                           {"next_steps", list_of({{"type", "string"}})}});
    problem["properties"]["errors"] = list_of(fault);
    Json webhook = object({{"webhook_id", text("whk_...")},
                           {"url", text("https")},
                           {"events", list_of({{"type", "string"}})},
                           {"status", {{"enum", {"enabled", "disabled"}}}},
                           {"created_at", text("RFC 3339")}});
    webhook["properties"]["secret"] = text("whsec_..., only in the answer to POST");
    Json new_webhook{{"type", "object"}, {"additionalProperties", false}, {"required", {"url"}}};
    new_webhook["properties"] = {{"url", {{"type", "string"}, {"maxLength", 2048}}},
                                 {"events", {{"type", "array"}, {"minItems", 1}, {"items", {{"type", "string"}}}}}};
    Json notification = object({{"notification_id", text("ntf_...")},
                                {"code", text("")},
                                {"severity", {{"enum", {"warning", "error"}}}},
                                {"message", text("")},
                                {"sim_id", text("")},
                                {"count", {{"type", "integer"}}},
                                {"created_at", text("RFC 3339")},
                                {"read_at", nullable("string")},
                                {"media", {{"type", "object"}}}});
    Json upload = object({{"upload_id", text("upl_...")},
                          {"kind", {{"enum", {"gcode", "stl"}}}},
                          {"filename", text("a label")},
                          {"size", {{"type", "integer"}}},
                          {"sha256", text("hex")},
                          {"created_at", text("RFC 3339")}});
    Json accepted = object({{"sim_id", text("")}, {"job_id", text("")}, {"status", {{"const", "queued"}}}});
    Json job_state = object({{"job_id", text("")},
                             {"sim_id", text("")},
                             {"status", text("")},
                             {"stage", nullable("string")},
                             {"progress", {{"type", "number"}}},
                             {"attempt", {{"type", "integer"}}}});
    Json ticket = object({{"ticket", text("")}, {"expires_at", text("RFC 3339")}});
    auto page = [](const char* item) { return object({{"items", list_of(ref(item))}, {"next_cursor", nullable("string")}}); };
    Json notifications = page("Notification");
    notifications["properties"]["unread_count"] = {{"type", "integer"}};
    return {{"Problem", problem},
            {"Run", run_schema()},
            {"RunPage", page("Run")},
            {"Job", job_schema()},
            {"Accepted", accepted},
            {"JobState", job_state},
            {"Upload", upload},
            {"Webhook", webhook},
            {"NewWebhook", new_webhook},
            {"WebhookPage", page("Webhook")},
            {"Notification", notification},
            {"NotificationPage", notifications},
            {"Ticket", ticket},
            {"Health", {{"type", "object"}}}};
}

struct Answer {
    int status;
    const char* schema;  // nullptr: no body
};

// The good answer of an operation.
Answer answer_of(std::string_view operation) {
    static const std::pair<std::string_view, Answer> kAnswers[] = {
        {"runSimulation", {202, "Accepted"}},
        {"listSimulations", {200, "RunPage"}},
        {"getSimulation", {200, "Run"}},
        {"deleteSimulation", {204, nullptr}},
        {"cancelSimulation", {202, "Run"}},
        {"createEventTicket", {201, "Ticket"}},
        {"getJob", {200, "JobState"}},
        {"createUpload", {201, "Upload"}},
        {"getUpload", {200, "Upload"}},
        {"deleteUpload", {204, nullptr}},
        {"listWebhooks", {200, "WebhookPage"}},
        {"createWebhook", {201, "Webhook"}},
        {"deleteWebhook", {204, nullptr}},
        {"listNotifications", {200, "NotificationPage"}},
        {"readNotifications", {204, nullptr}},
        {"readNotification", {204, nullptr}},
        {"livez", {200, "Health"}},
        {"readyz", {200, "Health"}},
        {"openapi", {200, "Health"}},
        {"reportSchema", {200, "Health"}},
    };
    for (const auto& [name, answer] : kAnswers)
        if (name == operation) return answer;
    return {200, nullptr};
}

std::vector<int> problems_of(const Route& route) {
    std::vector<int> out;
    if (route.scope.empty()) return route.operation == "readyz" || route.operation == "metrics" ? std::vector<int>{503} : out;
    out = {400, 401, 403, 429, 503};
    if (route.pattern.find('{') != route.pattern.npos) out.push_back(404);
    if (route.body != BodyKind::kNone) out.insert(out.end(), {413, 415});
    if (route.operation == "runSimulation") out.insert(out.end(), {402, 409, 422});
    if (route.operation == "cancelSimulation" || route.operation == "deleteSimulation") out.push_back(409);
    return out;
}

Json parameters_of(const Route& route) {
    Json out = Json::array();
    for (size_t at = route.pattern.find('{'); at != route.pattern.npos; at = route.pattern.find('{', at + 1)) {
        std::string_view name = route.pattern.substr(at + 1, route.pattern.find('}', at) - at - 1);
        out.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
    }
    auto query = [&](const char* name, Json schema) { out.push_back({{"name", name}, {"in", "query"}, {"schema", std::move(schema)}}); };
    if (route.operation.substr(0, 4) == "list") {
        query("limit", {{"type", "integer"}, {"minimum", 1}, {"maximum", 200}, {"default", 50}});
        query("cursor", {{"type", "string"}, {"minLength", 1}});
    }
    if (route.operation == "listSimulations") query("status", text("comma-separated status words"));
    if (route.operation == "listNotifications") query("unread", {{"enum", {"true", "false"}}});
    if (route.operation == "createUpload") query("filename", text("label"));
    if (route.operation == "simulationEvents") {
        query("last_event_id", {{"type", "string"}});
        query("ticket", {{"type", "string"}});
        out.push_back({{"name", "Last-Event-ID"}, {"in", "header"}, {"schema", {{"type", "string"}}}});
    }
    if (route.operation == "runSimulation")
        out.push_back(
            {{"name", "Idempotency-Key"}, {"in", "header"}, {"schema", {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}}}});
    return out;
}

Json operation_of(const Route& route) {
    Json out{{"operationId", route.operation}, {"summary", route.summary}, {"parameters", parameters_of(route)}};
    out["security"] = route.scope.empty() ? Json::array() : Json{{{"bearer", Json::array()}}};
    if (!route.scope.empty()) out["description"] = "Scope: " + std::string(route.scope);
    if (route.body == BodyKind::kJson) {
        const char* schema = route.operation == "runSimulation" ? "Job" : "NewWebhook";
        out["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", ref(schema)}}}}}};
    } else if (route.body == BodyKind::kUpload) {
        Json bytes{{"type", "string"}, {"format", "binary"}};
        out["requestBody"] = {
            {"required", true},
            {"content",
             {{"application/octet-stream", {{"schema", bytes}}}, {"multipart/form-data", {{"schema", object({{"file", bytes}})}}}}}};
    }
    Answer answer = answer_of(route.operation);
    Json& good = out["responses"][std::to_string(answer.status)];
    good["description"] = route.summary;
    const char* media = route.operation == "reportSchema" ? "application/schema+json" : "application/json";
    if (answer.schema) good["content"][media]["schema"] = ref(answer.schema);
    if (route.operation == "metrics") good["content"]["text/plain"]["schema"] = {{"type", "string"}};
    if (route.operation == "simulationEvents") {
        good["content"]["text/event-stream"]["schema"] = {{"type", "string"}};
        out["responses"]["204"] = {{"description", "The end was told already"}};
    }
    for (int status : problems_of(route))
        out["responses"][std::to_string(status)] = {{"description", status_text(status)},
                                                    {"content", {{"application/problem+json", {{"schema", ref("Problem")}}}}}};
    return out;
}

}  // namespace

std::string make_openapi() {
    Json document{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "proveout"},
          {"version", PROVEOUT_VERSION},
          {"description", "Proves out CNC programs: submit a run, follow it, read its verdict."},
          {"license", {{"name", "see LICENSE"}, {"identifier", "LicenseRef-proveout"}}}}},
        {"servers", {{{"url", "/"}}}},
        {"components",
         {{"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}}}, {"schemas", schemas()}}}};
    for (const Route& route : routes()) {
        if (route.operation == "page" || route.operation == "pageAsset" || route.operation == "getArtefact" ||
            route.operation == "devToken")
            continue;
        std::string method(route.method);
        for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        document["paths"][std::string(route.pattern)][method] = operation_of(route);
    }
    return dump(document);
}

}  // namespace proveout
