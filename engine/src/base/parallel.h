// parallel.h -- run independent pieces of work on a fixed number of threads.
#pragma once

#include <functional>

namespace proveout {

// Calls work(i) once for each i in [0, count), on at most `threads` threads (the caller's included), and returns when all are done.
// Which thread runs which i is not defined: work must not depend on it. threads <= 1 or count <= 1: no thread is started.
void parallel_for(int threads, int count, const std::function<void(int)>& work);

}  // namespace proveout
