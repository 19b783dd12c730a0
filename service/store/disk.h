// disk.h -- files below one folder: no symbolic link is followed, nothing is read or renamed before it is on the disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/result.h"

namespace proveout {

// A descriptor that is closed.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }
    int release();

  private:
    int number_;
};

// Parts of [A-Za-z0-9._-] between single slashes, none of them beginning with a point.
bool is_object_key(std::string_view key);
// "a/b" and "c" of "a/b/c".
std::string folder_of_key(const std::string& key);
std::string name_of_key(const std::string& key);

// The folder at `path` below `root`; made with its parents if asked for. Error kIo.
Result<Descriptor> open_folder(int root, const std::string& path, bool make);
// A plain file below `root`, to read. Error kIo: not there, a link, not a file.
Result<Descriptor> open_file(int root, const std::string& path, int64_t& size_bytes);
// A plain file by its path in the file system, whose last part is no link.
Result<Descriptor> open_source(const std::string& path, int64_t& size_bytes);

// Copies `source` into the new file `name` of `folder`, on the disk when it returns if `durable`. sha256 (lower-case hex) is checked unless
// it is empty. Error kIo: `name` is not there then, unless it was before.
Status copy_into(int source, int folder, const std::string& name, const std::string& sha256, bool durable);
Status write_file(int folder, const std::string& name, std::string_view text, bool append);
Result<std::string> read_file(int folder, const std::string& name, int64_t most_bytes);
Status sync_descriptor(int descriptor, const std::string& what);
Status sync_folders(int folder);  // with all that are in it

std::vector<std::string> names_in(int folder);
// Files below `folder`, relative; at most 1000.
std::vector<std::string> files_below(int folder, const std::string& prefix = {});
void remove_tree(int folder, const std::string& name);

Error io_error(const std::string& what);  // with errno's text

}  // namespace proveout
