#!/bin/sh
# Installs the browser that the dashboard's tests run in, from Debian's or Ubuntu's own packages, with a
# font for Japanese. About 400 MB.
set -eu

if [ "$(id -u)" -ne 0 ]; then
    echo "This installs packages: sudo sh xtask/tools/install-chromium.sh" >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "This needs apt-get. Install Chromium or Chrome yourself, and name it in CHROMIUM." >&2
    exit 1
fi
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-noto-cjk
chromium --version
