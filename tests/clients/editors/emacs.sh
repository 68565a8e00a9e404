#!/bin/sh
# Emacs in batch mode, with `editors/emacs` and eglot, against the real server.
#
#   tests/clients/editors/emacs.sh FOLDER ONWARD
#
# Ends with 3 if Emacs or eglot is not there (Debian: apt-get install emacs-nox elpa-eglot).
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
command -v emacs >/dev/null || { echo "emacs is not there; Debian has it: apt-get install emacs-nox elpa-eglot"; exit 3; }
emacs --batch --eval "(unless (require 'eglot nil t) (kill-emacs 3))" 2>/dev/null || { echo "eglot is not there; Debian has it: apt-get install elpa-eglot"; exit 3; }
mkdir -p "$1" && folder=$(cd "$1" && pwd) || exit 1
rm -rf "$folder/home" "$folder/shop" && mkdir -p "$folder/home" && cp -R "$root/journeys/shop" "$folder/shop" || exit 1
export HOME="$folder/home" ONWARD="$2" ONWARD_SHOP="$folder/shop" LC_ALL=C.UTF-8
timeout 120 emacs --batch -L "$root/editors/emacs" -l "$here/emacs.el" </dev/null
