#!/bin/sh
# Builds and packs the extension, puts it into a real VS Code (code-server, in Debian's Chromium), and works with it as a person would.
#
#   editors/vscode/test/run.sh FOLDER ONWARD [PICTURES]
#
# FOLDER keeps what is fetched and built. PICTURES: the folder for the screenshots; `editors/vscode/images` makes those of the pages anew.
# Ends with 3 if npm, Chromium or the packages cannot be had.
set -u
vscode=$(cd "$(dirname "$0")/.." && pwd)
root=$(cd "$vscode/../.." && pwd)
onward=$2
mkdir -p "$1" || exit 1
folder=$(cd "$1" && pwd)
pictures=${3:-$folder/pictures}
mkdir -p "$pictures"

command -v npm >/dev/null || { echo "npm is not there"; exit 3; }
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "Chromium is not there"; exit 3; }

# The extension, built in a copy, so that nothing is left among the sources.
mkdir -p "$folder/extension"
cp -R "$vscode/." "$folder/extension/" || exit 1
rm -rf "$folder/extension/test"
if ! cmp -s "$vscode/package-lock.json" "$folder/extension.lock"; then
  (cd "$folder/extension" && rm -rf node_modules && npm ci --silent --no-audit --no-fund --ignore-scripts) || { echo "npm cannot fetch the tools"; exit 3; }
  cp "$vscode/package-lock.json" "$folder/extension.lock"
fi
export ONWARD_TEXTMATE="$root/editors/textmate" ONWARD_LICENCES="$root"
(cd "$folder/extension" && npm run -s types && npm run -s package) || exit 1

# VS Code as an npm package comes without the modules of its inner parts, and they in a form that its own packer would have made.
server=$folder/server
if ! [ -e "$server/.installed-4.99.4" ]; then
  mkdir -p "$server" && cp "$vscode/test/package.json" "$server/"
  inner=$server/node_modules/code-server/lib/vscode
  quiet="--silent --no-audit --no-fund --ignore-scripts"
  { (cd "$server" && npm install $quiet) && (cd "$inner" && npm install $quiet --omit=dev) && (cd "$inner/extensions" && npm install $quiet --omit=dev) &&
    (cd "$inner" && ln -sfn node_modules node_modules.asar) && (cd "$server" && npm rebuild --silent argon2) && (cd "$inner" && npm rebuild --silent @vscode/spdlog); } || { echo "npm cannot fetch VS Code"; exit 3; }
  touch "$server/.installed-4.99.4"
fi
rm -rf "$folder/home" && mkdir -p "$folder/home"
code="node $server/node_modules/code-server/out/node/entry.js --user-data-dir $folder/home/data --extensions-dir $folder/home/extensions --config $folder/home/config.yaml"
$code --install-extension "$folder/extension/dist/onward.vsix" || exit 1

rm -rf "$folder/work" && mkdir -p "$folder/work" && cp -R "$root/journeys/shop" "$folder/work/shop" || exit 1
NODE_PATH="$folder/extension/node_modules" exec node "$vscode/test/work.cjs" "$folder" "$onward" "$chromium" "$pictures" "$server/node_modules/code-server/out/node/entry.js"
