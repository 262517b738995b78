#!/usr/bin/env bash
# What the tests need from the system: a Chromium for the browser journeys. Installed if possible;
# otherwise these tests are skipped with a message.
set -u
if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Tontine: installing Chromium, which the browser journeys drive" >&2
  apt-get update -q >/dev/null 2>&1
  DEBIAN_FRONTEND=noninteractive apt-get install -yq chromium >/dev/null 2>&1 || true
fi
command -v chromium >/dev/null || echo "Tontine: Chromium could not be installed; without it the browser journeys are skipped" >&2
exit 0
