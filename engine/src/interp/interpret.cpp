// The door to the interpreter: chooses the dialect and runs it. See proveout/interpret.h.
#include "proveout/interpret.h"

#include "interp/interpreter.h"

namespace proveout {

Result<ProgramEnd> interpret(const Program& program, const InterpretOptions& options, MotionObserver& observer, const Context& context) {
    DialectChoice choice{options.dialect, "given"};
    if (options.dialect == Dialect::kAuto) choice = choose_dialect(program.text, program.name);
    interp::Interpreter interpreter(program, options, observer, context, choice.dialect);
    return interpreter.run(std::move(choice.reason));
}

}  // namespace proveout
