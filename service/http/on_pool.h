// on_pool.h -- runs a function on the handlers' pool and comes back to the coroutine's own strand with its result.
#pragma once

#include <type_traits>

#include "http/core.h"

namespace proveout {

// work must not throw.
template <class Work>
net::awaitable<std::invoke_result_t<Work&>> on_pool(Core& core, Work work) {
    using Answer = std::invoke_result_t<Work&>;
    auto start = [&core](auto handler, Work task) {
        net::post(core.pool, [handler = std::move(handler), task = std::move(task)]() mutable {
            auto strand = net::get_associated_executor(handler);
            net::post(strand, [handler = std::move(handler), answer = task()]() mutable { handler(std::move(answer)); });
        });
    };
    co_return co_await net::async_initiate<const net::use_awaitable_t<>, void(Answer)>(std::move(start), net::use_awaitable,
                                                                                       std::move(work));
}

}  // namespace proveout
