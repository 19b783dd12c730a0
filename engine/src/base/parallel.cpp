#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace proveout {

void parallel_for(int threads, int count, const std::function<void(int)>& work) {
    if (threads <= 1 || count <= 1) {
        for (int i = 0; i < count; ++i) work(i);
        return;
    }
    std::atomic<int> next{0};
    auto run = [&] {
        for (int i = next.fetch_add(1); i < count; i = next.fetch_add(1)) work(i);
    };
    std::vector<std::thread> pool;
    for (int t = 1; t < std::min(threads, count); ++t) pool.emplace_back(run);
    run();
    for (std::thread& thread : pool) thread.join();
}

}  // namespace proveout
