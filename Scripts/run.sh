#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the command, and runs it: Scripts/run.sh train nin …
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/Scripts/setup.sh"
swift build --package-path "$root" -c release --product fovea >&2
exec "$root/.build/release/fovea" "$@"
