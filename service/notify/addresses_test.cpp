// Addresses that a webhook may and may not reach: the first and last of every special range with its neighbours, well-known targets, and
// texts that only some parsers take for addresses.
#include <gtest/gtest.h>

#include <sstream>

#include "notify/webhooks.h"

namespace proveout {

namespace {

constexpr const char* kNotPublic = R"(
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.1.2.3 10.128.0.1 10.255.255.255
100.64.0.0 100.64.0.1 100.100.100.200 100.127.255.255
127.0.0.0 127.0.0.1 127.0.1.1 127.1.1.1 127.53.53.53 127.255.255.255
169.254.0.0 169.254.0.1 169.254.169.254 169.254.170.2 169.254.169.253 169.254.169.123 169.254.255.255
172.16.0.0 172.16.0.1 172.17.0.1 172.20.10.1 172.31.0.1 172.31.255.255
192.0.0.0 192.0.0.1 192.0.0.8 192.0.0.9 192.0.0.10 192.0.0.170 192.0.0.171 192.0.0.192 192.0.0.255
192.0.2.0 192.0.2.1 192.0.2.255 192.31.196.0 192.31.196.1 192.31.196.255 192.52.193.0 192.52.193.1 192.52.193.255
192.88.99.0 192.88.99.1 192.88.99.255 192.168.0.0 192.168.0.1 192.168.1.1 192.168.178.1 192.168.255.255
192.175.48.0 192.175.48.1 192.175.48.255 198.18.0.0 198.18.0.1 198.19.255.255 198.51.100.0 198.51.100.1 198.51.100.255
203.0.113.0 203.0.113.1 203.0.113.255 224.0.0.0 224.0.0.1 224.0.0.251 232.1.1.1 239.255.255.250 239.255.255.255
240.0.0.0 240.0.0.1 247.1.2.3 255.0.0.0 255.255.255.254 255.255.255.255
:: ::1 ::2 ::ffff ::7f00:1 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 ::ffff:0:0 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1
::ffff:169.254.169.254
::ffff:8.8.8.8 ::ffff:93.184.216.34 ::ffff:0:8.8.8.8 0:0:0:0:0:0:0:1 0000:0000:0000:0000:0000:0000:0000:0001
64:ff9b:: 64:ff9b::1 64:ff9b::7f00:1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b::8.8.8.8
64:ff9b:1:: 64:ff9b:1::1 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 100:: 100::1 100::ffff:ffff:ffff:ffff 100:0:0:1::1
1::1 1fff::1 1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
2001:: 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:7f00:1:: 2001:0:ffff:ffff:ffff:ffff:ffff:ffff
2001:1::1 2001:1::2 2001:2:: 2001:2::1 2001:2:0:ffff:ffff:ffff:ffff:ffff 2001:3::1 2001:4:112::1 2001:5::1 2001:10::1 2001:1f:ffff::1
2001:20::1 2001:2f:ffff::1 2001:30::1 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff
2001:db8:: 2001:db8::1 2001:db8:1234::1 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff
2002:: 2002:7f00:1:: 2002:7f00:0001::1 2002:a00:1::1 2002:c0a8:101::1 2002:a9fe:a9fe::1 2002:808:808::1
2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff
2620:4f:8000:: 2620:4f:8000::1 2620:4f:8000:ffff:ffff:ffff:ffff:ffff 3ffe::1 3ffe:ffff::1 3fff::1 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff
2a00:1450:4001:81b:0:5efe:7f00:1 2a00:1450:4001:81b:200:5efe:10.0.0.1 2a00:1450:4001:81b:0:5efe:192.168.1.1
2a00:1450:4001:81b:0:5efe:8.8.8.8
4000::1 5f00::1 8000::1 c000::1 e000::1 fc00:: fc00::1 fd00::1 fd00:ec2::254 fd12:3456:789a:1::1 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
fe00::1 fe80:: fe80::1 fe80::a9fe:a9fe febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0::1 feff:ffff::1 ff00::1 ff01::1 ff02::1
ff02::fb ff05::1:3 ff0e::1
ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
fe80::1%eth0 2a00:1450:4001:81b::200e%eth0 8.8.8.8%eth0
localhost example.com 2130706433 0x7f000001 017700000001 127.1 0x7f.0.0.1 0177.0.0.1 127.0.0.1:80 [::1] 8.8.8.8. 8.8.8 8.8.8.8.8
08.8.8.8 8.8.8.256 8.8.8.-1
8.8.8.8/32 1.2.3 ::1::1 12345::1 :1 1: ::g 2a00:1450:4001:81b:0:0:0:0:1 a.b.c.d
)";

constexpr const char* kPublic = R"(
1.0.0.1 1.1.1.1 8.8.8.8 9.9.9.9 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
140.82.121.4 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.1.255 192.0.3.0 192.31.195.255
192.31.197.0
192.52.192.255 192.52.194.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 192.175.47.255 192.175.49.0 198.17.255.255 198.20.0.0
198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
2000::1 2001:200::1 2001:4860:4860::8888 2001:db7:ffff::1 2001:db9::1 2003::1 2400:cb00:2048:1::c629:d7a2
2606:2800:220:1:248:1893:25c8:1946
2606:4700:4700::1111 2620:4f:7fff:ffff::1 2620:4f:8001::1 2620:fe::fe 2a00:1450:4001:81b::200e 2A00:1450:4001:81B::200E 2a02::1
3ffd::1 3ff0::1
2a00:1450:4001:81b:5efe:7f00:1:1
)";

std::vector<std::string> words(const char* text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

TEST(PublicAddress, Table) {
    auto hidden = words(kNotPublic), open = words(kPublic);
    EXPECT_GE(hidden.size() + open.size(), 200u);
    for (const std::string& address : hidden) EXPECT_FALSE(is_public_address(address)) << address;
    for (const std::string& address : open) EXPECT_TRUE(is_public_address(address)) << address;
    EXPECT_FALSE(is_public_address(""));
    EXPECT_FALSE(is_public_address(std::string("8.8.8.8\0", 8)));
}

TEST(AllowedNetworks, HoldTheirAddressesOnly) {
    auto networks = AllowedNetworks::parse("10.0.0.0/8, 192.168.1.5 ,fd00::/8,::1");
    ASSERT_TRUE(networks);
    for (const char* inside : {"10.0.0.0", "10.255.255.255", "192.168.1.5", "fd00::1", "fdff::", "::1", "::ffff:10.0.0.1"})
        EXPECT_TRUE(networks->contains(inside)) << inside;
    for (const char* outside : {"11.0.0.0", "9.255.255.255", "192.168.1.4", "fc00::1", "::2", "", "10", "localhost"})
        EXPECT_FALSE(networks->contains(outside)) << outside;
    EXPECT_FALSE(AllowedNetworks::parse("")->contains("10.0.0.1"));
    EXPECT_TRUE(AllowedNetworks::parse("0.0.0.0/0")->contains("8.8.8.8"));
    EXPECT_FALSE(AllowedNetworks::parse("0.0.0.0/0")->contains("::1"));
    EXPECT_TRUE(AllowedNetworks::parse("::/0")->contains("8.8.8.8"));
    for (const char* bad : {"10.0.0.0/33", "10.0.0.1/8", "::/129", "x", "10.0.0.0/8,", ",", "10.0.0.0/-1", "10.0.0.0/", "fe80::1%eth0"})
        EXPECT_FALSE(AllowedNetworks::parse(bad)) << bad;
}

}  // namespace

}  // namespace proveout
