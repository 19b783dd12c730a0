#include "main/serve.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "api/api.h"
#include "auth/auth.h"
#include "db/sqlite.h"
#include "domain/ids.h"
#include "http/http.h"
#include "main/janitor.h"
#include "notify/webhooks.h"
#include "queue/worker_pool.h"
#include "store/local.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

constexpr int kExitInvalid = 2, kExitUnusable = 5, kExitForced = 130;
// A drain ends within 25 s: runs get the first part, answers under way the rest.
constexpr double kRunGrace_s = 15, kAnswerGrace_s = 5;
constexpr int64_t kPrintedTokenLife_s = 24 * 3600;
constexpr int64_t kPageTokenLife_s = 3600;
constexpr size_t kSigningKeyBytes = 32;
constexpr int kHandlerThreads = 8;

// Everything of one service, in the order in which it comes to be; destroyed in the opposite order.
struct Service {
    const Config& config;
    bool dev = false;
    std::string data_dir, binary;
    std::optional<DevKey> dev_key;
    std::string jwks_file, license_file, license_key_file;
    TokenRules token_rules;
    std::atomic<bool> draining{false};
    Log log;
    Metrics metrics;
    std::unique_ptr<Database> database;
    std::unique_ptr<LocalStore> store;
    std::unique_ptr<KeyFile> keys;
    std::unique_ptr<LicenseGuard> guard;
    std::unique_ptr<Api> api;
    std::atomic<HttpServer*> listener{nullptr};  // set when it is there: runs may begin before
    std::unique_ptr<WebhookSender> webhooks;
    std::unique_ptr<WorkerPool> pool;
    std::unique_ptr<Janitor> janitor;
    std::unique_ptr<HttpServer> server;

    Service(const Config& all, bool development) : config(all), dev(development), log(all.get("LOG_LEVEL"), all.get("LOG_FORMAT")) {}
};

int fail(int status, const std::string& message) {
    std::fprintf(stderr, "proveout: %s\n", message.c_str());
    return status;
}

// "a/b" -> "a/b/"; "" stays.
std::string folder_prefix(std::string prefix) {
    while (!prefix.empty() && prefix.front() == '/') prefix.erase(0, 1);
    while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
    return prefix.empty() ? prefix : prefix + "/";
}

Status make_private_directory(const std::string& path) {
    std::error_code failure;
    fs::create_directories(path, failure);
    if (!failure) ::chmod(path.c_str(), 0700);
    if (failure || ::access(path.c_str(), W_OK | X_OK) != 0)
        return make_error(ErrorCode::kIo, path + " cannot be written; set DATA_DIR (or --data-dir) to a directory that can");
    return Unit{};
}

// The keys that production must have. Error kInvalidInput names the first that is missing.
Status require_keys(Service& service) {
    for (const char* key : {"JWT_JWKS_FILE", "JWT_ISSUER", "JWT_AUDIENCE", "LICENSE_FILE", "LICENSE_PUBLIC_KEY_FILE"}) {
        const std::string& value = service.config.get(key);
        if (value.empty())
            return make_error(ErrorCode::kInvalidInput,
                              std::string(key) + " is not set; set it, or start with --dev for a trial on this machine");
        bool is_file = std::string_view(key).substr(std::string_view(key).size() - 5) == "_FILE";
        if (is_file && ::access(value.c_str(), R_OK) != 0)
            return make_error(ErrorCode::kInvalidInput, std::string(key) + " names " + value + ", which cannot be read");
    }
    return Unit{};
}

// Who may ask and what the installation may do: from the configuration, or made for a trial.
Status open_identity(Service& service) {
    const Config& config = service.config;
    service.jwks_file = config.get("JWT_JWKS_FILE");
    service.license_file = config.get("LICENSE_FILE");
    service.license_key_file = config.get("LICENSE_PUBLIC_KEY_FILE");
    service.token_rules.issuer = config.get("JWT_ISSUER");
    service.token_rules.audience = config.get("JWT_AUDIENCE");
    if (!service.dev) TRY(require_keys(service));
    if (service.dev && service.jwks_file.empty()) {
        service.dev_key = TRY(make_or_open_dev_key(service.data_dir));
        service.jwks_file = service.dev_key->jwks_file;
        service.token_rules.issuer = kDevIssuer;
        service.token_rules.audience = kDevAudience;
    }
    if (service.dev && service.license_file.empty()) {
        DevLicense made = TRY(make_dev_license(service.data_dir, wall_ms()));
        service.license_file = made.license_file;
        service.license_key_file = made.public_key_file;
    }
    service.keys = TRY(KeyFile::open(service.jwks_file, service.dev));
    return Unit{};
}

// One random value that lives as long as the database.
Result<std::string> lasting_secret(Database& database, const std::string& name) {
    auto value = TRY(database.get_setting(name));
    if (value) return *value;
    std::string made = random_hex(kSigningKeyBytes);
    TRY(database.put_setting(name, made));
    return made;
}

Status open_storage(Service& service) {
    TRY(make_private_directory(service.data_dir));
    TRY(make_private_directory(service.data_dir + "/spool"));
    for (const auto& left_over : fs::directory_iterator(service.data_dir + "/spool")) {
        std::error_code ignored;
        fs::remove(left_over.path(), ignored);
    }
    service.database = TRY(open_sqlite(service.data_dir + "/proveout.db"));
    LocalStoreOptions store;
    store.root = service.data_dir + "/artefacts";
    store.key = TRY(lasting_secret(*service.database, "signing_key"));
    store.public_url = service.config.get("PUBLIC_URL");
    service.store = TRY(open_local_store(store));
    return Unit{};
}

void open_guard(Service& service) {
    Database& database = *service.database;
    HighWater high_water;
    high_water.load = [&database]() -> std::optional<int64_t> {
        auto value = database.get_setting("license.high_water_ms");
        return value && *value ? std::optional(std::strtoll((*value)->c_str(), nullptr, 10)) : std::nullopt;
    };
    high_water.save = [&database](int64_t ms) { (void)database.put_setting("license.high_water_ms", std::to_string(ms)); };
    service.guard = LicenseGuard::open(service.license_file, service.license_key_file, std::move(high_water));
}

std::string page_token(const Service& service, int64_t life_s) {
    TokenRequest request;
    request.ttl_s = life_s;
    auto token = mint_token(request, *service.dev_key, wall_ms());
    return token ? *token : "";
}

Status open_api(Service& service) {
    ApiParts parts;
    parts.config = &service.config;
    parts.data_dir = service.data_dir;
    parts.spool_dir = service.data_dir + "/spool";
    parts.object_prefix = folder_prefix(service.config.get("MINIO_PREFIX"));
    parts.database = service.database.get();
    parts.store = service.store.get();
    parts.local_store = service.store.get();
    parts.keys = service.keys.get();
    parts.token_rules = service.token_rules;
    parts.guard = service.guard.get();
    parts.log = &service.log;
    parts.metrics = &service.metrics;
    parts.webhook_networks = TRY(AllowedNetworks::parse(service.config.get("WEBHOOK_ALLOW_PRIVATE")));
    if (service.dev_key) parts.dev_token = [&service] { return page_token(service, kPageTokenLife_s); };
    parts.draining = &service.draining;
    parts.runs_changed = [&service] {
        if (service.pool) service.pool->wake();
    };
    parts.binary = service.binary;
    service.api = TRY(Api::create(std::move(parts)));
    return Unit{};
}

Status open_server(Service& service) {
    HttpServer::Options options;
    ListenAddress address = service.config.listen_address("HTTP_LISTEN");
    options.host = address.host;
    options.port = address.port;
    options.handler_threads = kHandlerThreads;
    options.spool_dir = service.data_dir + "/spool";
    service.server = TRY(HttpServer::start(options, service.api->handlers()));
    service.listener = service.server.get();
    return Unit{};
}

int core_count() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

Status open_workers(Service& service) {
    const Config& config = service.config;
    Database& database = *service.database;
    Api& api = *service.api;
    auto body = [&database, &api](const WebhookDelivery& delivery) -> std::string {
        auto run = database.get_run(delivery.webhook.tenant, delivery.sim_id);
        std::string data = run && *run ? api.run_json(**run, false) : "{\"sim_id\":\"" + delivery.sim_id + "\"}";
        return "{\"type\":\"" + delivery.type + "\",\"timestamp\":\"" + rfc3339(delivery.created_ms) + "\",\"data\":" + data + "}";
    };
    service.webhooks = WebhookSender::start(database, TRY(AllowedNetworks::parse(config.get("WEBHOOK_ALLOW_PRIVATE"))), body, service.log);
    database.on_event([&service](const std::string& sim_id) {
        if (HttpServer* listener = service.listener) listener->wake(sim_id);
        service.webhooks->wake();
    });
    WorkerPoolOptions pool;
    pool.slots = config.get("SIM_CONCURRENCY").empty() ? core_count() : static_cast<int>(config.number("SIM_CONCURRENCY"));
    pool.threads_per_run = config.get("SIM_THREADS").empty() ? core_count() : static_cast<int>(config.number("SIM_THREADS"));
    pool.owner = config.get("WORKER_NAME").empty() ? "serve-" + new_uuid() : config.get("WORKER_NAME");
    pool.lease_s = config.number("SIM_LEASE_S");
    pool.retry_max = static_cast<int>(config.number("SIM_RETRY_MAX"));
    pool.workspace_root = config.get("SIM_TMP_DIR").empty() ? service.data_dir + "/tmp" : config.get("SIM_TMP_DIR");
    pool.object_prefix = folder_prefix(config.get("MINIO_PREFIX"));
    pool.binary = service.binary;
    pool.ffmpeg = config.get("FFMPEG_BIN");
    pool.camotics = config.get("CAMOTICS_BIN");
    pool.timeout_max_s = config.number("SIM_TIMEOUT_S");
    TRY(database.release_all_running());
    if (pool.slots > 0) service.pool = TRY(WorkerPool::start(pool, database, *service.store, *service.guard, service.log, service.metrics));
    database.on_queued([&service] {
        if (service.pool) service.pool->wake();
    });
    Janitor::Options janitor{config.number("RETENTION_DAYS"), pool.object_prefix};
    service.janitor = Janitor::start(janitor, database, *service.store, service.log);
    return Unit{};
}

// One line that works as pasted: submits a small program, waits for its end and fetches the film.
std::string trial_line(const std::string& url, const std::string& token) {
    std::string head = "-H 'Authorization: Bearer " + token + "'";
    std::string job =
        R"({"inline_gcode":"G21 G90 G17\nT1 M6\nS12000 M3\nG0 X-20 Y0 Z5\nG1 Z-3 F300\nG1 X20 F900\n)"
        R"(G2 X20 Y-10 I0 J-5\nG1 X-20\nG0 Z5\nM30","tools":[{"number":1,"type":"flat","diameter":6,"flute_length":20,"stickout":35}],)"
        R"("stock":{"shape":"box","dims":[60,40,10],"origin":[-30,-20,-10]}})";
    return "curl -fsS " + head + " -H 'Content-Type: application/json' -d '" + job + "' " + url +
           "/simulations/run -o run.json && ID=$(sed -n 's/.*\"sim_id\":\"\\([^\"]*\\)\".*/\\1/p' run.json) && until curl -fsS " + head +
           " " + url +
           "/simulations/$ID -o run.json && ! grep -Eq '\"status\":\"(queued|running)\"' run.json; do sleep 1; done && curl -fsS -o "
           "out.mp4 \"" +
           url + "$(sed -n 's/.*\"video_url\":\"\\([^\"]*\\)\".*/\\1/p' run.json)\" && ls -l out.mp4";
}

void say_ready(const Service& service) {
    std::string host = service.config.listen_address("HTTP_LISTEN").host;
    bool v6 = host.find(':') != std::string::npos;
    std::string url = "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(service.server->port());
    std::printf("proveout ready on %s\n", url.c_str());
    if (service.dev) {
        std::printf("page: %s/\n", url.c_str());
        if (service.dev_key) std::printf("%s\n", trial_line(url, page_token(service, kPrintedTokenLife_s)).c_str());
    }
    std::fflush(stdout);
}

sigset_t ending_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

// After the first signal a second one ends the process at once, whatever is under way.
void drain(Service& service, const sigset_t& signals) {
    service.log.info("stopping");
    service.draining = true;
    std::thread([signals] {
        int signal = 0;
        sigwait(&signals, &signal);
        _exit(kExitForced);
    }).detach();
    if (service.pool) service.pool->drain(kRunGrace_s);
    service.server->drain(kAnswerGrace_s);
}

Status open_all(Service& service) {
    TRY(open_storage(service));
    TRY(open_identity(service));
    open_guard(service);
    TRY(open_api(service));
    TRY(open_workers(service));
    return open_server(service);
}

}  // namespace

int serve(const ServeOptions& options) {
    sigset_t signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::umask(077);
    Service service(*options.config, options.dev);
    service.data_dir = data_directory(*options.config);
    std::error_code failure;
    service.binary = fs::read_symlink("/proc/self/exe", failure).string();
    if (Status keys = options.dev ? Status(Unit{}) : require_keys(service); !keys) return fail(kExitInvalid, keys.error().message);
    if (Status opened = open_all(service); !opened)
        return fail(opened.error().code == ErrorCode::kInvalidInput ? kExitInvalid : kExitUnusable, opened.error().message);
    for (const std::string& warning : options.config->warnings) service.log.warning(warning);
    say_ready(service);
    int signal = 0;
    sigwait(&signals, &signal);
    drain(service, signals);
    return 0;
}

}  // namespace proveout
