// Asks a server again and again and prints what it took: http_load PORT PATH rate N SECONDS | flood CONNECTIONS SECONDS [TOKEN]
//
// rate: N requests a second on the clock, whether the answers come or not; a latency counts from the moment the request was due, so that a
// server that stalls cannot hide it. flood: each connection asks again as soon as it has its answer.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace {

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int number(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

struct Link {
    int socket = -1;
    bool busy = false;
    double due_s = 0;
    std::string got;
};

int connect_to(uint16_t port) {
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(made, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return made;
    close(made);
    return -1;
}

// Bytes of the whole response at the front, 0 if it is not complete; `good` if it is a 200.
size_t response_size(const std::string& got, bool& good) {
    size_t end = got.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    size_t field = got.find("Content-Length: ");
    size_t body = field < end ? static_cast<size_t>(number(std::string_view(got).substr(field + 16, end - field - 16))) : 0;
    good = got.compare(9, 3, "200") == 0;
    return got.size() >= end + 4 + body ? end + 4 + body : 0;
}

struct Load {
    uint16_t port = 0;
    std::string request;
    std::vector<Link> links;
    std::vector<double> latencies_ms;
    int64_t failed = 0;

    void ask(Link& link, double due_s) {
        link.due_s = due_s;
        link.busy = true;
        if (link.socket < 0) link.socket = connect_to(port);
        if (link.socket < 0 || send(link.socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
            drop(link);
    }
    void drop(Link& link) {
        if (link.busy) ++failed;
        if (link.socket >= 0) close(link.socket);
        link = Link();
    }
    // Reads what has come; true: the link is free again.
    bool take(Link& link) {
        char bytes[65536];
        ssize_t count = recv(link.socket, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count <= 0) return drop(link), true;
        link.got.append(bytes, static_cast<size_t>(count));
        bool good = false, last = link.got.find("Connection: close\r\n") != std::string::npos;
        size_t size = response_size(link.got, good);
        if (size == 0) return false;
        link.got.erase(0, size);
        link.busy = false;
        if (good)
            latencies_ms.push_back((now_s() - link.due_s) * 1000);
        else
            ++failed;
        if (last) drop(link);
        return true;
    }
    void wait(double until_s) {
        std::vector<pollfd> ready;
        std::vector<Link*> whose;
        for (Link& link : links)
            if (link.socket >= 0 && link.busy) ready.push_back({link.socket, POLLIN, 0}), whose.push_back(&link);
        int wait_ms = std::max(0, static_cast<int>((until_s - now_s()) * 1000));
        poll(ready.data(), ready.size(), wait_ms);
        for (size_t i = 0; i < ready.size(); ++i)
            if (ready[i].revents) take(*whose[i]);
    }
    void run_rate(double rate, double seconds) {
        double start_s = now_s(), end_s = start_s + seconds;
        std::deque<double> due;
        for (int64_t asked = 0; now_s() < end_s + 2 && (now_s() < end_s || !due.empty());) {
            for (; start_s + static_cast<double>(asked) / rate <= std::min(now_s(), end_s); ++asked)
                due.push_back(start_s + static_cast<double>(asked) / rate);
            for (Link& link : links)
                if (!link.busy && !due.empty()) ask(link, due.front()), due.pop_front();
            wait(start_s + static_cast<double>(asked) / rate);
        }
        while (std::any_of(links.begin(), links.end(), [](const Link& link) { return link.busy; }) && now_s() < end_s + 5)
            wait(now_s() + 0.1);
    }
    void run_flood(double seconds) {
        for (double end_s = now_s() + seconds; now_s() < end_s; wait(end_s))
            for (Link& link : links)
                if (!link.busy) ask(link, now_s());
    }
    void print(double seconds) {
        std::sort(latencies_ms.begin(), latencies_ms.end());
        auto at = [this](double part) {
            return latencies_ms.empty() ? 0 : latencies_ms[static_cast<size_t>(part * static_cast<double>(latencies_ms.size() - 1))];
        };
        std::printf("%zu answered, %lld failed, %.0f/s, ms p50 %.2f p99 %.2f p99.9 %.2f max %.2f\n", latencies_ms.size(),
                    static_cast<long long>(failed), static_cast<double>(latencies_ms.size()) / seconds, at(0.5), at(0.99), at(0.999),
                    at(1));
    }
};

}  // namespace

int main(int count, char** words) {
    if (count < 6) return std::fputs("usage: http_load PORT PATH rate N SECONDS | flood CONNECTIONS SECONDS [TOKEN]\n", stderr), 2;
    Load load;
    load.port = static_cast<uint16_t>(number(words[1]));
    load.request = "GET " + std::string(words[2]) + " HTTP/1.1\r\nHost: localhost\r\n";
    if (count > 6) load.request += "Authorization: Bearer " + std::string(words[6]) + "\r\n";
    load.request += "\r\n";
    bool rate = std::string_view(words[3]) == "rate";
    int amount = number(words[4]), seconds = number(words[5]);
    load.links.resize(static_cast<size_t>(rate ? 64 : amount));
    if (rate)
        load.run_rate(amount, seconds);
    else
        load.run_flood(seconds);
    load.print(seconds);
    return load.failed > 0;
}
