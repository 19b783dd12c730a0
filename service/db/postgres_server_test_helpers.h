// A PostgreSQL server of the tests' own: in a temporary folder, on a socket there, as a user that is not root; it ends with the tests.
#pragma once

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "db/database_test_helpers.h"
#include "db/postgres_session.h"

namespace proveout {

class PostgresServer {
  public:
    // One for all tests of the program. reason: why there is none.
    static PostgresServer* get(std::string& reason) {
        static std::string why;
        static std::unique_ptr<PostgresServer> server = start(why);
        reason = why;
        return server.get();
    }
    ~PostgresServer() { stop(SIGQUIT); }

    // The address of a new database whose owner is no superuser.
    std::string new_database() {
        std::string name = "test" + std::to_string(++count_);
        EXPECT_TRUE(admin("CREATE DATABASE " + name + " OWNER proveout").ok());
        return url("proveout", name);
    }
    std::string url(const std::string& user, const std::string& database) const {
        return "postgresql:///" + database + "?user=" + user + "&host=" + folder_->path("");
    }
    Result<SqlRows> admin(const std::string& sql, const std::string& database = "postgres") {
        auto session = TRY(PostgresSession::open(url("postgres", database)));
        return session->exec(sql);
    }
    void stop(int signal) {
        if (pid_ <= 0) return;
        kill(pid_, signal);
        waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }
    bool run() {
        std::vector<std::string> server = as_user();
        server.insert(server.end(), {tools_ + "/postgres", "-D", folder_->path("data"), "-k", folder_->path(""), "-c",
                                     "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60", "-c", "logging_collector=off"});
        pid_ = spawn(server);
        for (int i = 0; i < 300 && pid_ > 0; ++i) {
            if (admin("SELECT 1").ok()) return true;
            if (waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return false;
    }

  private:
    static std::unique_ptr<PostgresServer> start(std::string& why) {
        auto server = std::make_unique<PostgresServer>();
        std::error_code none;
        for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
            if (std::filesystem::exists(version.path() / "bin/initdb")) server->tools_ = (version.path() / "bin").string();
        if (server->tools_.empty()) {
            why = "no PostgreSQL server is installed (Debian package postgresql)";
            return nullptr;
        }
        server->folder_ = std::make_unique<TempFolder>();
        const passwd* user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
        if (user && chown(server->folder_->path("").c_str(), user->pw_uid, user->pw_gid) != 0) why = "chown";
        std::vector<std::string> initdb = server->as_user();
        initdb.insert(initdb.end(), {server->tools_ + "/initdb", "-D", server->folder_->path("data"), "-U", "postgres", "-A", "trust", "-N",
                                     "--locale=C.UTF-8", "-E", "UTF8"});
        int status = 1;
        pid_t pid = spawn(initdb);
        if (pid > 0) waitpid(pid, &status, 0);
        if (status != 0 || !server->run() || !server->admin("CREATE ROLE proveout LOGIN").ok()) {
            why = "the PostgreSQL server does not start";
            return nullptr;
        }
        return server;
    }

    std::vector<std::string> as_user() const {
        if (geteuid() != 0) return {"/usr/bin/setpriv", "--pdeathsig", "QUIT"};
        return {"/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig", "QUIT"};
    }

    static pid_t spawn(const std::vector<std::string>& words) {
        std::vector<char*> arguments;
        for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        for (int descriptor : {0, 1, 2}) posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
        pid_t pid = -1;
        if (posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ) != 0) pid = -1;
        posix_spawn_file_actions_destroy(&actions);
        return pid;
    }

    std::string tools_;
    std::unique_ptr<TempFolder> folder_;
    pid_t pid_ = 0;
    int count_ = 0;
};

}  // namespace proveout
