// files.h -- the command's files: reading inputs, and an output directory whose files appear together or not at all.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/interpret.h"
#include "proveout/result.h"

namespace proveout {

// A file's bytes, mapped into memory. Errors: kInvalidInput (not there, a directory, no permission).
class MappedFile {
  public:
    static Result<MappedFile> open(const std::string& path);
    static Result<MappedFile> from_descriptor(int descriptor, const std::string& label);  // takes the descriptor
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();
    std::string_view text() const { return {data_, size_}; }
    // Gives the memory of the first `size` bytes back; they are read from the file again when they are asked for.
    void forget(size_t size) const;

  private:
    MappedFile() = default;
    const char* data_ = nullptr;
    size_t size_ = 0;
};

// A stream, spooled to an unnamed temporary file in `temp_dir` so that it can be read several times.
Result<MappedFile> spool(int descriptor, const std::string& label, const std::string& temp_dir);
inline Result<MappedFile> spool_stdin(const std::string& temp_dir) { return spool(0, "standard input", temp_dir); }

// A program as the engine takes it, with the sub-programs that lie beside it.
class ProgramFile {
  public:
    // path "-": standard input. Errors: kInvalidInput; kUnprocessableGcode for bytes that are no text.
    static Result<ProgramFile> open(const std::string& path, const std::string& temp_dir);
    static Result<ProgramFile> from_text(std::string text, std::string name);
    bool is_open() const { return state_ != nullptr; }
    const Program& program() const;  // REQUIRES: is_open()
    void set_name(std::string name);  // a label in place of the file's name. REQUIRES: is_open()
    std::string stem() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

// What a file that is not text most likely is, "a ZIP file"; empty if it may be a program.
std::string binary_kind(std::string_view text);

// Files are written into a hidden directory inside the output directory and renamed when all of them are there.
class StagedOutput {
  public:
    // Errors: kIo (the directory cannot be made or written).
    static Result<StagedOutput> create(const std::string& directory);
    StagedOutput(StagedOutput&& other) noexcept;
    StagedOutput& operator=(StagedOutput&&) = delete;
    ~StagedOutput();                                // removes what was not committed
    std::string path(std::string_view name) const;  // where `name` is written until commit()
    Status write(std::string_view name, std::string_view bytes);
    // Moves every file to its final name; files of an earlier run that this one did not make are removed first.
    Status commit();

  private:
    StagedOutput() = default;
    std::string directory_, staging_;
    bool made_directory_ = false;
};

// All of it, whatever signals come in between. False: errno says why.
bool write_all(int descriptor, std::string_view bytes);

// Writes beside the final name, then renames. Error: kIo.
Status write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace proveout
