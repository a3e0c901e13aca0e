#!/bin/sh
# Installs what compiles functions for arm64 on an x86_64 Debian or Ubuntu, and QEMU's user mode,
# with which the tests run them: a cross linker, and, unless a compiler is there that has it, Rust's
# standard library for arm64 with the compiler that belongs to it, from Debian's own packages. About
# 1 GB. Nothing comes from rustup, and a compiler from rustup stays the default one.
set -eu

if [ "$(id -u)" -ne 0 ]; then
    echo "This installs packages: sudo sh xtask/tools/install-arm64.sh" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "This needs apt-get. With rustup: rustup target add aarch64-unknown-linux-gnu, and a gcc for aarch64-linux-gnu." >&2
    exit 1
fi

# Whether that compiler has the standard library: what it has one for is what it can compile for.
has_std() {
    command -v "$1" >/dev/null &&
        ls "$("$1" --print target-libdir --target aarch64-unknown-linux-gnu)"/libstd-*.rlib >/dev/null 2>&1
}

packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static"
if has_std rustc || has_std /usr/bin/rustc; then
    apt-get update
else
    dpkg --add-architecture arm64
    apt-get update
    if [ -z "$(apt-cache policy libstd-rust-web-dev:arm64 | sed -n 's/^  Candidate: //p' | grep -v none)" ]; then
        echo "This system has no package libstd-rust-web-dev for arm64. With rustup: rustup target add aarch64-unknown-linux-gnu, then this again." >&2
        exit 1
    fi
    packages="$packages rustc-web libstd-rust-web-dev:arm64"
fi
# Word by word.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
has_std rustc || has_std /usr/bin/rustc
