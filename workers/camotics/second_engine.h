// second_engine.h -- what the flow of a run calls for the engines `camotics` and `both`; everything else of this folder is behind it.
//
//   if (uses_camotics(job)) second = TRY(cut_with_camotics(program, job, options, record, context));   // after simulate()
//   ... engine both:      TRY(compare_engines(our_part, simulation, job.setup, *second, context));     // when our part is made
//   ... engine camotics:  make_step_film(), and second->part.mesh in place of make_part()
#pragma once

#include <optional>
#include <string>

#include "camotics/camotics.h"
#include "camotics/compare.h"
#include "camotics/step_film.h"
#include "job/job.h"

namespace proveout {

inline bool uses_camotics(const Job& job) { return job.options.engine != "native"; }

struct SecondEngineOptions {
    std::string camsim;          // CAMOTICS_BIN: a path to camsim or a directory that has it
    std::string directory;       // for the private workspace, which is gone afterwards
    std::string logs_directory;  // exists; project.camotics and camsim.log stay there
    bool film = false;           // engine camotics: states for the film
    bool raw = false;
};

// Errors: as run_camotics(). `record` and the logs are there also when it fails.
Result<CamoticsPart> cut_with_camotics(const Program& program, const Job& job, const SecondEngineOptions& options, CamsimRecord& record,
                                       const Context& context);

struct EngineComparison {
    Comparison comparison;
    std::optional<Finding> disagreement;  // ENGINES_DISAGREE
    std::string picture_png;              // with a disagreement; may be empty
};
Result<EngineComparison> compare_engines(const Mesh& ours, const Simulation& simulation, const Setup& setup, const CamoticsPart& theirs,
                                         const Context& context);

}  // namespace proveout
