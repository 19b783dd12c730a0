#include "main/serve.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "api/api.h"
#include "auth/auth.h"
#include "db/postgres.h"
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
constexpr int kHandlerThreads = 24;

// Who is woken by what the database tells, from any thread. Emptied before those who are woken go.
struct Wakers {
    std::mutex mutex;
    HttpServer* server = nullptr;
    WebhookSender* webhooks = nullptr;
    WorkerPool* pool = nullptr;

    void event(const std::string& sim_id) {
        std::lock_guard lock(mutex);
        if (server) server->wake(sim_id);
        if (webhooks) webhooks->wake();
    }
    void queued() {
        std::lock_guard lock(mutex);
        if (pool) pool->wake();
    }
    int64_t event_streams() {
        std::lock_guard lock(mutex);
        return server ? server->counts().event_streams : 0;
    }
    template <class T>
    void set(T* Wakers::*member, T* value) {
        std::lock_guard lock(mutex);
        this->*member = value;
    }
    void clear() {
        std::lock_guard lock(mutex);
        server = nullptr, webhooks = nullptr, pool = nullptr;
    }
};

// Everything of one service, in the order in which it comes to be; destroyed in the opposite order.
struct Service {
    const Config& config;
    bool dev = false, worker = false;
    std::string data_dir, binary;
    std::optional<DevKey> dev_key;
    std::string jwks_file, license_file, license_key_file;
    TokenRules token_rules;
    std::atomic<bool> draining{false};
    Log log;
    Metrics metrics;
    Wakers wakers;
    std::unique_ptr<Database> database;
    std::unique_ptr<ArtefactStore> store;
    LocalStore* local_store = nullptr;  // the same, if it is local
    std::unique_ptr<KeyFile> keys;
    std::unique_ptr<LicenseGuard> guard;
    std::unique_ptr<Api> api;
    std::unique_ptr<WebhookSender> webhooks;
    std::unique_ptr<WorkerPool> pool;
    std::unique_ptr<Janitor> janitor;
    std::unique_ptr<HttpServer> server;

    explicit Service(const ServeOptions& options)
        : config(*options.config), dev(options.dev), worker(options.worker), log(config.get("LOG_LEVEL"), config.get("LOG_FORMAT")) {}
    // A worker opens a port only where one is asked for.
    bool serves_http() const { return !worker || config.at("HTTP_LISTEN").source != "default"; }
    bool shared_database() const { return !config.get("DATABASE_URL").empty(); }
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

Status require_key(const Config& config, std::string_view key, std::string_view why) {
    const std::string& value = config.get(key);
    if (value.empty()) return make_error(ErrorCode::kInvalidInput, std::string(key) + " is not set; " + std::string(why));
    if (key.ends_with("_FILE") && ::access(value.c_str(), R_OK) != 0)
        return make_error(ErrorCode::kInvalidInput, std::string(key) + " names " + value + ", which cannot be read");
    return Unit{};
}

// The keys that must be there. Error kInvalidInput names the first that is missing.
Status require_keys(const Service& service) {
    const Config& config = service.config;
    if (service.worker) TRY(require_key(config, "DATABASE_URL", "a worker shares a PostgreSQL database with its serve nodes"));
    if (config.get("ARTEFACT_STORE") == "s3")
        for (const char* key : {"MINIO_ENDPOINT", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "MINIO_BUCKET_SIM"})
            TRY(require_key(config, key, "ARTEFACT_STORE=s3 needs it"));
    if (!config.get("QUEUE_URL").empty())
        return make_error(ErrorCode::kInvalidInput,
                          "QUEUE_URL is set, but this version has no broker: the database is the queue; remove it");
    if (service.dev) return Unit{};
    if (service.serves_http())
        for (const char* key : {"JWT_JWKS_FILE", "JWT_ISSUER", "JWT_AUDIENCE"})
            TRY(require_key(config, key, "set it, or start with --dev for a trial on this machine"));
    for (const char* key : {"LICENSE_FILE", "LICENSE_PUBLIC_KEY_FILE"})
        TRY(require_key(config, key, "set it, or start with --dev for a trial on this machine"));
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
    if (service.serves_http()) service.keys = TRY(KeyFile::open(service.jwks_file, service.dev));
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

Status open_database(Service& service) {
    if (!service.shared_database()) {
        service.database = TRY(open_sqlite(service.data_dir + "/proveout.db"));
        return Unit{};
    }
    auto database = open_postgres(service.config.get("DATABASE_URL"));
    if (!database) return make_error(ErrorCode::kInvalidInput, "DATABASE_URL: " + database.error().message);
    service.database = std::move(*database);
    return Unit{};
}

Status open_store(Service& service) {
    const Config& config = service.config;
    if (config.get("ARTEFACT_STORE") == "s3") {
        service.store = TRY(open_s3_store(s3_options(config)));
        return Unit{};
    }
    LocalStoreOptions options;
    options.root = service.data_dir + "/artefacts";
    options.key = TRY(lasting_secret(*service.database, "signing_key"));
    options.public_url = config.get("PUBLIC_URL");
    auto store = TRY(open_local_store(options));
    service.local_store = store.get();
    service.store = std::move(store);
    return Unit{};
}

void remove_left_overs(const std::string& folder) {
    std::error_code ignored;
    for (const auto& file : fs::directory_iterator(folder, ignored)) fs::remove(file.path(), ignored);
}

Status open_storage(Service& service) {
    TRY(make_private_directory(service.data_dir));
    TRY(make_private_directory(service.data_dir + "/spool"));
    TRY(open_database(service));
    // Nobody else uses the directory of a database of our own; a shared one may hold what another node is receiving.
    if (!service.shared_database()) remove_left_overs(service.data_dir + "/spool");
    return open_store(service);
}

void open_guard(Service& service) {
    Database& database = *service.database;
    HighWater high_water;
    high_water.load = [&database]() -> std::optional<int64_t> {
        auto value = database.get_setting("license.high_water_ms");
        return value && *value ? std::optional(std::strtoll((*value)->c_str(), nullptr, 10)) : std::nullopt;
    };
    high_water.save = [&database, load = high_water.load](int64_t ms) {
        // Another node may have seen a later time.
        if (load().value_or(0) < ms) (void)database.put_setting("license.high_water_ms", std::to_string(ms));
    };
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
    parts.local_store = service.local_store;
    parts.keys = service.keys.get();
    parts.token_rules = service.token_rules;
    parts.guard = service.guard.get();
    parts.log = &service.log;
    parts.metrics = &service.metrics;
    parts.webhook_networks = TRY(AllowedNetworks::parse(service.config.get("WEBHOOK_ALLOW_PRIVATE")));
    if (service.dev_key) parts.dev_token = [&service] { return page_token(service, kPageTokenLife_s); };
    parts.draining = &service.draining;
    parts.event_streams = [&service] { return service.wakers.event_streams(); };
    parts.cancel_asked = [&service] { service.wakers.queued(); };
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
    service.wakers.set(&Wakers::server, service.server.get());
    return Unit{};
}

int core_count() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

Status open_workers(Service& service) {
    const Config& config = service.config;
    Database& database = *service.database;
    Api& api = *service.api;
    auto body = [&database, &api](const WebhookDelivery& delivery) -> std::string {
        auto run = database.get_run(delivery.webhook.tenant, delivery.sim_id, false);
        if (!run) return {};  // tried again when the database answers
        std::string data = *run ? api.run_json(**run, false) : "{\"sim_id\":\"" + delivery.sim_id + "\"}";
        return "{\"type\":\"" + delivery.type + "\",\"timestamp\":\"" + rfc3339(delivery.created_ms) + "\",\"data\":" + data + "}";
    };
    service.webhooks = WebhookSender::start(database, TRY(AllowedNetworks::parse(config.get("WEBHOOK_ALLOW_PRIVATE"))), body, service.log);
    service.wakers.set(&Wakers::webhooks, service.webhooks.get());
    database.on_event([&service](const std::string& sim_id) { service.wakers.event(sim_id); });
    database.on_queued([&service] { service.wakers.queued(); });
    WorkerPoolOptions pool;
    pool.slots = config.get("SIM_CONCURRENCY").empty() ? core_count() : static_cast<int>(config.number("SIM_CONCURRENCY"));
    pool.threads_per_run = config.get("SIM_THREADS").empty() ? core_count() : static_cast<int>(config.number("SIM_THREADS"));
    pool.owner = config.get("WORKER_NAME").empty() ? (service.worker ? "worker-" : "serve-") + new_uuid() : config.get("WORKER_NAME");
    pool.lease_s = config.number("SIM_LEASE_S");
    pool.retry_max = static_cast<int>(config.number("SIM_RETRY_MAX"));
    pool.workspace_root = config.get("SIM_TMP_DIR").empty() ? service.data_dir + "/tmp" : config.get("SIM_TMP_DIR");
    pool.object_prefix = folder_prefix(config.get("MINIO_PREFIX"));
    pool.binary = service.binary;
    pool.ffmpeg = config.get("FFMPEG_BIN");
    pool.camotics = config.get("CAMOTICS_BIN");
    pool.timeout_max_s = config.number("SIM_TIMEOUT_S");
    // Alone with its database, every run that is running belonged to a process that is gone.
    if (!service.shared_database()) TRY(database.release_all_running());
    if (pool.slots > 0) service.pool = TRY(WorkerPool::start(pool, database, *service.store, *service.guard, service.log, service.metrics));
    service.wakers.set(&Wakers::pool, service.pool.get());
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
    if (service.worker) {
        std::printf("proveout worker ready\n");
        std::fflush(stdout);
        return;
    }
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
    if (service.server) service.server->drain(kAnswerGrace_s);
    service.wakers.clear();
}

Status open_all(Service& service) {
    TRY(open_storage(service));
    TRY(open_identity(service));
    open_guard(service);
    TRY(open_api(service));
    TRY(open_workers(service));
    return service.serves_http() ? open_server(service) : Status(Unit{});
}

}  // namespace

S3Options s3_options(const Config& config) {
    S3Options options;
    options.endpoint = config.get("MINIO_ENDPOINT");
    options.public_endpoint = config.get("MINIO_PUBLIC_ENDPOINT");
    options.access_key = config.get("MINIO_ACCESS_KEY");
    options.secret_key = config.get("MINIO_SECRET_KEY");
    options.region = config.get("MINIO_REGION");
    options.bucket = config.get("MINIO_BUCKET_SIM");
    options.prefix = folder_prefix(config.get("MINIO_PREFIX"));
    return options;
}

int serve(const ServeOptions& options) {
    sigset_t signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::umask(077);
    Service service(options);
    service.data_dir = data_directory(*options.config);
    std::error_code failure;
    service.binary = fs::read_symlink("/proc/self/exe", failure).string();
    if (Status keys = require_keys(service); !keys) return fail(kExitInvalid, keys.error().message);
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
