// infer.h -- zero flags must work: what is missing in a set-up is taken from the program's comments and motion, and every step is put in
// words.
//
//   std::vector<std::string> assumptions;
//   ProgramScan scan = scan_program(text);
//   ProgramNotes notes = read_notes(scan);
//   use_notes(notes, setup, assumptions);                        // before the survey: cutter compensation needs the tools
//   Survey survey = TRY(survey_program(program, setup, context));
//   TRY(fill_from_survey(survey, scan, notes, missing, setup, assumptions));
#pragma once

#include <string>
#include <vector>

#include "import/comments.h"
#include "proveout/simulate.h"

namespace proveout {

struct Given {
    bool tools_are_complete = false;  // the document lists the tools: nothing is added to them
    bool stock = false;
};

// Tools that `setup` lacks, and the stock, from comments. Work offset G54 is added to the stock's place.
void use_notes(const ProgramNotes& notes, const Given& given, Setup& setup, std::vector<std::string>& assumptions);

// Checks that every tool of the motion is described, and infers the stock from the motion if there is none yet.
// Errors: kInvalidInput with code TOOL_UNDEFINED in the message (pointer /tools, line of the T word), or no stock can be inferred (/stock).
Status fill_from_survey(const Survey& survey, const ProgramScan& scan, const ProgramNotes& notes, Setup& setup,
                        std::vector<std::string>& assumptions);

// Where the tools are listed completely, every tool that is called must be among them, whether it moves or not. Error: as above.
Status check_called_tools(const Survey& survey, const ProgramScan& scan, const ProgramNotes& notes, const Setup& setup);

// "flat end mill, diameter 6 mm"
std::string describe(const Tool& tool);
// "box 60 x 40 x 10 mm with its low corner at -30, -20, -10"
std::string describe(const Solid& solid);

}  // namespace proveout
