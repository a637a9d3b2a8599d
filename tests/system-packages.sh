#!/bin/sh
# Installs what only the tests need from Debian, when we are root and apt is there. Without it those tests are skipped
# by name, with the reason.
set -u
missing=""
for pair in chromium:chromium sipp:sip-tester baresip:baresip kamailio:kamailio; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
ls /usr/lib/*/kamailio/modules/tls.so >/dev/null 2>&1 || missing="$missing kamailio-tls-modules"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed, so their tests are skipped:$missing"
    exit 0
fi
echo "Installing for the tests:$missing"
# shellcheck disable=SC2086
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 ||
    echo "Could not install$missing: their tests are skipped."
exit 0
