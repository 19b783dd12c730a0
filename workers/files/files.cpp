#include "files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace proveout {

namespace fs = std::filesystem;

namespace {

constexpr size_t kSniffBytes = 65536;
constexpr size_t kCopyBytes = size_t{1} << 20;
// A long program's memory is given back in steps of this size behind the reader.
constexpr size_t kForgetBytes = size_t{4} << 20;

// Everything that a run may put into its output directory.
constexpr std::string_view kOutputNames[] = {
    "report.json", "out.mp4",           "preview.gif",     "snapshot.png",          "part.stl",        "part.glb",         "timeline.json",
    "report.html", "part.camotics.stl", "differences.png", "logs/project.camotics", "logs/camsim.log", "logs/camsim.log.1"};
constexpr size_t kReportStartBytes = 200;  // "schema" is a report's first member

Error io_error(const std::string& what) { return make_error(ErrorCode::kIo, what + ": " + std::strerror(errno)); }
Error input_error(const std::string& what) { return make_error(ErrorCode::kInvalidInput, what); }

// Whether an earlier run left its results here; files of other origin are only replaced by name, never removed.
bool holds_our_report(const std::string& directory) {
    auto report = MappedFile::open(directory + "/report.json");
    return report.ok() && report->text().substr(0, kReportStartBytes).find("\"sim_report/v1\"") != std::string_view::npos;
}

}  // namespace

MappedFile::MappedFile(MappedFile&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

MappedFile::~MappedFile() {
    if (data_ && size_ > 0) munmap(const_cast<char*>(data_), size_);
}

void MappedFile::forget(size_t size) const {
    size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE)), pages = std::min(size, size_) / page * page;
    if (pages > 0) madvise(const_cast<char*>(data_), pages, MADV_DONTNEED);
}

Result<MappedFile> MappedFile::open(const std::string& path) {
    int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return input_error("cannot read " + path + ": " + std::strerror(errno));
    return from_descriptor(descriptor, path);
}

Result<MappedFile> MappedFile::from_descriptor(int descriptor, const std::string& label) {
    struct stat status {};
    MappedFile file;
    bool good = fstat(descriptor, &status) == 0;
    bool regular = good && S_ISREG(status.st_mode), directory = good && S_ISDIR(status.st_mode);
    if (regular && status.st_size > 0) {
        void* data = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0);
        good = data != MAP_FAILED;
        if (good) file.data_ = static_cast<const char*>(data), file.size_ = static_cast<size_t>(status.st_size);
    }
    int failure = errno;
    ::close(descriptor);
    if (directory) return input_error(label + " is a directory; a file is needed");
    if (!regular && good) return input_error(label + " is not a regular file; use - to read from standard input");
    if (!good) return input_error("cannot read " + label + ": " + std::strerror(failure));
    return file;
}

Result<MappedFile> spool(int source, const std::string& label, const std::string& temp_dir) {
    std::string name = temp_dir + "/proveout-stdin-XXXXXX";
    int descriptor = mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) return io_error("cannot make a temporary file in " + temp_dir);
    ::unlink(name.c_str());
    std::vector<char> buffer(kCopyBytes);
    for (;;) {
        ssize_t count = ::read(source, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            ::close(descriptor);
            return stop_error(StopReason::kCancelled);
        }
        if (count <= 0) {
            if (count == 0) break;
            ::close(descriptor);
            return input_error("cannot read " + label + ": " + std::strerror(errno));
        }
        if (!write_all(descriptor, {buffer.data(), static_cast<size_t>(count)})) {
            Error error = io_error("cannot keep " + label + " in " + temp_dir);
            ::close(descriptor);
            return error;
        }
    }
    return MappedFile::from_descriptor(descriptor, label);
}

std::string binary_kind(std::string_view text) {
    struct Magic {
        std::string_view bytes, name;
    };
    static constexpr Magic kMagics[] = {{"PK\x03\x04", "a ZIP file"},
                                        {"\x1f\x8b", "a gzip file"},
                                        {"%PDF", "a PDF document"},
                                        {"\x89PNG", "a picture"},
                                        {"\x7f"
                                         "ELF",
                                         "a program for this computer"},
                                        {"solid ", "an STL mesh"},
                                        {"\xff\xfe", "UTF-16 text"},
                                        {"\xfe\xff", "UTF-16 text"}};
    for (const Magic& magic : kMagics)
        if (text.substr(0, magic.bytes.size()) == magic.bytes) return std::string(magic.name);
    std::string_view start = text.substr(0, kSniffBytes);
    // Tape leaders are NUL bytes, so that a few at the start are text; any amount among other bytes is not.
    size_t first = start.find_first_not_of('\0');
    if (first == std::string_view::npos) return start.empty() ? "" : "nothing but NUL bytes";
    size_t controls = 0;
    for (char c : start.substr(first)) controls += static_cast<unsigned char>(c) < 0x20 && !std::strchr("\t\n\r\f\v\x1a", c);
    return controls * 20 > start.size() ? "binary data" : "";
}

struct ProgramFile::State {
    std::optional<MappedFile> file;
    std::string text;
    std::string directory;  // of sub-programs; empty: none
    std::mutex mutex;
    std::map<std::string, std::optional<MappedFile>, std::less<>> subprograms;
    Program program;
    std::atomic<size_t> passed_bytes{0};

    void passed(size_t offset) {
        size_t last = passed_bytes.load(std::memory_order_relaxed);
        if (offset >= last && offset - last < kForgetBytes) return;
        passed_bytes.store(offset, std::memory_order_relaxed);
        if (offset > last) file->forget(offset);
    }

    std::optional<std::string_view> find(std::string_view name) {
        std::lock_guard lock(mutex);
        auto known = subprograms.find(name);
        if (known == subprograms.end()) known = subprograms.emplace(std::string(name), read(name)).first;
        if (!known->second) return std::nullopt;
        return known->second->text();
    }

    // Only plain names beside the program: a program must not be able to name any other file.
    std::optional<MappedFile> read(std::string_view name) const {
        if (directory.empty() || name.empty() || name.size() > 100 || name[0] == '.' ||
            name.find_first_of("/\\\0") != std::string_view::npos)
            return std::nullopt;
        std::string base = directory + "/";
        for (std::string_view prefix : {"", "O", "o"}) {
            for (std::string_view suffix : {"", ".ngc", ".nc", ".tap", ".NC", ".cnc", ".txt"}) {
                std::string path = base + std::string(prefix) + std::string(name) + std::string(suffix);
                std::error_code ignored;
                if (!fs::is_regular_file(path, ignored)) continue;
                auto found = MappedFile::open(path);
                if (found) return std::move(*found);
            }
        }
        return std::nullopt;
    }
};

namespace {

// A named pipe, or a shell's <(command), can be read only once.
Result<MappedFile> open_or_spool(const std::string& path, const std::string& temp_dir) {
    std::error_code ignored;
    if (!fs::is_fifo(path, ignored)) return MappedFile::open(path);
    int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return input_error("cannot read " + path + ": " + std::strerror(errno));
    auto file = spool(descriptor, path, temp_dir);
    ::close(descriptor);
    return file;
}

}  // namespace

Result<ProgramFile> ProgramFile::open(const std::string& path, const std::string& temp_dir) {
    bool standard_input = path == "-";
    MappedFile file = TRY(standard_input ? spool_stdin(temp_dir) : open_or_spool(path, temp_dir));
    std::string name = standard_input ? "stdin" : fs::path(path).filename().string();
    if (file.text().find_first_not_of(" \t\r\n") == std::string_view::npos)
        return input_error((standard_input ? "standard input" : path) + " is empty; a G-code program is needed");
    std::string kind = binary_kind(file.text());
    if (!kind.empty()) return make_error(ErrorCode::kUnprocessableGcode, name + " is no G-code program: it is " + kind, 1);
    ProgramFile out;
    out.state_ = std::make_shared<State>();
    out.state_->file = std::move(file);
    if (!standard_input) out.state_->directory = fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : ".";
    out.state_->program.text = out.state_->file->text();
    out.state_->program.name = name;
    out.state_->program.subprogram = [state = out.state_.get()](std::string_view sub) { return state->find(sub); };
    out.state_->program.passed = [state = out.state_.get()](size_t offset) { state->passed(offset); };
    return out;
}

Result<ProgramFile> ProgramFile::from_text(std::string text, std::string name) {
    ProgramFile out;
    out.state_ = std::make_shared<State>();
    out.state_->text = std::move(text);
    out.state_->program.text = out.state_->text;
    out.state_->program.name = std::move(name);
    return out;
}

const Program& ProgramFile::program() const { return state_->program; }

void ProgramFile::set_name(std::string name) { state_->program.name = std::move(name); }

std::string ProgramFile::stem() const {
    std::string stem = fs::path(state_->program.name).stem().string();
    return stem.empty() ? "program" : stem;
}

StagedOutput::StagedOutput(StagedOutput&& other) noexcept
    : directory_(std::move(other.directory_)),
      staging_(std::exchange(other.staging_, "")),
      made_directory_(std::exchange(other.made_directory_, false)) {}

StagedOutput::~StagedOutput() {
    std::error_code ignored;
    if (staging_.empty()) return;
    fs::remove_all(staging_, ignored);
    if (made_directory_) fs::remove(directory_, ignored);  // only if empty
}

Result<StagedOutput> StagedOutput::create(const std::string& directory) {
    StagedOutput out;
    out.directory_ = directory;
    std::error_code failure;
    out.made_directory_ = fs::create_directories(directory, failure);
    if (failure)
        return make_error(ErrorCode::kIo,
                          "cannot make the output directory " + directory + ": " + failure.message() + "; choose another with --out");
    std::string staging = directory + "/.proveout-XXXXXX";
    if (!mkdtemp(staging.data())) {
        Error error = io_error("cannot write into the output directory " + directory);
        error.message += "; choose another with --out";
        return error;
    }
    out.staging_ = staging;
    return out;
}

std::string StagedOutput::path(std::string_view name) const { return staging_ + "/" + std::string(name); }

Status StagedOutput::write(std::string_view name, std::string_view bytes) { return write_file_atomically(path(name), bytes); }

Status StagedOutput::commit() {
    std::error_code failure;
    if (holds_our_report(directory_)) {
        for (std::string_view name : kOutputNames) fs::remove(fs::path(directory_) / name, failure);
    }
    std::vector<fs::path> names;  // relative, of files in folders too
    for (const auto& entry : fs::recursive_directory_iterator(staging_, failure))
        if (!entry.is_directory()) names.push_back(entry.path().lexically_relative(staging_));
    // report.json last: where it stands, everything that it names stands too.
    std::sort(names.begin(), names.end(),
              [](const fs::path& a, const fs::path& b) { return std::pair(a == "report.json", a) < std::pair(b == "report.json", b); });
    for (const fs::path& name : names) {
        fs::create_directories((fs::path(directory_) / name).parent_path(), failure);
        fs::rename(fs::path(staging_) / name, fs::path(directory_) / name, failure);
        if (failure) return make_error(ErrorCode::kIo, "cannot write " + directory_ + "/" + name.string() + ": " + failure.message());
    }
    fs::remove_all(staging_, failure);
    staging_.clear();
    return Unit{};
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t written = ::write(descriptor, bytes.data(), std::min(bytes.size(), size_t{1} << 30));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
}

Status write_file_atomically(const std::string& path, std::string_view bytes) {
    std::string temporary = path + ".part-XXXXXX";
    int descriptor = mkostemp(temporary.data(), O_CLOEXEC);
    if (descriptor < 0) return io_error("cannot write " + path);
    bool good = write_all(descriptor, bytes) && fchmod(descriptor, 0644) == 0;
    Error error = io_error("cannot write " + path);
    good = ::close(descriptor) == 0 && good;
    if (good && ::rename(temporary.c_str(), path.c_str()) == 0) return Unit{};
    if (good) error = io_error("cannot write " + path);
    ::unlink(temporary.c_str());
    return error;
}

}  // namespace proveout
