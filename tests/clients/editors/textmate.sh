#!/bin/sh
# The TextMate grammar against its own tests and snapshots, by VS Code's own engine.
#
#   tests/clients/editors/textmate.sh FOLDER
#
# FOLDER keeps the packages. Ends with 3 if they cannot be had.
set -u
here=$(cd "$(dirname "$0")/../../../editors/textmate" && pwd)
folder=$1
mkdir -p "$folder" || exit 1
if ! cmp -s "$here/package-lock.json" "$folder/installed.json"; then
  command -v npm >/dev/null || { echo "npm is not there"; exit 3; }
  cp "$here/package.json" "$here/package-lock.json" "$folder/"
  (cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts) || { echo "npm cannot fetch them"; exit 3; }
  cp "$here/package-lock.json" "$folder/installed.json"
fi
cd "$here" || exit 1
bin=$folder/node_modules/.bin
"$bin/vscode-tmgrammar-test" -g onward.tmLanguage.json 'tests/*.journey' &&
  "$bin/vscode-tmgrammar-snap" -s source.journey -g onward.tmLanguage.json 'tests/snap/*.journey'
