// step_film.h -- a film of CAMotics' own states. It exports none, so that the stock changes only as often as it was asked for a state.
#pragma once

#include "camotics/camotics.h"

namespace proveout {

// Frames in order, as make_film() gives them. Between two states only the tool moves. The snapshot is the finished part.
// Errors: kTooLarge, kCancelled, kTimeout.
Result<FilmResult> make_step_film(const Setup& setup, const Simulation& simulation, const CamoticsPart& part, const FilmOptions& options,
                                  const FrameSink& sink, const Context& context);

// A mesh as the rays that the renderer draws; what lies below the stock's top has the colour of a cut.
Result<DexelGrid> picture_grid_of(const Mesh& mesh, const Box3& stock, double memory_limit_bytes);

}  // namespace proveout
