#include "pipeline/loose_search.h"

#include <algorithm>

#include "pipeline/motion_source.h"

namespace proveout {

namespace {

// Moves between two looks at the stock: first this many, then more as the program goes on, so that the looks cost no more than the cutting.
constexpr size_t kFirstWindow = 256;
constexpr size_t kLastWindow = 65536;
constexpr int kWindowsPerSize = 8;

class LooseSearch : public MotionSink {
  public:
    LooseSearch(const Setup& setup, DexelGrid grid, size_t wanted, const Context& context)
        : setup_(setup), toolbox_(make_toolbox(setup.tools)), grid_(std::move(grid)), wanted_(wanted), context_(context) {
        options_.check_contacts = false;
    }

    bool on_motion(const TimedMotion& move) override {
        if (!is_move(move.motion)) return true;
        window_.push_back(move);
        if (window_.size() >= size_) look();
        if (context_.stop_reason() != StopReason::kNone) return false;
        return found.size() < wanted_;
    }

    // Looks at what has been cut since the last look.
    void look() {
        if (window_.empty() || found.size() >= wanted_) return;
        DexelGrid before = grid_;
        cut(0, window_.size());
        std::vector<LoosePiece> pieces = loose_pieces(grid_, setup_.fixtures);
        size_t first = 0;
        while (pieces.size() > known_ && found.size() < wanted_) {
            DexelGrid after = std::move(grid_);
            first = narrow(before, first);
            std::vector<LoosePiece> now = loose_pieces(grid_, setup_.fixtures);
            note(window_[first - 1], now);
            known_ = now.size();
            before = std::move(grid_);
            grid_ = std::move(after);
        }
        known_ = pieces.size();
        window_.clear();
        if (++windows_ % kWindowsPerSize == 0) size_ = std::min(size_ * 2, kLastWindow);
    }

    std::vector<Finding> found;

  private:
    void cut(size_t from, size_t to) {
        sweeps_.clear();
        for (size_t i = from; i < to; ++i)
            append_motion_sweeps(setup_.machine, window_[i].motion, toolbox_.slot_of(window_[i].motion.tool), 0, sweeps_);
        cut_batch(grid_, toolbox_.assemblies, sweeps_, 1, options_, context_);
    }

    // The least k > first so that after motions [first, k) of the window there are more loose pieces than known. `before` is the stock
    // after `first` motions; grid_ becomes the stock after k.
    size_t narrow(const DexelGrid& before, size_t first) {
        size_t low = first, high = window_.size();
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            grid_ = before;
            cut(first, middle);
            (loose_pieces(grid_, setup_.fixtures).size() > known_ ? high : low) = middle;
        }
        grid_ = before;
        cut(first, high);
        return high;
    }

    void note(const TimedMotion& move, const std::vector<LoosePiece>& pieces) {
        for (const LoosePiece& piece : pieces) {
            if (is_known(piece) || found.size() >= wanted_) continue;
            noted_.push_back(piece);
            Finding finding;
            finding.code = find_rule("LOOSE_PIECE")->code;
            finding.severity = find_rule("LOOSE_PIECE")->severity;
            finding.line = finding.last_line = move.motion.line;
            finding.time_s = move.start_s + move.duration_s;
            finding.tool = move.motion.tool;
            finding.partner = "stock";
            finding.has_point = true;
            finding.point_mm = piece.point;
            finding.volume_mm3 = piece.volume_mm3;
            found.push_back(std::move(finding));
        }
    }

    // A loose piece can only get smaller, and mostly stays as it is.
    bool is_known(const LoosePiece& piece) const {
        return std::any_of(noted_.begin(), noted_.end(), [&](const LoosePiece& old) {
            return piece.box.low.x >= old.box.low.x && piece.box.low.y >= old.box.low.y && piece.box.high.x <= old.box.high.x &&
                   piece.box.high.y <= old.box.high.y && piece.volume_mm3 <= old.volume_mm3 && piece.volume_mm3 > 0.5 * old.volume_mm3;
        });
    }

    const Setup& setup_;
    Toolbox toolbox_;
    DexelGrid grid_;
    size_t wanted_;
    const Context& context_;
    CutOptions options_;
    std::vector<TimedMotion> window_;
    std::vector<Sweep> sweeps_;
    std::vector<LoosePiece> noted_;
    size_t known_ = 0, size_ = kFirstWindow;
    int64_t windows_ = 0;
};

}  // namespace

Result<std::vector<Finding>> find_loose(const Program& program, const Setup& setup, double cell_mm, const std::vector<LoosePiece>& found,
                                        const SimulateOptions& options, const Context& context) {
    DexelSpec spec;
    spec.cell_mm = cell_mm;
    DexelGrid grid = TRY(make_grid(setup.stock->solid, spec, options.memory_limit_bytes));
    LooseSearch search(setup, std::move(grid), found.size(), context);
    TRY(stream_motions(program, setup, search, context, options.survey_dialect.dialect));
    search.look();
    return std::move(search.found);
}

}  // namespace proveout
