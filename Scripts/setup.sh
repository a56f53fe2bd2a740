#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what Fovea needs from Debian's packages, if any of it is missing. Needs root only then.
set -eu

# Kernels, pictures, compression, digests and archives; fonts for the charts; the data of the
# first run.
packages="libdnnl-dev libcairo2-dev libspng-dev libturbojpeg0-dev libdeflate-dev libmd-dev
libzip-dev fonts-dejavu-core dataset-fashion-mnist"
# What the Swift toolchain itself compiles and links with.
packages="$packages binutils gcc g++ git ca-certificates libc6-dev libcurl4 libedit2 libncurses6
libsqlite3-0 libxml2 tzdata zlib1g-dev"

missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' \
        || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "These packages are missing:$missing" >&2
    echo "Run this as root once: $0" >&2
    exit 69
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 — the list is meant to be split.
apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends $missing >/dev/null
