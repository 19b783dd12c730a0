#include "limits/rate_limits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace proveout {

TEST(RateLimiter, CountsDownAndResets) {
    int64_t now = 5'000;
    RateLimiter limiter({3, 60}, [&] { return now; });
    EXPECT_EQ(limiter.policy("tenant"), "\"tenant\";q=3;w=60");
    RateAnswer answer = limiter.take("a");
    EXPECT_TRUE(answer.allowed);
    EXPECT_EQ(limiter.field("tenant", answer), "\"tenant\";r=2;t=60");
    now += 1'500;
    EXPECT_EQ(limiter.field("tenant", limiter.take("a")), "\"tenant\";r=1;t=59");
    EXPECT_EQ(limiter.take("a").remaining, 0);
    answer = limiter.take("a");
    EXPECT_FALSE(answer.allowed);
    EXPECT_EQ(answer.reset_s, 59);
    EXPECT_TRUE(limiter.take("b").allowed);  // another key has its own window
    now += 58'499;
    EXPECT_FALSE(limiter.take("a").allowed);
    now += 1;
    EXPECT_EQ(limiter.take("a").remaining, 2);
}

TEST(RateLimiter, WaitingForResetIsEnough) {
    int64_t now = 1;
    RateLimiter limiter({1, 7}, [&] { return now; });
    limiter.take("a");
    for (int i = 0; i < 5; ++i) {
        now += 123 * i;
        RateAnswer answer = limiter.take("a");
        if (answer.allowed) continue;
        now += answer.reset_s * 1000;
        EXPECT_TRUE(limiter.take("a").allowed);
    }
}

TEST(RateLimiter, OffAllowsAll) {
    RateLimiter limiter({0, 0});
    EXPECT_FALSE(limiter.on());
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.take("a").allowed);
    EXPECT_EQ(limiter.size(), 0u);
}

TEST(RateLimiter, ForgetsTheLeastRecent) {
    int64_t now = 0;
    RateLimiter limiter(
        {1, 60}, [&] { return now; }, 100);
    limiter.take("kept");
    for (int i = 0; i < 10'000; ++i) {
        limiter.take("key" + std::to_string(i));
        EXPECT_FALSE(limiter.take("kept").allowed);
    }
    EXPECT_EQ(limiter.size(), 100u);
    EXPECT_TRUE(limiter.take("key0").allowed);
}

TEST(RateLimiter, ThreadsTogetherGetTheQuotaExactly) {
    RateLimiter limiter({1000, 3600});
    std::atomic<int> allowed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < 500; ++k) allowed += limiter.take("a").allowed;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(allowed, 1000);
}

TEST(PeerKey, OneNetworkIsOnePeer) {
    EXPECT_EQ(peer_key("192.0.2.1"), peer_key("::ffff:192.0.2.1"));
    EXPECT_NE(peer_key("192.0.2.1"), peer_key("192.0.2.2"));
    EXPECT_EQ(peer_key("2001:db8:0:1::1"), peer_key("2001:db8:0:1:ffff::2"));
    EXPECT_NE(peer_key("2001:db8:0:1::1"), peer_key("2001:db8:0:2::1"));
    EXPECT_NE(peer_key("::1"), peer_key("0.0.0.0"));
}

}  // namespace proveout
