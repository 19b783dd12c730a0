// The one table of finding rules. docs/findings.md is generated from it.
#include "proveout/finding.h"

#include <iterator>

namespace proveout {

namespace {

constexpr Severity kError = Severity::kError;
constexpr Severity kWarning = Severity::kWarning;
constexpr Severity kInfo = Severity::kInfo;

// Collisions first, then the process, the machine, the program text, the result. Codes are never renamed.
constexpr FindingRule kRules[] = {
    {"RAPID_IN_STOCK", kError, true, "Rapid move through stock",
     "The cutter meets stock in a rapid move (G0, the rapid legs of canned cycles, G28, G30, G53 G0).",
     "Retract before the move, or make the move a feed. Look at the clearance plane, the work offset's Z and the tool length (H)."},
    {"SHANK_COLLISION", kError, true, "Shank in stock",
     "The neck or shank of the tool meets stock that the flutes have not removed before it arrives. Feed and rapid moves count alike.",
     "Use a longer or thinner-necked tool, clear the wall first, or cut less deep."},
    {"HOLDER_COLLISION", kError, true, "Holder in stock",
     "The holder meets stock that the flutes have not removed before it arrives. Feed and rapid moves count alike.",
     "Increase the stickout, use a slimmer holder, or open the pocket above first."},
    {"FIXTURE_COLLISION", kError, true, "Tool hits a fixture",
     "Cutter, shank or holder meets a clamp, jaw or other fixture. Feed and rapid moves count alike; fixtures are never cut.",
     "Move the clamp, raise the clearance plane, or route around it. Check the fixture's place in the job document."},
    {"TABLE_COLLISION", kError, true, "Tool hits the table", "A part of the tool goes below the top of the table (machine.table_z).",
     "Check the depth of through cuts, the work offset's Z and the tool length; put a spoil board or parallels under the stock."},

    {"SPINDLE_OFF_IN_CUT", kError, false, "Cutting with the spindle stopped",
     "A feed move meets stock while the spindle does not turn. S0 M3 is off; M6 stops the spindle (not in GRBL).",
     "Start the spindle (S... M3) before the first cut and after every tool change."},
    {"SPINDLE_REVERSED", kError, false, "Cutting with the spindle reversed",
     "A feed move removes stock while the spindle turns counter-clockwise (M4). Spindle-synchronised moves (tapping, threading) "
     "are exempt.",
     "Use M3 for right-hand tools."},
    {"FEED_MISSING", kError, false, "Feed move without a feed", "A feed move (G1, G2, G3) is executed before any feed rate is in force.",
     "Write an F word at or before the first feed move; in inverse time (G93) write one on every block."},
    {"FLUTE_LENGTH_EXCEEDED", kWarning, false, "Cut deeper than the flutes",
     "In a feed move uncut stock stands above the flutes inside the cutter's radius, or a shank of the cutter's own diameter "
     "follows into its "
     "slot and rubs. Depth alone is no reason: a thinner neck in a slot cut in steps is silent.",
     "Use a tool with longer flutes or a relieved neck, or take the depth in steps."},
    {"PLUNGE_NOT_CENTER_CUTTING", kError, false, "Plunge with a tool that does not cut at its centre",
     "A vertical move drives the centre of a tool into stock that cannot cut there (center_cutting is false; face mills by default).",
     "Ramp or helix into the stock, pre-drill, or enter from outside."},
    {"NEAR_MISS", kWarning, false, "Closer than the clearance",
     "A part that must not touch comes nearer to stock, fixture or table than options.clearance_mm without touching. "
     "Looked for only when the clearance is greater than 0.",
     "Give more room, or accept it if the set-up is measured well enough."},
    {"LOOSE_PIECE", kWarning, false, "A piece of stock comes loose",
     "A piece is no longer joined to the rest of the stock and no fixture touches it: it can be thrown or jam. `line` is the block after "
     "which it was loose. Pieces of a few cells are ignored.",
     "Leave holding tabs, clamp the piece, or stop short of the bottom and break it out."},
    {"GOUGE", kError, false, "Material removed that the design keeps",
     "The cut part lies inside the target mesh by more than the tolerance. Not looked for by this version: the report says so where a "
     "target "
     "is given.",
     "Check tool, offsets and the path at the named place."},
    {"EXCESS", kWarning, false, "Material left that the design removes",
     "The cut part stands proud of the target mesh by more than the tolerance. Not looked for by this version.",
     "Add a finishing pass or a smaller tool at the named place."},

    {"OVERTRAVEL", kError, false, "Beyond the machine's travel",
     "A move leaves machine.travel on an axis. Machine coordinates are those of the tool tip at zero tool length, arcs by their "
     "true extremes.",
     "Shift the set-up on the table, check the work offset and the tool length, or shorten the move."},
    {"TOOL_OFFSET_MISMATCH", kError, false, "Length offset of another tool",
     "The H in force differs from the length of the tool in the spindle: the tip is off by the difference, and the simulation moves it so.",
     "Make H equal T, or correct the offset table."},
    {"HOME_EXCURSION", kInfo, false, "Move in machine coordinates",
     "G28, G30 or G53 leaves the work coordinate system; where it goes depends on the machine, not on the program.",
     "Make sure that machine.zero and machine.home are those of your machine, and that Z retracts first."},
    {"SPINDLE_SPEED_EXCEEDED", kWarning, false, "Spindle speed above the limit",
     "The programmed S is above the tool's max_rpm or the machine's.", "Lower S."},

    {"UNITS_MISSING", kWarning, false, "No units in the program",
     "The first motion comes before any G20 or G21: the machine uses whatever was in force before.",
     "Write G21 (mm) or G20 (inch) in the first block."},
    {"DECIMAL_POINT_MISSING", kWarning, false, "Number without its decimal point",
     "Fanuc and Haas count X10 in the least increment: 0.010 mm or 0.0010 in. Only X10. is ten millimetres or inches. Where the control "
     "is a guess, X10 is read as ten.",
     "Write the point, or set machine.calculator_input if the control reads whole numbers as millimetres."},
    {"NO_PROGRAM_END", kWarning, false, "No end of program",
     "The file ends without M2, M30 or a closing %: spindle and coolant stay on. A cut-off transfer looks the same.",
     "End the program with M30 (or M2); check that the file is complete."},
    {"UNSUPPORTED_CODE", kWarning, false, "Code that is not simulated",
     "The control may know this code but the simulation does not act on it; it never becomes a move.",
     "Check by hand what the code does at this place."},
    {"BLOCK_REFUSED", kError, false, "The control refuses this block",
     "The firmware answers with the error number in `controller_error`, executes nothing of the block and goes on with the next line.",
     "Correct the block, or choose the right --dialect."},
    {"TOOL_UNDEFINED", kError, false, "Tool called but not defined",
     "The program calls a tool that is neither in the tool list nor can be inferred. The run is refused; the code stands in no report.",
     "Add the tool with --tool, --tools or in the job document."},
    {"BYTE_ORDER_MARK", kWarning, false, "Byte-order mark",
     "The file begins with a UTF-8 byte-order mark. It is skipped here; many controls refuse it.",
     "Save the file without a byte-order mark."},
    {"NOT_EXECUTED", kInfo, false, "Line for the sender or the operator",
     "Settings ($), jogs, real-time characters and the like are recognised but not part of the program's motion.",
     "Nothing, if it was meant so."},
    {"PROBE_MOVE", kInfo, false, "Probing move",
     "A probe stops where it touches; the simulation takes its programmed end, cuts nothing and checks it against fixtures and table only.",
     "Do not rely on coordinates set from the probe's result."},
    {"PROGRAM_PAUSE", kInfo, false, "Program stop", "M0, M1 or M60 waits for the operator; waiting is not counted as time.",
     "Nothing, if it was meant so."},
    {"ENGINES_DISAGREE", kWarning, false, "The two engines cut different parts",
     "CAMotics' part differs from ours by more than the cells of both explain: a surface distance or the removed volume is beyond the "
     "tolerance that the message names.",
     "Look at differences.png and at the place that the message names. Below the cell's size neither engine is right; else report it as a "
     "bug of one of them."},
    {"TOOL_APPROXIMATED", kInfo, false, "CAMotics has no shape for this tool",
     "CAMotics knows cylinder, cone, ball nose, sphere and frustum. Other cutters are built of several, or stand as the nearest one; the "
     "message names the deviation. Engine native has every tool's own shape.",
     "Nothing, or use engine native where the deviation matters."},
    {"CAMOTICS_WARNING", kInfo, false, "CAMotics says",
     "A warning or error of CAMotics about the program, which it read itself (raw mode), or about its surface.",
     "Run the program flattened (the default), so that CAMotics' dialect does not matter."},
    {"ENCODING_FAILED", kError, false, "No film", "FFmpeg is missing or failed; verdict, report and part are complete without it.",
     "Run `proveout doctor`; see the log of the encoder."},
};

}  // namespace

const FindingRule* rules_begin() { return std::begin(kRules); }
const FindingRule* rules_end() { return std::end(kRules); }

const FindingRule* find_rule(std::string_view code) {
    for (const FindingRule& rule : kRules)
        if (rule.code == code) return &rule;
    return nullptr;
}

}  // namespace proveout
