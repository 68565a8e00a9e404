#!/bin/sh
# The language server under pytest-lsp, a client and checker of the protocol that other people wrote.
#
#   tests/clients/lsp/run.sh FOLDER ONWARD
#
# FOLDER keeps the packages. Ends with 3 if they cannot be had.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
mkdir -p "$1" && folder=$(cd "$1" && pwd) || exit 1
command -v python3 >/dev/null || { echo "python3 is not there"; exit 3; }
if ! cmp -s "$here/requirements.txt" "$folder/installed.txt"; then
  rm -rf "$folder/py"
  { python3 -m venv "$folder/py" && "$folder/py/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"; } ||
    { echo "pip cannot fetch them"; exit 3; }
  cp "$here/requirements.txt" "$folder/installed.txt"
fi
export ONWARD="$2" ONWARD_SHOP="$root/journeys/shop" PYTHONDONTWRITEBYTECODE=1
exec timeout 300 "$folder/py/bin/python" -m pytest -p no:cacheprovider --rootdir "$here" --basetemp "$folder/tmp" -q -rA "$here"
