#!/bin/sh
# The tree-sitter grammar: generated, its own tests, all journeys of the project without an error, the queries.
#
#   tests/clients/editors/tree-sitter.sh FOLDER
#
# Ends with 3 if the program tree-sitter is not there (cargo install tree-sitter-cli --version 0.27.1 --locked --no-default-features).
set -u
root=$(cd "$(dirname "$0")/../../.." && pwd)
tree_sitter=${ONWARD_TREE_SITTER:-$(command -v tree-sitter)} || { echo "tree-sitter is not there"; exit 3; }
command -v cc >/dev/null && command -v node >/dev/null || { echo "a C compiler and node are needed besides"; exit 3; }
mkdir -p "$1" && folder=$(cd "$1" && pwd) || exit 1
rm -rf "$folder/grammar" "$folder/home" && mkdir -p "$folder/home" && cp -R "$root/editors/tree-sitter-onward" "$folder/grammar" || exit 1
export HOME="$folder/home" XDG_CACHE_HOME="$folder/home/cache" XDG_CONFIG_HOME="$folder/home/config"
cd "$folder/grammar" || exit 1
"$tree_sitter" generate --js-runtime node || exit 1
"$tree_sitter" test || exit 1
find "$root/journeys" "$root/editors/textmate/tests/snap" -name '*.journey' >"$folder/files.txt"
"$tree_sitter" parse --quiet --stat --paths "$folder/files.txt" >"$folder/parsed.txt" 2>/dev/null || { grep -E 'ERROR|MISSING' "$folder/parsed.txt"; exit 1; }
for query in queries/*.scm; do
  "$tree_sitter" query --quiet "$query" "$root/journeys/shop/cart.journey" >"$folder/query.txt" 2>&1 || { cat "$folder/query.txt"; exit 1; }
done
grep 'Total parses' "$folder/parsed.txt"
