#!/bin/sh
# Usage: check_exports.sh LIBRARY HEADER   Fails where the library exports anything but the functions that the header declares,
# or lacks one of them.
set -u
exported=$(nm -D --defined-only "$1" | awk '{ print $NF }' | sort)
declared=$(sed -n 's/^GPA_API .*[ *]\(gpa_[a-z0-9_]*\)(.*/\1/p' "$2" | sort)
[ -n "$declared" ] || { echo "$2 declares nothing"; exit 1; }
[ "$exported" = "$declared" ] && exit 0
echo "exported:" $exported
echo "declared:" $declared
exit 1
