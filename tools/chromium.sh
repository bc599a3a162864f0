#!/bin/sh
# Prints the path of a Chromium for the browser tests, installing one where it may.
# Prints nothing, and says on standard error what to do, where there is none.
# CHROMIUM may name the browser to use.
set -eu

find_chromium() {
    for browser in "${CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome \
        "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        if [ -n "$browser" ] && command -v "$browser" 2>/dev/null; then
            return 0
        fi
    done
    return 1
}

find_chromium && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests" >&2
    apt-get -qq update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
        chromium fonts-dejavu-core >&2
    find_chromium && exit 0
fi

echo "No Chromium was found: the browser tests will be skipped." >&2
echo "  Debian, Ubuntu:  sudo apt-get install chromium" >&2
echo "  macOS:           brew install --cask chromium" >&2
