#!/bin/sh
# Installs the function in Node with what runs it: aws-lambda-ric compiles its own C++, which takes
# minutes. On a Debian or Ubuntu that lacks the tools for that, root gets them from apt.
set -eu
cd "$(dirname "$0")"

missing=""
for tool in cmake make g++ python3 autoconf automake libtoolize; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "aws-lambda-ric is compiled with$missing, which this machine lacks: sudo apt-get install cmake make g++ python3 autoconf automake libtool" >&2
        exit 1
    fi
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        cmake make g++ python3 autoconf automake libtool
fi
# The headers that Node came with, where it came with them; else npm fetches them.
headers="$(dirname "$(dirname "$(command -v node)")")"
if [ -d "$headers/include/node" ]; then
    export npm_config_nodedir="$headers"
fi
npm ci --no-audit --no-fund
