#!/bin/sh
# Neovim, headless, with `editors/neovim` on its path, against the real server.
#
#   tests/clients/editors/neovim.sh FOLDER ONWARD
#
# Ends with 3 if Neovim is not there (Debian: apt-get install neovim).
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
command -v nvim >/dev/null || { echo "nvim is not there; Debian has it: apt-get install neovim"; exit 3; }
mkdir -p "$1" && folder=$(cd "$1" && pwd) || exit 1
rm -rf "$folder/home" "$folder/shop" && mkdir -p "$folder/home" && cp -R "$root/journeys/shop" "$folder/shop" || exit 1
export HOME="$folder/home" XDG_CONFIG_HOME="$folder/home/config" XDG_DATA_HOME="$folder/home/data" XDG_CACHE_HOME="$folder/home/cache" XDG_STATE_HOME="$folder/home/state"
export ONWARD="$2" ONWARD_EDITOR="$root/editors/neovim" ONWARD_SHOP="$folder/shop"
# Nothing may ask: whoever waits for a key waits for ever.
timeout 120 nvim --headless -u NONE -i NONE -n --cmd 'set shortmess+=A nomore' -c "luafile $here/neovim.lua" </dev/null
