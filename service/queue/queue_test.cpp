// The worker pool over a real database and a real store, its children this test's own binary; see main().
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "db/sqlite.h"
#include "domain/ids.h"
#include "domain/job_refs.h"
#include "files/digest.h"
#include "queue/publish.h"
#include "queue/worker_pool.h"
#include "report/report.h"
#include "runner/attempt.h"
#include "store/local.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

// A store that can be away.
class FlakyStore : public ArtefactStore {
  public:
    explicit FlakyStore(ArtefactStore& inner) : inner_(inner) {}
    std::atomic<bool> away{false};
    std::atomic<bool> sweeps_are_held{false}, stages_are_held{false};
    std::atomic<int> refused{0}, begun{0}, published{0};
    Result<std::string> check() override { return inner_.check(); }
    Status stage(const std::string& prefix, int64_t fence, const std::string& name, const std::string& file, const std::string& sha256,
                 const std::string& type) override {
        if (away) return gone();
        ++begun;
        while (stages_are_held) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return inner_.stage(prefix, fence, name, file, sha256, type);
    }
    Status publish(const std::string& prefix, int64_t fence, const std::vector<std::string>& names) override {
        if (away) return gone();
        ++published;
        return inner_.publish(prefix, fence, names);
    }
    Status discard(const std::string& prefix, int64_t fence) override { return inner_.discard(prefix, fence); }
    Status put(const std::string& key, const std::string& file, const std::string& sha256, const std::string& type) override {
        return inner_.put(key, file, sha256, type);
    }
    Status get(const std::string& key, const std::string& file) override {
        if (away) return gone();
        return inner_.get(key, file);
    }
    Status remove(const std::string& key) override { return inner_.remove(key); }
    Status remove_folder(const std::string& prefix) override { return inner_.remove_folder(prefix); }
    Result<std::string> link(const std::string& key, const LinkOptions& options) override { return inner_.link(key, options); }
    Status sweep(const std::function<bool(const std::string&, int64_t)>& live) override {
        while (sweeps_are_held) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return inner_.sweep(live);
    }

  private:
    Error gone() {
        ++refused;
        return make_error(ErrorCode::kIo, "the store is away");
    }
    ArtefactStore& inner_;
};

class FakeGuard : public LicenseGuard {
  public:
    std::atomic<bool> valid{true};
    std::atomic<int> concurrent{0};
    LicenseAnswer check(std::string_view) override {
        LicenseAnswer answer;
        if (!valid) answer.reason = LicenseReason::kExpired, answer.message = "the licence has expired";
        if (concurrent > 0) answer.license.concurrent_runs = concurrent;
        return answer;
    }
};

const char* kProgram = R"(G21 G90\nT1 M6\nS9000 M3\nG0 X0 Y0 Z5\nG1 Z-2 F300\nG1 X10 F600\nG0 Z5\nM30)";

std::string job_with(std::string_view program, std::string_view options = R"("resolution_mm":0.5)") {
    return R"({"inline_gcode":")" + std::string(program) +
           R"(","tools":[{"number":1,"type":"flat","diameter":6,"flute_length":20,"stickout":35}],)" +
           R"("stock":{"shape":"box","dims":[40,30,10],"origin":[-20,-15,-10]},"options":{)" + std::string(options) +
           R"(,"video":{"width":128,"height":72,"fps":10,"seconds":1}}})";
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class QueueTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string folder = fs::temp_directory_path() / "proveout-queue-XXXXXX";
        ASSERT_TRUE(mkdtemp(folder.data()));
        folder_ = fs::canonical(folder);
        database_ = std::move(open_sqlite(folder_ + "/proveout.db").value());
        LocalStoreOptions store;
        store.root = folder_ + "/artefacts";
        store.key = std::string(32, 'k');
        local_ = std::move(open_local_store(store).value());
        store_ = std::make_unique<FlakyStore>(*local_);
        options_.slots = 2;
        options_.owner = "test";
        options_.workspace_root = folder_ + "/tmp";
        options_.object_prefix = "shop/";
        options_.binary = "/proc/self/exe";
        options_.ffmpeg = "ffmpeg";
    }
    void TearDown() override {
        pool_.reset();
        EXPECT_TRUE(!fs::exists(options_.workspace_root) || fs::is_empty(options_.workspace_root)) << "a workspace is left";
        for (const auto& entry : fs::recursive_directory_iterator(folder_ + "/artefacts"))
            EXPECT_EQ(entry.path().string().find("staging/"), std::string::npos) << entry.path();
        database_.reset();
        fs::remove_all(folder_);
    }
    void start() {
        pool_ = std::move(WorkerPool::start(options_, *database_, *store_, guard_, log_, metrics_).value());
        database_->on_queued([this] { pool_->wake(); });
    }
    std::string submit(const std::string& job, double timeout_s = 60, std::vector<std::string> uploads = {}) {
        NewRun run;
        run.sim_id = new_id("sim"), run.job_id = new_id("job"), run.tenant = "acme";
        run.job_json = job, run.timeout_s = timeout_s, run.upload_refs = std::move(uploads);
        EXPECT_EQ(database_->submit(run, {}).value(), SubmitOutcome::kAccepted);
        if (pool_) pool_->wake();
        return run.sim_id;
    }
    RunRecord get(const std::string& sim_id) { return *database_->get_run("acme", sim_id).value(); }
    RunRecord wait_for(const std::string& sim_id, double limit_s = 240) {
        auto start = std::chrono::steady_clock::now();
        while (!is_final(get(sim_id).status) && seconds_since(start) < limit_s) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return get(sim_id);
    }
    void wait_until_running(const std::string& sim_id, Stage stage = Stage::kPrepare) {
        auto start = std::chrono::steady_clock::now();
        while ((get(sim_id).status != RunStatus::kRunning || get(sim_id).stage < stage) && seconds_since(start) < 30)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    void ffmpeg(const std::string& body) {
        fs::create_directories(folder_ + "/fake/bin");
        options_.ffmpeg = folder_ + "/fake/bin/ffmpeg";
        std::ofstream(options_.ffmpeg) << "#!/bin/sh\n" << body << "\n";
        ::chmod(options_.ffmpeg.c_str(), 0755);
    }
    std::vector<std::string> names(const RunRecord& run) {
        std::vector<std::string> out;
        for (const StoredArtefact& artefact : run.artefacts) {
            out.push_back(artefact.name);
            EXPECT_TRUE(fs::is_regular_file(folder_ + "/artefacts/shop/simulations/" + run.sim_id + "/" + artefact.name)) << artefact.name;
        }
        return out;
    }
    std::string text_of(const RunRecord& run, const std::string& name) {
        std::ifstream file(folder_ + "/artefacts/shop/simulations/" + run.sim_id + "/" + name);
        return {(std::istreambuf_iterator<char>(file)), {}};
    }
    std::string events(const std::string& sim_id, const std::string& type) {
        std::string out;
        std::vector<RunEvent> all = database_->events_after(sim_id, 0, 10000).value();
        for (const RunEvent& event : all)
            if (event.type == type) out += event.data + "\n";
        return out;
    }
    int64_t counter(const std::string& name) {
        std::string text = metrics_.text();
        size_t at = text.find("\n" + name + " ");
        return at == std::string::npos ? -1 : std::strtoll(text.c_str() + at + name.size() + 2, nullptr, 10);
    }

    std::string folder_;
    std::unique_ptr<Database> database_;
    std::unique_ptr<LocalStore> local_;
    std::unique_ptr<FlakyStore> store_;
    FakeGuard guard_;
    Log log_{"error", "text"};
    Metrics metrics_;
    WorkerPoolOptions options_;
    std::unique_ptr<WorkerPool> pool_;
};

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_F(QueueTest, ARunGoesThroughAllStagesAndItsFilesArePublished) {
    start();
    std::string id = submit(job_with(kProgram));
    RunRecord run = wait_for(id);
    ASSERT_EQ(run.status, RunStatus::kSucceeded) << (run.error ? run.error->message : "");
    EXPECT_EQ(run.stage, Stage::kDone);
    EXPECT_EQ(run.progress, 100);
    EXPECT_TRUE(run.alerts.empty());
    EXPECT_EQ(names(run), (std::vector<std::string>{"out.mp4", "part.glb", "part.stl", "preview.gif", "report.html", "report.json",
                                                    "snapshot.png", "timeline.json"}));
    EXPECT_NE(run.report_json.find("shop/simulations/" + id + "/out.mp4"), std::string::npos);
    EXPECT_EQ(text_of(run, "report.json"), run.report_json);
    std::string progress = events(id, "progress");
    for (const char* stage : {"prepare", "simulate", "encode", "upload", "done"})
        EXPECT_NE(progress.find("\"" + std::string(stage) + "\""), std::string::npos) << progress;
    EXPECT_EQ(counter("proveout_runs_started_total"), 1);
    EXPECT_EQ(counter("proveout_runs_succeeded_total"), 1);
}

TEST_F(QueueTest, TenThousandCollisionsAreOneAlert) {
    std::string program = R"(G21 G90\nT1 M6\nS9000 M3\nG0 X15. Y0. Z5.\nM98 P1 L3000\nM30\nO1\nG0 Z-1.\nG0 Z5.\nM99)";
    start();
    RunRecord run = wait_for(submit(R"({"dialect":"fanuc",)" + job_with(program).substr(1)));
    ASSERT_EQ(run.status, RunStatus::kWarning) << (run.error ? run.error->message : "");
    ASSERT_EQ(run.alerts.size(), 1u);
    EXPECT_EQ(run.alerts[0].code, "COLLISION_DETECTED");
    EXPECT_EQ(run.alerts[0].severity, "error");
    EXPECT_GE(run.alerts[0].count, 1);
    EXPECT_NE(run.alerts[0].message.find("RAPID_IN_STOCK"), std::string::npos) << run.alerts[0].message;
    EXPECT_EQ(counter("proveout_collisions_detected_total"), run.alerts[0].count);
}

TEST_F(QueueTest, UploadsAreReadUnderTheirReferences) {
    std::string id = new_id("upl"), file = folder_ + "/upload";
    std::string text = "G21 G90\nT1 M6\nS9000 M3\nG0 X0 Y0 Z5\nG1 Z-2 F300\nG1 X10 F600\nG0 Z5\nM30\n";
    std::ofstream(file) << text;
    ASSERT_TRUE(store_->put("shop/uploads/" + id, file, sha256_hex(text), "text/plain").ok());
    UploadRecord upload;
    upload.upload_id = id, upload.tenant = "acme", upload.kind = "gcode", upload.filename = "bracket.nc";
    ASSERT_TRUE(database_->put_upload(upload).ok());
    std::string job = job_with("x");
    job.replace(job.find(R"("inline_gcode":"x")"), 18, R"("gcode_ref":")" + id + "\"");
    start();
    RunRecord run = wait_for(submit(job, 60, {id}));
    ASSERT_EQ(run.status, RunStatus::kSucceeded) << (run.error ? run.error->message : "");
    EXPECT_NE(text_of(run, "report.html").find("bracket.nc"), std::string::npos);
}

TEST_F(QueueTest, EveryClassOfErrorHasItsCodeMessageAndNextSteps) {
    options_.retry_max = 1;
    start();
    RunRecord run = wait_for(submit(job_with(R"(G21\nG1 X[1/0] F300\nM30)")));
    ASSERT_EQ(run.status, RunStatus::kFailed);
    EXPECT_EQ(run.error->code, "UNPROCESSABLE_GCODE");
    EXPECT_EQ(run.error->message.compare(0, 7, "line 2:"), 0) << run.error->message;
    EXPECT_FALSE(run.error->next_steps.empty());
    EXPECT_EQ(run.attempt, 1) << "not retried";
    EXPECT_TRUE(has(names(run), "logs/run.log"));
    ASSERT_EQ(run.alerts.size(), 1u);
    EXPECT_EQ(run.alerts[0].code, "UNPROCESSABLE_GCODE");

    run = wait_for(submit(R"({"inline_gcode":"M30","tools":[{"number":1,"type":"flat"}],"stock":"auto"})"));
    EXPECT_EQ(run.error->code, "INVALID_PROJECT");
    EXPECT_NE(run.error->message.find("/tools/0/diameter"), std::string::npos) << run.error->message;
    run = wait_for(submit(job_with(kProgram, R"("resolution_mm":0.001)")));
    EXPECT_EQ(run.error->code, "RESOURCE_LIMIT");
    EXPECT_EQ(counter("proveout_runs_failed_total"), 3);
}

TEST_F(QueueTest, AFailingEncoderEndsTheRunInItsStageAndKeepsItsWords) {
    ffmpeg("echo no such codec >&2; exit 1");
    start();
    RunRecord run = wait_for(submit(job_with(kProgram)));
    ASSERT_EQ(run.status, RunStatus::kFailed);
    EXPECT_EQ(run.error->code, "ENCODING_FAILED");
    EXPECT_EQ(run.stage, Stage::kEncode);
    std::vector<std::string> kept = names(run);
    for (const char* name : {"logs/ffmpeg.log", "logs/run.log", "report.json", "part.stl"}) EXPECT_TRUE(has(kept, name)) << name;
    EXPECT_FALSE(has(kept, "out.mp4"));
    EXPECT_NE(text_of(run, "logs/ffmpeg.log").find("no such codec"), std::string::npos);
    ASSERT_EQ(run.alerts.size(), 1u);
    EXPECT_EQ(run.alerts[0].code, "ENCODING_FAILED");
}

TEST_F(QueueTest, ARunThatTakesTooLongIsNotRetried) {
    ffmpeg("sleep 1000");
    start();
    RunRecord run = wait_for(submit(job_with(kProgram), 1.5));
    ASSERT_EQ(run.status, RunStatus::kFailed);
    EXPECT_EQ(run.error->code, "TIMEOUT");
    EXPECT_EQ(run.error->message, "the run took longer than its limit of 1.5 s");
    EXPECT_EQ(run.stage, Stage::kEncode);
    EXPECT_EQ(run.attempt, 1);
    EXPECT_EQ(counter("proveout_timeouts_total"), 1);
}

TEST_F(QueueTest, ARunWhoseProcessDiesIsTriedAgainAndThenFails) {
    ffmpeg("kill -9 $PPID; sleep 5");
    options_.retry_max = 1;
    start();
    RunRecord run = wait_for(submit(job_with(kProgram)));
    ASSERT_EQ(run.status, RunStatus::kFailed);
    EXPECT_EQ(run.error->code, "WORKER_CRASH_LIMIT");
    EXPECT_NE(run.error->message.find("signal 9"), std::string::npos) << run.error->message;
    EXPECT_EQ(run.attempt, 2);
    EXPECT_TRUE(has(names(run), "logs/run.log"));
    EXPECT_EQ(store_->published, 1) << "the first attempt leaves nothing at the final keys";
    EXPECT_EQ(counter("proveout_runs_started_total"), 1);
    EXPECT_EQ(counter("proveout_runs_failed_total"), 1);
}

TEST_F(QueueTest, FilesThatAreNoFilesArePublishedByNobody) {
    std::ofstream(folder_ + "/secret") << "hunter2";
    ffmpeg("for f in $(dirname $(pwd)) ; do :; done; exec 3<&0; case \"$*\" in *out.mp4*) d=\"$*\"; d=${d##* }; d=${d%/*}; ln -s " +
           folder_ + "/secret \"$d/part.stl\";; esac; exit 1");
    start();
    RunRecord run = wait_for(submit(job_with(kProgram)));
    EXPECT_EQ(run.status, RunStatus::kFailed);
    for (const std::string& name : names(run)) EXPECT_EQ(text_of(run, name).find("hunter2"), std::string::npos) << name;
}

TEST_F(QueueTest, ACancelEndsARunningRunSoon) {
    ffmpeg("trap '' TERM; sleep 1000");
    start();
    std::string id = submit(job_with(kProgram));
    wait_until_running(id, Stage::kEncode);
    auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(database_->request_cancel("acme", id).value()->accepted);
    pool_->wake();
    RunRecord run = wait_for(id, 10);
    EXPECT_EQ(run.status, RunStatus::kCancelled);
    EXPECT_EQ(run.error->code, "CANCELLED");
    EXPECT_LT(seconds_since(start), 8);
    EXPECT_TRUE(run.artefacts.empty());
    EXPECT_EQ(run.stage, Stage::kEncode);
}

TEST_F(QueueTest, AStoreThatIsAwayForAWhileFailsNoRun) {
    start();
    store_->away = true;
    std::string id = submit(job_with(kProgram));
    auto start = std::chrono::steady_clock::now();
    while (store_->refused < 4 && seconds_since(start) < 30) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(get(id).status, RunStatus::kRunning);
    EXPECT_EQ(get(id).stage, Stage::kUpload);
    store_->away = false;
    EXPECT_EQ(wait_for(id).status, RunStatus::kSucceeded);
    EXPECT_EQ(get(id).attempt, 1);
}

TEST_F(QueueTest, AStoreThatStaysAwayIsAnErrorOfItsOwn) {
    options_.store_patience_s = 0.5;
    options_.retry_max = 1;
    start();
    store_->away = true;
    RunRecord run = wait_for(submit(job_with(kProgram)));
    ASSERT_EQ(run.status, RunStatus::kFailed);
    EXPECT_EQ(run.error->code, "STORAGE_FAILED");
    EXPECT_EQ(run.attempt, 2);
    store_->away = false;
}

TEST_F(QueueTest, WithoutALicenceRunsWait) {
    guard_.valid = false;
    start();
    std::string id = submit(job_with(kProgram));
    std::this_thread::sleep_for(std::chrono::milliseconds(1300));
    EXPECT_EQ(get(id).status, RunStatus::kQueued);
    guard_.valid = true;
    EXPECT_EQ(wait_for(id).status, RunStatus::kSucceeded);
}

TEST_F(QueueTest, ALicenceBoundsHowManyRunAtOneTime) {
    guard_.concurrent = 1;
    ffmpeg("sleep 1; exit 1");
    options_.slots = 3;
    start();
    std::string first = submit(job_with(kProgram)), second = submit(job_with(kProgram));
    bool both = false;
    while (!is_final(get(second).status)) {
        both |= get(first).status == RunStatus::kRunning && get(second).status == RunStatus::kRunning;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_FALSE(both);
    EXPECT_TRUE(is_final(get(first).status));
}

TEST_F(QueueTest, ARunThatStandsStillTellsThatItLives) {
    ffmpeg("sleep 1000");
    start();
    std::string id = submit(job_with(kProgram), 4);
    wait_until_running(id, Stage::kEncode);
    int64_t before = database_->last_event_id(id).value();
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    EXPECT_GE(database_->last_event_id(id).value(), before + 2);
    wait_for(id);
}

TEST_F(QueueTest, ADrainGivesRunningRunsBackAndStartsNone) {
    ffmpeg("trap '' TERM; sleep 1000");
    start();
    std::string running = submit(job_with(kProgram)), third;
    wait_until_running(running, Stage::kEncode);
    auto start = std::chrono::steady_clock::now();
    pool_->drain(0.5);
    EXPECT_LT(seconds_since(start), 9);
    EXPECT_EQ(pool_->running(), 0);
    EXPECT_EQ(get(running).status, RunStatus::kQueued);
    EXPECT_EQ(get(running).attempt, 2);
    std::string later = submit(job_with(kProgram));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(get(later).status, RunStatus::kQueued);
    // A drain that has the time lets them finish.
    pool_.reset();
    options_.ffmpeg = "ffmpeg";
    this->start();
    wait_until_running(running);
    pool_->drain(30);
    EXPECT_EQ(get(running).status, RunStatus::kSucceeded);
}

TEST_F(QueueTest, AnOwnerThatLostItsRunReportsNothing) {
    ffmpeg("sleep 2; exit 1");
    options_.slots = 1;
    start();
    std::string id = submit(job_with(kProgram));
    wait_until_running(id, Stage::kEncode);
    ASSERT_TRUE(database_->release_all_running().ok());  // as if its lease had ended
    auto claimed = database_->claim("other", 60, 0).value();
    ASSERT_TRUE(claimed && claimed->run.sim_id == id);
    auto start = std::chrono::steady_clock::now();
    while (pool_->running() > 0 && seconds_since(start) < 10) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(get(id).status, RunStatus::kRunning);
    EXPECT_EQ(database_->renew_lease(id, claimed->fence, 60).value(), FenceAnswer::kHeld);
    EXPECT_EQ(store_->published, 0);
    EXPECT_EQ(counter("proveout_runs_failed_total"), 0);
}

TEST_F(QueueTest, AStoreThatIsSlowToBeSweptCostsNoLease) {
    ffmpeg("sleep 1000");
    options_.lease_s = 1;
    store_->sweeps_are_held = true;
    start();
    std::string id = submit(job_with(kProgram), 4);
    wait_until_running(id, Stage::kEncode);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    EXPECT_EQ(database_->release_expired().value(), 0);
    EXPECT_EQ(wait_for(id).error->code, "TIMEOUT");
    store_->sweeps_are_held = false;
}

TEST_F(QueueTest, ACancelledRunWhoseEndCannotBeStoredDoesNotHoldUpADrain) {
    ffmpeg("exit 1");
    store_->stages_are_held = true;
    start();
    std::string id = submit(job_with(kProgram));
    auto begin = std::chrono::steady_clock::now();
    while (store_->begun == 0 && seconds_since(begin) < 30) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_TRUE(database_->request_cancel("acme", id).value()->accepted);
    pool_->wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // the cancel is heard, its end not yet written
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ + "/proveout.db").c_str(), &other), SQLITE_OK);
    sqlite3_busy_timeout(other, 5000);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    store_->stages_are_held = false;
    std::atomic<bool> drained = false;
    std::thread drain([&] {
        pool_->drain(0);
        drained = true;
    });
    auto start = std::chrono::steady_clock::now();
    while (!drained && seconds_since(start) < 40) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(drained);
    EXPECT_EQ(get(id).status, RunStatus::kRunning) << "nobody could store its end";
    sqlite3_close(other);
    drain.join();
}

TEST_F(QueueTest, OnlyWorkspacesAreClearedAway) {
    fs::create_directories(options_.workspace_root);
    ::chmod(options_.workspace_root.c_str(), 0755);
    std::string sim = new_id("sim"), root = options_.workspace_root + "/";
    std::vector<std::string> kept{sim, sim + "-", sim + "-3b", "sim_x-3", "-3", new_id("upl") + "-3", "other"};
    for (const std::string& name : kept) fs::create_directories(root + name + "/in");
    fs::create_directories(root + sim + "-12/in");
    start();
    EXPECT_FALSE(fs::exists(root + sim + "-12"));
    for (const std::string& name : kept) EXPECT_TRUE(fs::exists(root + name + "/in")) << name;
    EXPECT_EQ(fs::status(root).permissions(), fs::perms(0755));
    for (const std::string& name : kept) fs::remove_all(root + name);
}

TEST(JobRefs, NamesEveryUploadOnce) {
    std::string a = new_id("upl"), b = new_id("upl"), c = new_id("upl");
    JobRefs refs = refs_of(R"({"gcode_ref":")" + a + R"(","stock":{"mesh_ref":")" + b + R"("},"fixturing":[{"mesh_ref":")" + c +
                           R"("},{"mesh_ref":")" + b + R"("},{"shape":"box"}],"target":{"mesh_ref":"../../etc/passwd"}})");
    EXPECT_EQ(refs.program, a);
    EXPECT_EQ(refs.uploads, (std::vector<std::string>{a, b, c}));
    EXPECT_TRUE(refs_of("[]").uploads.empty());
    EXPECT_TRUE(refs_of("{").uploads.empty());
}

TEST(Harvest, TakesRegularFilesWithPlainNamesOnly) {
    std::string folder = fs::temp_directory_path() / "proveout-harvest-XXXXXX";
    ASSERT_TRUE(mkdtemp(folder.data()));
    fs::create_directories(folder + "/out/logs/deeper");
    for (const char* name : {"out/part.stl", "out/logs/a b.log", "out/logs/x.log", "out/.hidden", "out/logs/deeper/y.log", "secret"})
        std::ofstream(folder + "/" + name) << "x";
    fs::create_symlink(folder + "/secret", folder + "/out/out.mp4");
    fs::create_symlink(folder + "/secret", folder + "/run.log");
    ::mkfifo((folder + "/out/part.glb").c_str(), 0600);
    auto found = harvest(folder, "said", false);
    ASSERT_TRUE(found);
    std::vector<std::string> names;
    for (const StoredArtefact& artefact : found->artefacts) names.push_back(artefact.name);
    EXPECT_EQ(names, (std::vector<std::string>{"logs/x.log", "part.stl", "logs/run.log"}));
    EXPECT_EQ(fs::file_size(folder + "/secret"), 1u);
    EXPECT_FALSE(harvest(folder, "", true));
    fs::remove_all(folder);
}

}  // namespace proveout

int main(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == "run-job") return proveout::run_job_process(argv[2]);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
