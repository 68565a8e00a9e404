#!/bin/sh
# Drives clients that other people wrote, unmodified, against a running server. Each tells the same small story.
#
#   tests/clients/run.sh FOLDER HTTP_URL WRITE_KEY HTTPS_PORT SERVER_KEY CA_FILE
#
# FOLDER keeps the packages, so that the next run needs no network. Ends with 0 if all were heard, with 3 if the packages cannot be had, and
# with 1 if a client was not content.
set -u
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 url=$2 write=$3 port=$4 server=$5 ca=$6
mkdir -p "$folder"

have() { [ -e "$folder/.installed-$1" ]; }

if ! have node; then
  command -v npm >/dev/null || { echo "npm is not there"; exit 3; }
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
    @segment/analytics-node@3.1.0 @rudderstack/rudder-sdk-node@3.0.13 customerio-node@4.4.0 || { echo "npm cannot fetch them"; exit 3; }
  touch "$folder/.installed-node"
fi
if ! have python; then
  python3 -m pip install --quiet --disable-pip-version-check --target "$folder/python" \
    segment-analytics-python==2.4.0 rudder-sdk-python==2.1.9 customerio==3.2.0 || { echo "pip cannot fetch them"; exit 3; }
  touch "$folder/.installed-python"
fi

failed=0
run() {
  name=$1; shift
  if NODE_PATH="$folder/node_modules" PYTHONPATH="$folder/python" REQUESTS_CA_BUNDLE="$ca" timeout 60 "$@"; then
    echo "$name: content"
  else
    echo "$name: NOT content"; failed=1
  fi
}
run segment-node node "$here/segment.cjs" "$url" "$write"
run segment-python python3 "$here/segment_client.py" "$url" "$write"
run rudder-node node "$here/rudder.cjs" "$url" "$write"
run rudder-python python3 "$here/rudder_client.py" "$url" "$write"
run customerio-node node "$here/customerio.cjs" "$port" "$server" "$ca"
run customerio-python python3 "$here/customerio_client.py" "$port" "$server"
exit $failed
