// verdict.h -- the short verdict for people: what was found first, what was removed, how long it takes, where the files are.
#pragma once

#include <string>

#include "console.h"
#include "report/report.h"

namespace proveout {

struct VerdictPlaces {
    std::string directory;  // of the results; empty: report on stdout only
    bool film = false, page = false, part = false;
};

std::string verdict_text(const ReportInput& input, const VerdictPlaces& places, const Colours& colours);

}  // namespace proveout
