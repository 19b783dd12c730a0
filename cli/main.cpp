#include <cstdio>

int main() {
    std::fprintf(stderr, "proveout: no sub-command yet\n");
    return 2;
}
