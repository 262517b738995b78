#!/bin/sh
# Install exactly the packages of a lock file into the environment, or write the lock files:
#
#   sh install.sh install requirements.lock     create .venv if it is missing, install what the file lists
#   sh install.sh lock [--upgrade]              apply changes of requirements.txt; --upgrade takes the newest releases
#
# PYTHON names the Python to build on, VENV another folder than .venv. uv installs, because it is much faster than pip;
# pip installs uv, and is used itself where uv is not available or fails. Both use the package index that pip is configured for.
set -eu
cd "$(dirname "$0")"
VENV=${VENV:-.venv}
OLDEST=3.11
UV_RANGE='uv>=0.13.9,<0.14' # what installer.lock pins

report() { printf 'Tontine: %s\n' "$*" >&2; }
stop() {
  report "$@"
  exit 1
}

version_of() { "$1" -c 'import sys; sys.stdout.write("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null; }

# Whether a version such as 3.9.2 is new enough; anything that is not a version is not.
new_enough() {
  minor=${1#3.}
  minor=${minor%%.*}
  case "$1:$minor" in
    3.*:*[!0-9]* | 3.*: | [!3]* | :*) return 1 ;;
  esac
  [ "$minor" -ge "${OLDEST#3.}" ]
}

# The Python to build on: the one that was named, or else the first new enough one under its usual names.
find_python() {
  seen=
  if [ -n "${PYTHON:-}" ]; then
    set -- "$PYTHON"
  else
    set -- python3 python3.14 python3.13 python3.12 python3.11 python
  fi
  for name; do
    version=$(version_of "$name") || continue
    if new_enough "$version"; then
      echo "$name"
      return
    fi
    seen="$seen $name is $version."
  done
  report "Python $OLDEST or newer is needed.${seen:- None was found${PYTHON:+ as $PYTHON}.} Install one and name it:" \
    "make run PYTHON=python$OLDEST"
  return 1
}

# Create the environment unless there is one that works.
prepare_environment() {
  if version=$(version_of "$VENV/bin/python") && new_enough "$version"; then
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 && return
    "$VENV/bin/python" -m ensurepip --upgrade >/dev/null 2>&1 && return
  fi
  python=$(find_python) || exit 1
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    stop "$python has no venv module. Install it (Debian and Ubuntu: apt install python3-venv) and start again."
  report "creating $VENV with Python $(version_of "$python")"
  "$python" -m venv --clear "$VENV" || stop "$VENV could not be created; the lines above say why."
}

# Print, as assignments for the shell, the variables that make uv use pip's configuration.
uv_settings() {
  "$VENV/bin/python" - <<'PYTHON'
import ast
import os
import shlex
import subprocess
import sys

SECTIONS = ("global", "install", ":env:")  # a later one counts more, as for pip
listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
found = {}
for section in SECTIONS:
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        if key.startswith(section + ".") and value[:1] in {"'", '"'}:
            found[key[len(section) + 1 :]] = ast.literal_eval(value)

proxy = found.get("proxy", "")
wanted = {
    "UV_DEFAULT_INDEX": found.get("index-url", ""),
    "UV_INDEX": " ".join(found.get("extra-index-url", "").split()),
    "UV_FIND_LINKS": ",".join(found.get("find-links", "").split()),
    "UV_NO_INDEX": "1" if found.get("no-index", "").lower() in {"1", "true", "yes", "on"} else "",
    "UV_INSECURE_HOST": " ".join(found.get("trusted-host", "").split()),
    "UV_HTTP_TIMEOUT": found.get("timeout", found.get("default-timeout", "")),
    "SSL_CERT_FILE": found.get("cert", ""),
    "SSL_CLIENT_CERT": found.get("client-cert", ""),
    "HTTP_PROXY": proxy,
    "HTTPS_PROXY": proxy,
}
for name, value in wanted.items():
    if value and name not in os.environ:
        print(f"export {name}={shlex.quote(value)}")
PYTHON
}

# Install uv by pip and configure it; fails where it is not available.
prepare_uv() {
  report "getting uv, which installs the rest"
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r installer.lock || return 1
  eval "$(uv_settings)"
  # As pip does, look at all indexes for the version wanted; the hashes say which file is the right one.
  export UV_INDEX_STRATEGY=unsafe-best-match UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV="$VENV"
}

# Compile what a start or a model may import, as pip does and uv does not. uv's own option takes twice as long, because
# it knows no exceptions: a quarter of the files are the packages' tests.
compile_packages() {
  report "compiling the packages, so that a start is quick"
  packages=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  # What does not compile is a file that nothing imports, such as a template.
  without='/site-packages/(.*/)?(tests|pip|setuptools|pkg_resources)/'
  "$VENV/bin/python" -m compileall -q -j 0 -x "$without" "$packages" >/dev/null 2>&1 || true
}

install() {
  prepare_environment
  report "installing the $(grep -c '^[a-zA-Z0-9].*==' "$1") packages of $1: some 250 MB to fetch the first time"
  if prepare_uv && "$VENV/bin/uv" pip install --python "$VENV/bin/python" --require-hashes -r "$1"; then
    compile_packages
    report "installed"
    return
  fi
  report "uv could not install them; pip does the same now, which takes some minutes"
  "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off -q --require-hashes -r "$1" ||
    stop "the packages could not be installed; the lines above say why. '$VENV/bin/python -m pip config list' shows the" \
      "index that is asked."
  report "installed"
}

lock() {
  prepare_environment
  prepare_uv || stop "uv could not be installed; the lines above say why."
  # Hashes come from the index alone: files that only this machine has would be of no use elsewhere.
  unset UV_INDEX UV_FIND_LINKS
  compile() {
    "$VENV/bin/uv" pip compile -q --universal --python-version "$OLDEST" --generate-hashes --no-emit-index-url \
      --custom-compile-command "make lock" "$@"
  }
  compile requirements.txt -o requirements.lock "$@"
  compile tests/requirements.txt -c requirements.lock -o tests/requirements.lock "$@"
  echo "$UV_RANGE" | compile - -o installer.lock "$@"
  report "requirements.lock, tests/requirements.lock and installer.lock follow the ranges; run the tests before you commit them"
}

verb=${1:-}
[ $# -eq 0 ] || shift
case "$verb" in
  install) install "${1:-requirements.lock}" ;;
  lock) lock "$@" ;;
  *) stop "what should be done? install FILE, or lock [--upgrade]" ;;
esac
