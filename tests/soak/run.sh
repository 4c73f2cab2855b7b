#!/usr/bin/env bash
# Mixed load for a long time:  run.sh MINUTES [MODEL.gguf]   (the demo model if none is given)
# Speech whole and streamed by fast, slow and failing listeners, conversion, recognition, enrolment, cancelled requests, refusals. Prints a
# line a minute; fails if a request ends as it should not, if no request ended in a minute, or if memory grows. Needs what `gpa test` has built.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
minutes=${1:?usage: run.sh MINUTES [MODEL.gguf]}
cd "$root"
if [[ ! -e tests/java/target/test-classes/io/gpa4j/tests/soak/SoakMain.class || ! -d java/gpa4j-cli/target/lib ]]; then
  mvn -B -q -ntp package -DskipTests -pl tests/java,java/gpa4j-cli -am
fi
# The heap is all there from the start: what grows is a leak.
exec java -Xms128m -Xmx128m -XX:+AlwaysPreTouch -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.log.ai.djl=error \
  -cp "tests/java/target/test-classes:java/gpa4j-cli/target/lib/*" io.gpa4j.tests.soak.SoakMain "$minutes" "${2:-tests/data/demo/demo.gguf}"
