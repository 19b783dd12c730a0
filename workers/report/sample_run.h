// sample_run.h -- a small run by hand for the tests of this folder: two collisions and an unsupported code, two tools, a film.
#pragma once

#include "files/digest.h"
#include "report/report.h"

namespace proveout {

struct SampleRun {
    std::string program = "%\n(BRACKET)\nG21 G90\nT1 M6\nS8000 M3\nG0 X0 Y0 Z5\nG1 Z-3 F300\nX40\nT2 M6\nG1 Z-20\nX-10\nM199\nM30\n%\n";
    Simulation simulation;
    Setup setup;
    ReportInput input;

    SampleRun() {
        add_setup();
        add_findings();
        add_figures();
        input.simulation = &simulation, input.setup = &setup;
        input.sim_id = "sim_00000000000000000000000001";
        input.engine_version = "0.1.0";
        input.program_name = "parts/bracket left.nc";
        input.program_text = program;
        input.job_json = R"({"dialect":"auto","inline_gcode":"G21","options":{"engine":"native"}})";
        input.assumptions = {"dialect linuxcnc: nothing in the program points to another"};
        input.video_path = "out.mp4", input.snapshot_path = "snapshot.png";
        input.video = Video{300, 10, 1280, 720, 30, 1'234'567};
        input.mesh = MeshInfo{2480, 0.01};
        input.artefacts.push_back({"out.mp4", 1'234'567, sha256_hex("film"), "video/mp4"});
    }
    SampleRun(const SampleRun&) = delete;

  private:
    void add_setup() {
        Tool flat;
        flat.number = 1, flat.diameter_mm = 6, flat.flute_length_mm = 20, flat.shank_diameter_mm = 6, flat.stickout_mm = 35;
        flat.holder = {{30, 20, 32}};
        flat.comment = "D=6 CR=0 - flat end mill";
        Tool ball = flat;
        ball.number = 2, ball.type = ToolType::kBall, ball.corner_radius_mm = 0, ball.stickout_mm = 15, ball.comment.clear();
        setup.tools = {flat, ball};
        setup.stock = Stock{{StockShape::kBox, {60, 40, 10}, {-30, -20, -10}, {}}, "6061-T6"};
        setup.fixtures = {{"left clamp", {StockShape::kBox, {10, 60, 25}, {-40, -30, -20}, {}}}};
    }

    void add_findings() {
        Finding holder;
        holder.code = "HOLDER_COLLISION", holder.severity = Severity::kError, holder.line = 10, holder.last_line = 11,
        holder.block = "G1 Z-20";
        holder.time_s = 12.3456, holder.duration_s = 0.5, holder.tool = 2, holder.part = Part::kHolder, holder.partner = "stock";
        holder.has_point = true, holder.point_mm = {1.23456, -2, -5}, holder.depth_mm = 5, holder.volume_mm3 = 101.3333333;
        holder.message = "holder of T2 meets stock, 5 mm deep";
        Finding clamp = holder;
        clamp.code = "FIXTURE_COLLISION", clamp.line = clamp.last_line = 11, clamp.block = "X-10", clamp.partner = "left clamp",
        clamp.time_s = 13;
        clamp.message = "holder of T2 meets left clamp";
        Finding unsupported;
        unsupported.code = "UNSUPPORTED_CODE", unsupported.severity = Severity::kWarning, unsupported.line = 12, unsupported.block = "M199";
        unsupported.message = "M199 is not simulated";
        simulation.findings = {holder, clamp, unsupported};
        simulation.collision_count = simulation.error_count = 2, simulation.warning_count = 1;
        simulation.verdict = Severity::kError;
    }

    void add_figures() {
        simulation.stock_volume_mm3 = 24000, simulation.removed_mm3 = 1234.56789, simulation.removed_error_mm3 = 0.75;
        simulation.time = {10.1234567, 1.5, 0, 12};
        simulation.time_error_s = 1.2;
        simulation.time_by_tool_s = {{1, 15.1234567}, {2, 8.5}};
        simulation.tools = {{1, 40, 1000, 3, 15.1234567}, {2, 12, 234.56789, 4, 8.5}};
        simulation.motion_bounds_mm = {{-10, 0, -20}, {40, 0, 60}};
        simulation.cutting_bounds_mm = {{-10, 0, -20}, {40, 0, 0}};
        simulation.resolution_mm = 0.1;
        simulation.lines = 14, simulation.blocks = 12, simulation.moves = 6;
        simulation.assumptions = {"the tool starts at X0 Y0, 60 mm above the stock"};
        simulation.timeline = {
            {4, 4, 1, MotionKind::kToolChange, 0, 6, {0, 0, 60}, {0, 0, 60}, 0, 0, 0},
            {6, 6, 1, MotionKind::kRapid, 6, 0.75, {0, 0, 60}, {0, 0, 5}, 0, 0, 8000},
            {7, 8, 1, MotionKind::kFeed, 6.75, 8.25, {0, 0, 5}, {40, 0, -3}, 1000, 300, 8000},
            {9, 9, 2, MotionKind::kToolChange, 15, 6, {40, 0, -3}, {40, 0, -3}, 0, 0, 0},
            {10, 11, 2, MotionKind::kFeed, 21, 2.6234567, {40, 0, -10}, {-10, 0, -20}, 234.56789, 300, 8000},
        };
    }
};

}  // namespace proveout
