#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing and runs the tests; what is given goes to `swift test`.
#
# The tests run optimised, because the reference that everything is compared with is written for
# clarity, and are built in a folder of their own, because they are built to be looked into.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
"$root/Scripts/setup.sh"
export FOVEA_VERIFY=1
# Plans are compared with numbers that must not depend on how busy the machine is.
export FOVEA_KERNELS="${FOVEA_KERNELS:-estimated}"
# Suites run side by side; threads that wait by spinning would take each other's cores.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
exec swift test --package-path "$root" -c release -Xswiftc -enable-testing \
    --scratch-path "$root/.build-tests" "$@"
