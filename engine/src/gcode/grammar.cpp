// The grammar of each dialect. Sources: LinuxCNC "G-code overview"; GRBL 1.1 protocol.c, gcode.c; Fanuc 0i-MF operator's manual B-64694EN;
// Haas mill operator's manual; Mach3 G-code language reference.
#include "gcode/grammar.h"

#include "proveout/result.h"

namespace proveout::gcode {

namespace {

constexpr int kGrblDigits = 8;       // nuts_bolts.c: digits beyond are dropped, leading zeros count
constexpr int kGrblCharacters = 79;  // protocol.h: 80 with the terminator
constexpr int kGrblHalCharacters = 256;
constexpr int kLinuxcncLine = 253;  // bytes of a line as written

constexpr uint32_t kLinuxcncLetters = bits("ABCDEFHIJKLPQRSTXYZ");  // U V W belong to machines with more axes
constexpr uint32_t kGrblLetters = bits("FIJKLPRSTXYZ");
constexpr uint32_t kGrblHalLetters = bits("ABCDEFHIJKLPQRSTUVWXYZ");
constexpr uint32_t kFanucLetters = bits("ABCDEFHIJKLPQRSTUVWXYZ");

constexpr Grammar linuxcnc() {
    Grammar g;
    g.letters = kLinuxcncLetters;
    g.max_line_bytes = kLinuxcncLine;
    return g;
}

constexpr Grammar grbl() {
    Grammar g;
    g.dialect = Dialect::kGrbl;
    g.block_delete = g.expressions = g.o_words = g.strict_comments = false;
    g.max_digits = kGrblDigits;
    g.max_characters = kGrblCharacters;
    g.letters = kGrblLetters;
    return g;
}

constexpr Grammar grblhal() {
    Grammar g = grbl();
    g.dialect = Dialect::kGrblhal;
    g.expressions = g.o_words = true;
    g.max_digits = 0;
    g.max_characters = kGrblHalCharacters;
    g.letters = kGrblHalLetters;
    return g;
}

constexpr Grammar fanuc() {
    Grammar g;
    g.dialect = Dialect::kFanuc;
    g.o_words = g.strict_comments = false;
    g.macro_b = g.repeated_words = true;
    g.letters = kFanucLetters;
    return g;
}

constexpr Grammar haas() {
    Grammar g = fanuc();
    g.dialect = Dialect::kHaas;
    return g;
}

constexpr Grammar mach3() {
    Grammar g;
    g.dialect = Dialect::kMach3;
    g.strict_comments = g.o_words = false;
    g.repeated_words = true;
    g.letters = kLinuxcncLetters;
    return g;
}

constexpr Grammar kLinuxcnc = linuxcnc(), kGrbl = grbl(), kGrblhal = grblhal(), kFanuc = fanuc(), kHaas = haas(), kMach3 = mach3();

}  // namespace

const Grammar& grammar_of(Dialect dialect) {
    switch (dialect) {
        case Dialect::kLinuxcnc:
            return kLinuxcnc;
        case Dialect::kGrbl:
            return kGrbl;
        case Dialect::kGrblhal:
            return kGrblhal;
        case Dialect::kFanuc:
            return kFanuc;
        case Dialect::kHaas:
            return kHaas;
        case Dialect::kMach3:
            return kMach3;
        case Dialect::kAuto:
            break;
    }
    CHECK(dialect != Dialect::kAuto);
    return kLinuxcnc;
}

}  // namespace proveout::gcode
