#include "pipeline/film_pass.h"

namespace proveout {

Result<FilmResult> make_film(const Program& program, const Setup& setup, const Simulation& simulation, const FilmOptions& options,
                             const FrameSink& sink, const Context& context) {
    FilmOptions titled = options;
    if (titled.scene.title.empty()) titled.scene.title = program.name;
    std::unique_ptr<FilmPass> pass = TRY(FilmPass::create(setup, simulation, titled, sink, context));
    StreamEnd end = TRY(stream_motions(program, setup, *pass, context, simulation.dialect));
    (void)end;
    return pass->finish();
}

}  // namespace proveout
