// What tests of the database have in common: a clock to turn, runs to submit.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "db/database.h"
#include "domain/ids.h"

namespace proveout {

// A folder that is removed with its contents.
class TempFolder {
  public:
    TempFolder() {
        std::string path = (std::filesystem::temp_directory_path() / "proveout_db_XXXXXX").string();
        CHECK(mkdtemp(path.data()) != nullptr);
        path_ = path;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string path(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

inline NewRun new_run(const std::string& tenant, const std::string& key = {}) {
    NewRun run;
    run.sim_id = new_id("sim");
    run.job_id = new_id("job");
    run.tenant = tenant;
    run.job_json = "{\"inline_gcode\":\"G21\"}";
    run.idempotency_key = key;
    return run;
}

inline FinalRun good_end() {
    FinalRun end;
    end.report_json = "{\"schema\":\"sim_report/v1\",\"notes\":[]}";
    end.artefacts = {{"out.mp4", 12, "ab", "video/mp4"}};
    end.metrics_json = "{\"collision_count\":0}";
    end.timings_json = "{\"simulate_s\":1.5}";
    return end;
}

}  // namespace proveout
