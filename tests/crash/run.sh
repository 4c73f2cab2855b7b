#!/usr/bin/env bash
# Kills `gpa convert` and `gpa quantize` again and again while they write, and takes their disk away: where the result belongs stands
# nothing, the old file or the whole new one, and what is left beside it bothers nobody.   tests/crash/run.sh [ROUNDS]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rounds=${1:-200}
mkdir -p "$root/build"
work=$(mktemp -d "$root/build/crash.XXXXXX")
mounted=
trap 'cleanup' EXIT

cleanup() {
  [[ -z $mounted ]] || umount "$mounted" || true
  rm -rf "$work"
}

fail() { echo "crash test: $*" >&2; exit 1; }
gpa() { "$root/gpa" "$@"; }
leftovers() { find "$1" -name '.*.part' | wc -l; }

# Whole seconds are too coarse for sleep and date.
random_below() { awk -v most="$1" -v seed="$RANDOM$RANDOM" 'BEGIN { srand(seed); printf "%.3f", rand() * most }'; }
now() { date +%s.%N; }

# What each command writes when nothing disturbs it, and what stood there before.
golden=$root/tests/data/goldens/checkpoint
source=$work/source.gguf
gpa convert "$golden" -o "$source" --type f32 >/dev/null 2>&1
declare -A arguments=([convert]="$golden --type q8_0" [quantize]="$source --type q4_k_m")
gpa convert "$golden" -o "$work/convert.new" --type q8_0 >/dev/null 2>&1
gpa quantize "$source" -o "$work/quantize.new" --type q4_k_m >/dev/null 2>&1
gpa convert "$golden" -o "$work/old" --type bf16 >/dev/null 2>&1

declare -A outcomes=([absent]=0 [old]=0 [new]=0 [left]=0)

# What stands at a target: absent, old or new.  Anything else ends the test.
outcome() {
  local target=$1 new=$2
  if [[ ! -e $target ]]; then echo absent
  elif cmp -s "$target" "$work/old"; then echo old
  elif cmp -s "$target" "$new"; then echo new
  else fail "$target is neither absent nor old nor new ($(stat -c %s "$target") bytes)"; fi
}

# One command, killed: every other time at any moment of its run, else while it writes.
round() {
  local command=$1 number=$2 folder=$work/$1 pid target found
  target=$folder/model.gguf
  mkdir -p "$folder"
  rm -f "$target"
  (( number % 4 < 2 )) || cp "$work/old" "$target"
  # shellcheck disable=SC2086
  "$root/gpa" "$command" ${arguments[$command]} -o "$target" >/dev/null 2>&1 &
  pid=$!
  if (( number % 2 )); then
    sleep "$(random_below "${duration[$command]}")"
  else
    # What the last round left is there until the writer begins.
    local before; before=$(find "$folder" -name '.*.part')
    while kill -0 "$pid" 2>/dev/null && [[ $(find "$folder" -name '.*.part') == "$before" ]]; do sleep 0.005; done
    sleep "$(random_below "${writing[$command]}")"
  fi
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  found=$(outcome "$target" "$work/$command.new")
  if (( number % 4 < 2 )); then [[ $found != old ]]; else [[ $found != absent ]]; fi || fail "$target: $found, which was not there before"
  outcomes[$found]=$((outcomes[$found] + 1))
  local left; left=$(leftovers "$folder")
  (( left <= 1 )) || fail "$left temporary files beside $target: runs do not remove what earlier ones left"
  outcomes[left]=$((outcomes[left] + left))
}

# A run after all those kills: its result is right, and nothing else is left.
undisturbed() {
  local command=$1 folder=$work/$1
  # shellcheck disable=SC2086
  gpa "$command" ${arguments[$command]} -o "$folder/model.gguf" >/dev/null 2>&1 || fail "$command fails after a kill"
  cmp -s "$folder/model.gguf" "$work/$command.new" || fail "$command gives another file after a kill"
  [[ $(ls -A "$folder") == model.gguf ]] || fail "left in $folder: $(ls -A "$folder" | tr '\n' ' ')"
}

# How long a command takes, and how much of it is writing.
declare -A duration writing
measure() {
  local command=$1 folder=$work/$1 begin seen pid
  mkdir -p "$folder"
  begin=$(now)
  # shellcheck disable=SC2086
  "$root/gpa" "$command" ${arguments[$command]} -o "$folder/model.gguf" >/dev/null 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && [[ $(leftovers "$folder") == 0 ]]; do sleep 0.005; done
  seen=$(now)
  wait "$pid"
  duration[$command]=$(awk -v a="$begin" -v b="$(now)" 'BEGIN { print 1.1 * (b - a) }')
  writing[$command]=$(awk -v a="$seen" -v b="$(now)" 'BEGIN { print 1.1 * (b - a) }')
}

kills() {
  for command in convert quantize; do
    measure "$command"
    for ((i = 0; i < rounds; i++)); do
      round "$command" "$i"
      (( i % 20 != 19 )) || undisturbed "$command"
    done
    undisturbed "$command"
  done
  echo "killed $((2 * rounds)) times: ${outcomes[absent]} absent, ${outcomes[old]} old, ${outcomes[new]} new; ${outcomes[left]} temporary files left and removed later"
  (( rounds < 10 || outcomes[left] > 0 )) || fail "no kill came while a file was written"
}

# A command that must fail with a message, leaving the old file alone in its folder.
refused() {
  local folder=$1 expected=$2 message; shift 2
  ! message=$(gpa "$@" -o "$folder/model.gguf" 2>&1 >/dev/null) || fail "$1 succeeds on a full disk"
  grep -q "$expected" <<<"$message" || fail "$1 on a full disk says: $message"
  cmp -s "$folder/model.gguf" "$work/small" || fail "the old file is gone from the full disk"
  [[ $(ls -A "$folder") == model.gguf ]] || fail "left on the full disk: $(ls -A "$folder" | tr '\n' ' ')"
  echo "full disk: $(grep -v '^[a-z]*: [0-9]* %' <<<"$message" | tail -1)"
}

# Too little space from the beginning, and a disk that shrinks once the file is begun.
full_disk() {
  local disk=$work/disk
  mkdir "$disk"
  if [[ $(id -u) != 0 ]] || ! mount -t tmpfs -o size=4m crash "$disk" 2>/dev/null; then
    echo "full disk: skipped, as only root may mount a small one"
    return
  fi
  mounted=$disk
  head -c 1000 /dev/urandom > "$work/small"
  cp "$work/small" "$disk/model.gguf"
  refused "$disk" "needs .* bytes, its disk has" convert "$golden" --type f32
  refused "$disk" "needs .* bytes, its disk has" quantize "$source" --type q8_0
  mount -o remount,size=4g "$disk"
  (while [[ $(leftovers "$disk") == 0 ]]; do sleep 0.005; done
   until mount -o remount,size=64m "$disk" 2>/dev/null || mount -o remount,size=512m "$disk" 2>/dev/null; do sleep 0.005; done) &
  local shrinking=$!
  refused "$disk" "No space left on device" fabricate --shape gpa-0.3b --type f16
  wait "$shrinking"
}

gpa build
kills
full_disk
echo "crash test: passed"
