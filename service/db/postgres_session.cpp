#include "db/postgres_session.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <charconv>

#include "domain/clock.h"

namespace proveout {

namespace {

constexpr int64_t kConnect_s = 5, kLeastConnect_s = 2;  // libpq takes 1 for 2
constexpr int64_t kAnswer_ms = 35'000;                  // longer than statement_timeout: the server's own limits come first
constexpr const char* kSettings =
    "SET search_path = public; SET client_min_messages = warning; SET statement_timeout = '30s'; SET lock_timeout = '10s'; "
    "SET idle_in_transaction_session_timeout = '60s'; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')";

// Types whose text is a number (pg_type.dat).
constexpr Oid kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kFloat4 = 700, kFloat8 = 701;

SqlRow::Cell cell_of(PGresult* result, int row, int column) {
    if (PQgetisnull(result, row, column)) return {};
    const char* text = PQgetvalue(result, row, column);
    const char* end = text + PQgetlength(result, row, column);
    switch (PQftype(result, column)) {
        case kBool:
            return int64_t{*text == 't'};
        case kInt2:
        case kInt4:
        case kInt8: {
            int64_t value = 0;
            std::from_chars(text, end, value);
            return value;
        }
        case kFloat4:
        case kFloat8: {
            double value = 0;
            std::from_chars(text, end, value);
            return value;
        }
        default:
            return std::string(text, end);
    }
}

SqlRows rows_of(PGresult* result) {
    SqlRows rows(static_cast<size_t>(PQntuples(result)));
    for (size_t i = 0; i < rows.size(); ++i)
        for (int column = 0; column < PQnfields(result); ++column) rows[i].cells.push_back(cell_of(result, static_cast<int>(i), column));
    return rows;
}

std::string text_of(const SqlParam& param) {
    if (const auto* number = std::get_if<int64_t>(&param)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string_view>(&param)) return std::string(*text);
    char buffer[32];
    auto [end, fault] = std::to_chars(buffer, buffer + sizeof buffer, std::get<double>(param));
    return std::string(buffer, end);
}

const std::string& text_of_statement(std::string_view name) {
    static const auto kStatements = parse_statements({kCommonSql, kPostgresSql});
    auto there = kStatements.find(name);
    CHECK(there != kStatements.end());
    return there->second;
}

}  // namespace

Result<std::unique_ptr<PostgresSession>> PostgresSession::open(const std::string& url, int64_t until_ms) {
    int64_t left_s = until_ms == 0 ? kConnect_s : (until_ms - steady_ms()) / 1000;
    std::string connect_s = std::to_string(std::clamp(left_s, kLeastConnect_s, kConnect_s));
    const char* names[] = {"dbname", "connect_timeout", "application_name", "client_encoding", "tcp_user_timeout", "keepalives_idle",
                           nullptr};
    const char* values[] = {url.c_str(), connect_s.c_str(), "proveout", "UTF8", "10000", "10", nullptr};
    auto session = std::unique_ptr<PostgresSession>(new PostgresSession());
    session->until_ms_ = until_ms;
    session->connection_ = PQconnectdbParams(names, values, 1);
    if (PQstatus(session->connection_) != CONNECTION_OK) return session->connection_lost("");
    PQsetNoticeProcessor(
        session->connection_, [](void*, const char*) {}, nullptr);  // what matters comes back as an error
    TRY(session->exec(kSettings));
    return session;
}

PostgresSession::~PostgresSession() { PQfinish(connection_); }

Error PostgresSession::connection_lost(const std::string& why) {
    lost_ = true;
    std::string message = why.empty() ? PQerrorMessage(connection_) : why;
    while (!message.empty() && message.back() == '\n') message.pop_back();
    return make_error(ErrorCode::kIo, "the database cannot be reached: " + message);
}

Error PostgresSession::failure(PGresult* result) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    std::string code = state ? state : "";
    if (code.empty() || code.starts_with("08") || code.starts_with("57P") || PQstatus(connection_) != CONNECTION_OK) lost_ = true;
    wants_retry_ = code == "40001" || code == "40P01" || code == "55P03";
    const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return make_error(ErrorCode::kIo,
                      "the database cannot be reached: " + std::string(text ? text : "connection lost") + " (" + code + ")");
}

Status PostgresSession::await() {
    int64_t start_ms = steady_ms(), deadline_ms = start_ms + kAnswer_ms;
    if (until_ms_ != 0) deadline_ms = std::min(deadline_ms, until_ms_);
    while (PQisBusy(connection_)) {
        int64_t left = deadline_ms - steady_ms();
        pollfd ready{PQsocket(connection_), POLLIN, 0};
        int count = left > 0 ? poll(&ready, 1, static_cast<int>(left)) : 0;
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return connection_lost("no answer within " + std::to_string((deadline_ms - start_ms) / 1000) + " s");
        if (!PQconsumeInput(connection_)) return connection_lost("");
    }
    return Unit{};
}

Result<SqlRows> PostgresSession::answers() {
    SqlRows rows;
    std::optional<Error> error;
    while (true) {
        TRY(await());
        PGresult* result = PQgetResult(connection_);
        if (!result) break;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_TUPLES_OK) rows = rows_of(result);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY && !error) error = failure(result);
        PQclear(result);
    }
    if (error) return *error;
    if (PQstatus(connection_) != CONNECTION_OK) return connection_lost("");
    return rows;
}

Result<SqlRows> PostgresSession::exec(const std::string& sql) {
    if (lost_) return connection_lost("the connection has been lost");
    if (!PQsendQuery(connection_, sql.c_str())) return connection_lost("");
    return answers();
}

std::string PostgresSession::quoted(const std::string& text) {
    char* escaped = PQescapeLiteral(connection_, text.data(), text.size());
    std::string out = escaped ? escaped : "''";
    PQfreemem(escaped);
    return out;
}

Result<int64_t> PostgresSession::begin(SqlMode mode, const std::string& tenant) {
    wants_retry_ = false;
    bool write = mode == SqlMode::kWrite;
    SqlRows rows =
        TRY(exec(std::string(write ? "BEGIN" : "BEGIN READ ONLY") + "; SELECT set_config('proveout.tenant', " + quoted(tenant) +
                 ", true), (extract(epoch FROM clock_timestamp()) * 1000)::bigint" + (write ? ", pg_current_xact_id()::text" : "")));
    if (rows.empty()) return connection_lost("no answer to BEGIN");
    transaction_id_ = write ? rows[0].text(2) : std::string();
    return rows[0].integer(1);
}

Status PostgresSession::prepare(std::string_view name) {
    if (prepared_.find(name) != prepared_.end()) return Unit{};
    if (!PQsendPrepare(connection_, std::string(name).c_str(), text_of_statement(name).c_str(), 0, nullptr)) return connection_lost("");
    TRY(answers());
    prepared_.emplace(name);
    return Unit{};
}

Result<SqlRows> PostgresSession::run(std::string_view name, const SqlParams& params) {
    if (lost_) return connection_lost("the connection has been lost");
    TRY(prepare(name));
    std::vector<std::string> texts;
    texts.reserve(params.size());
    std::vector<const char*> values;
    for (const SqlParam& param : params) {
        bool null = std::holds_alternative<std::monostate>(param);
        texts.push_back(null ? std::string() : text_of(param));
        values.push_back(null ? nullptr : texts.back().c_str());
    }
    if (!PQsendQueryPrepared(connection_, std::string(name).c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0))
        return connection_lost("");
    return answers();
}

Status PostgresSession::commit() {
    TRY(exec("COMMIT"));
    if (PQtransactionStatus(connection_) != PQTRANS_IDLE) return connection_lost("a transaction did not end");
    return Unit{};
}

void PostgresSession::rollback() {
    if (!lost_ && PQtransactionStatus(connection_) != PQTRANS_IDLE) (void)exec("ROLLBACK").ok();
}

int PostgresSession::descriptor() const { return PQsocket(connection_); }

Result<std::vector<std::pair<std::string, std::string>>> PostgresSession::notifications() {
    if (!PQconsumeInput(connection_)) return connection_lost("");
    std::vector<std::pair<std::string, std::string>> arrived;
    while (PGnotify* notify = PQnotifies(connection_)) {
        arrived.emplace_back(notify->relname, notify->extra);
        PQfreemem(notify);
    }
    return arrived;
}

}  // namespace proveout
