#!/bin/sh
# Usage: check_isa.sh OBJECT...   Fails where code compiled for one instruction set shares a function with other code:
# of such an object only its table's functions may be visible. A weak copy of an inline function could replace everyone's.
status=0
for object in "$@"; do
  case $object in */src/cpu/*) ;; *) continue ;; esac
  shared=$(nm -gC --defined-only "$object" | grep -E ' [TWVui] ' | grep -vE ' T gpa::[a-z0-9_]+::(kernels|searches|tiles_work|exact_kernels|exact_tiles_work)\(\)$')
  if [ -n "$shared" ]; then
    printf '%s:\n%s\n' "$object" "$shared"
    status=1
  fi
done
exit $status
