#include "config/config.h"

namespace proveout {

namespace {

using Form = ConfigForm;

ConfigKey text(std::string_view name, std::string_view default_text, std::string_view note, std::string_view meaning) {
    return {name, Form::kText, default_text, note, meaning};
}

ConfigKey integer(std::string_view name, double low, double high, std::string_view default_text, std::string_view note,
                  std::string_view meaning) {
    return {name, Form::kInteger, default_text, note, meaning, false, low, high};
}

ConfigKey choice(std::string_view name, std::string_view allowed, std::string_view default_text, std::string_view meaning) {
    return {name, Form::kChoice, default_text, "", meaning, false, 0, 0, allowed};
}

ConfigKey of_form(Form form, std::string_view name, std::string_view default_text, std::string_view note, std::string_view meaning) {
    return {name, form, default_text, note, meaning};
}

ConfigKey url(std::string_view name, std::string_view schemes, std::string_view note, std::string_view meaning, bool secret = false) {
    return {name, Form::kUrl, "", note, meaning, secret, 0, 0, schemes};
}

ConfigKey secret(std::string_view name, std::string_view meaning) { return {name, Form::kText, "", "", meaning, true}; }

std::vector<ConfigKey> make_keys() {
    return {
        text("FFMPEG_BIN", "ffmpeg", "", "The encoder, as a path or a name in PATH."),
        text("CAMOTICS_BIN", "", "engines camotics and both are off", "Path of camsim, for the second engine."),
        choice("SIM_ENGINE", "native camotics both", "native", "Engine of a job that names none."),
        integer("SIM_TIMEOUT_S", 1, 1e7, "900", "",
                "Time limit of one attempt of a run in seconds: the default and the most that a job may ask for."),
        integer("SIM_RETRY_MAX", 0, 100, "1", "", "Further attempts after the process of a run died."),
        text("SIM_TMP_DIR", "", "DATA_DIR/tmp; for the command TMPDIR or /tmp",
             "Workspaces of running runs and temporary files. The service removes workspaces that are left there at start."),
        integer("SIM_THREADS", 1, 1024, "", "the cores", "Threads of one run."),
        integer("SIM_CONCURRENCY", 0, 1024, "", "the cores", "Runs at one time in this process; 0 only accepts them."),
        integer("SIM_LEASE_S", 1, 3600, "15", "", "Lease of a running run in seconds: a worker silent for longer has lost it."),
        text("WORKER_NAME", "", "unique per process", "Name of this node."),
        text("DATA_DIR", "~/.local/state/proveout", "", "Database, artefacts, uploads and development keys."),
        url("DATABASE_URL", "postgresql postgres", "SQLite in DATA_DIR", "PostgreSQL, postgresql://USER:PASSWORD@HOST/NAME.", true),
        url("QUEUE_URL", "amqp amqps", "the database is the queue", "Message broker; this version has none yet and refuses the key.", true),
        text("QUEUE_NAME", "simulations", "", "Name of the broker's queue; not used yet."),
        integer("QUEUE_MAX", 1, 1e9, "10000", "", "Queued runs beyond which submits are refused."),
        choice("ARTEFACT_STORE", "local s3", "local", "Where artefacts lie: under DATA_DIR, or in the object store."),
        url("MINIO_ENDPOINT", "http https", "", "Object store, scheme and host."),
        url("MINIO_PUBLIC_ENDPOINT", "http https", "MINIO_ENDPOINT", "Object store as browsers reach it."),
        {"MINIO_ACCESS_KEY", Form::kText, "", "", "Access key of the object store.", true},
        secret("MINIO_SECRET_KEY", "Secret key of the object store."),
        text("MINIO_REGION", "us-east-1", "", "Region of the object store."),
        text("MINIO_BUCKET_SIM", "", "", "Bucket; it must exist and be private."),
        of_form(Form::kPrefix, "MINIO_PREFIX", "", "keys begin with simulations/", "Prefix of object keys."),
        integer("SIGNED_URL_TTL_S", 1, 604800, "3600", "", "Life of an artefact's link in seconds."),
        integer("RETENTION_DAYS", 1, 36500, "30", "", "Finished runs and uploads are removed after so many days."),
        of_form(Form::kListen, "HTTP_LISTEN", "127.0.0.1:8080", "", "Address of the service, HOST:PORT; port 0 takes a free one."),
        url("PUBLIC_URL", "http https", "links are paths on the same host", "Scheme and host of absolute links."),
        of_form(Form::kOrigins, "CORS_ALLOW_ORIGINS", "", "none", "Origins whose pages may call the API, exact, comma-separated."),
        integer("MAX_JOB_BYTES", 1024, 1e9, "1048576", "", "Largest job document in bytes."),
        integer("MAX_UPLOAD_BYTES", 1, 1e12, "268435456", "", "Largest upload in bytes."),
        of_form(Form::kRate, "RATE_LIMIT_TENANT", "600/60", "", "Requests of a tenant per seconds; 0 is off."),
        of_form(Form::kRate, "RATE_LIMIT_SUBMIT", "120/60", "", "Submits of a tenant per seconds; 0 is off."),
        of_form(Form::kRate, "RATE_LIMIT_PEER", "1200/60", "", "Requests of a network peer per seconds, before authentication; 0 is off."),
        text("JWT_JWKS_FILE", "", "", "Public keys of tokens, a JWK set."),
        text("JWT_ISSUER", "", "", "Issuer that tokens must name."),
        text("JWT_AUDIENCE", "", "", "Audience that tokens must name."),
        text("LICENSE_FILE", "", "", "The licence."),
        text("LICENSE_PUBLIC_KEY_FILE", "", "", "Public key of the licence's issuer, Ed25519 in PEM."),
        of_form(Form::kNetworks, "WEBHOOK_ALLOW_PRIVATE", "", "public addresses only",
                "Networks that webhooks may reach although they are private, as CIDRs, comma-separated."),
        choice("LOG_LEVEL", "debug info warning error", "info", "Least level that is logged."),
        choice("LOG_FORMAT", "json text", "json", "One JSON object a line, or text."),
    };
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> kKeys = make_keys();
    return kKeys;
}

}  // namespace proveout
