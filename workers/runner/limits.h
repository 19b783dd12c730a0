// limits.h -- what one run may use.
#pragma once

#include <cstdint>

namespace proveout {

// Grids of the three passes. Film and part are made at the same time, after the first pass has given its memory back.
constexpr double kSimulateMemory_bytes = 2e9;
constexpr double kFilmMemory_bytes = 1e9;
constexpr double kPartMemory_bytes = 1e9;

// One attempt in a process of its own; defaults of AttemptSpec.
constexpr int64_t kRunMemory_bytes = int64_t{5} << 30;      // all processes together: the passes above, the program's text, the encoder
constexpr int64_t kAddressSpace_bytes = int64_t{16} << 30;  // of each process: stacks and arenas of threads reserve much and use little
constexpr int64_t kRunFile_bytes = int64_t{4} << 30;        // one file
constexpr int64_t kRunDisk_bytes = int64_t{8} << 30;        // all files of the workspace
constexpr int kRunProcesses = 256;                          // processes and threads; FFmpeg starts some dozens
constexpr int kRunDescriptors = 256;

// How an attempt is ended: asked with SIGTERM, ended after so long with SIGKILL.
constexpr double kKillAfter_s = 5;

}  // namespace proveout
