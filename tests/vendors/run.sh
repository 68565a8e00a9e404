#!/usr/bin/env bash
# The vendors' own libraries and mock servers, in pinned versions.
#
#   tests/vendors/run.sh install        into $ONWARD_VENDORS (by default target/vendors), once
#   tests/vendors/run.sh agree CASES    asks the libraries; exit 1 where they do not agree with us
#   tests/vendors/run.sh prism PORT SPEC
#
# Needs Node 20 and Python 3.11 with their registries. The test `channel_vendors` calls it where ONWARD_VENDOR_TESTS=1.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
export ONWARD_VENDORS="${ONWARD_VENDORS:-$here/../../target/vendors}"

case "${1:-}" in
  install)
    mkdir -p "$ONWARD_VENDORS"
    if ! cmp -s "$here/package.json" "$ONWARD_VENDORS/installed.json"; then
      cp "$here/package.json" "$ONWARD_VENDORS/package.json"
      (cd "$ONWARD_VENDORS" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
      python3 -m venv "$ONWARD_VENDORS/py"
      "$ONWARD_VENDORS/py/bin/pip" install --quiet --disable-pip-version-check botocore==1.44.8 standardwebhooks==1.1.0
      cp "$here/package.json" "$ONWARD_VENDORS/installed.json"
    fi
    ;;
  agree)
    node "$here/agree.mjs" "$2"
    "$ONWARD_VENDORS/py/bin/python" "$here/agree.py" "$2"
    ;;
  prism)
    # Not in the shell's stead only: whoever ends this process ends the server.
    exec node "$ONWARD_VENDORS/node_modules/@stoplight/prism-cli/dist/index.js" mock -p "$2" --errors "$3"
    ;;
  *)
    echo "run.sh install | agree CASES | prism PORT SPEC" >&2
    exit 2
    ;;
esac
