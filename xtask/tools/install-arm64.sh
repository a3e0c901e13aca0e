#!/bin/sh
# Installs what compiles functions for arm64 on an x86_64 Debian or Ubuntu, from its own packages:
# Rust's standard library for arm64, with the compiler that belongs to it, and a cross linker.
# About 1 GB. rustup is not needed, and a compiler from rustup stays the default one.
set -eu

if [ "$(id -u)" -ne 0 ]; then
    echo "This installs packages: sudo sh xtask/tools/install-arm64.sh" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "This needs apt-get. With rustup: rustup target add aarch64-unknown-linux-gnu, and a gcc for aarch64-linux-gnu." >&2
    exit 1
fi
dpkg --add-architecture arm64
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    rustc-web libstd-rust-web-dev:arm64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross
# What it can compile for is what it has a standard library for.
test -n "$(ls "$(/usr/bin/rustc --print target-libdir --target aarch64-unknown-linux-gnu)"/libstd-*.rlib)"
