# Sourced by the front doors in script/: which Debian packages a job needs, and how what is missing gets installed.
# Everything here may be run again at any time; when nothing is missing it costs a few hundredths of a second.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 2; }

# An entry is a package, or command=package where having the command is enough, whoever installed it.
build_packages="g++=g++ cmake=cmake ninja=ninja-build nlohmann-json3-dev libcli11-dev libpugixml-dev zlib1g-dev libssl-dev"
service_packages="libboost-dev libsqlite3-dev libpq-dev libcurl4-openssl-dev prometheus-cpp-dev libspdlog-dev libseccomp-dev"
service_packages="$service_packages esbuild=esbuild"
film_packages="ffmpeg=ffmpeg"
test_packages="ccache=ccache python3=python3 python3-venv libgtest-dev openssl=openssl postgresql"
test_packages="$test_packages python3-jwt python3-cryptography"
web_test_packages="node=nodejs npm=npm chromium=chromium"
sanitizer_packages="libasan8 libubsan1 libtsan2"
fuzz_packages="clang++-14=clang-14 libclang-rt-14-dev"
# Headers only: Debian's package depends on every JSON library that it has an adapter for, Qt included (105 MB), so it is unpacked
# into build/deps instead of installed.
header_packages="libvalijson-dev"

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Prints those of the given entries that are not there.
missing() {
    local entry name
    for entry in "$@"; do
        name=${entry#*=}
        if [ "$entry" != "$name" ] && command -v "${entry%%=*}" >/dev/null; then continue; fi
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ]; then continue; fi
        printf '%s ' "$name"
    done
}

# Updates the package lists once per run of a script.
update_lists() {
    [ -z "${lists_updated:-}" ] || return 0
    lists_updated=yes
    as_root apt-get update -qq || say "apt-get update reported a problem; trying with the lists that are there"
}

# need WHAT ENTRY...: installs what is missing of the entries.
need() {
    local what=$1 packages
    shift
    packages=$(missing "$@")
    [ -n "$packages" ] || return 0
    command -v apt-get >/dev/null || die "this needs Debian 12 or the equivalents of these packages: $packages"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "missing $packages; as root: apt-get install --no-install-recommends $packages"
    say "installing what is missing ($what): $packages"
    update_lists
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io $packages >build/apt.log 2>&1 ||
        { tail -n 20 build/apt.log >&2; die "apt-get could not install: $packages"; }
}

# Unpacks the packages of which only the headers are needed.
need_headers() {
    local name
    for name in $header_packages; do
        [ -z "$(missing "$name")" ] && continue
        [ -e "build/deps/$name" ] && continue
        say "unpacking headers: $name"
        [ -n "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit 2>/dev/null)" ] || update_lists
        rm -rf "build/deps/$name.part"
        mkdir -p "build/deps/$name.part"
        (cd "build/deps/$name.part" && apt-get download -qq -o APT::Sandbox::User=root "$name" && dpkg-deb -x ./*.deb . && rm ./*.deb)
        mv "build/deps/$name.part" "build/deps/$name"
    done
}

# configure PRESET: once; CMake itself runs again when its files or the set of sources change.
configure() {
    [ -e "build/$1/build.ninja" ] || cmake --preset "$1" >"build/$1.log" 2>&1 ||
        { cat "build/$1.log" >&2; die "cmake --preset $1 failed"; }
}

# build PRESET [TARGET...]: quiet when it works.
build() {
    local preset=$1
    shift
    configure "$preset"
    local log=build/$preset.build.log
    if ! cmake --build --preset "$preset" ${1:+--target "$@"} >"$log" 2>&1; then
        grep -E -A12 'FAILED|error' "$log" | head -n 60 >&2
        die "build of preset $preset failed; all output is in $log"
    fi
}

mkdir -p build
