#!/usr/bin/env bash
# Compares every spec that changed since $BASE with what it was, writes the summary of the job, and fails where one of
# $LIMITS is broken or a spec is wrong. Names of files come from a pull request: they are never part of a command's text.
set -uo pipefail

limits=()
for limit in ${LIMITS:-}; do limits+=(--limit "$limit"); done

status=0
while IFS= read -r -d '' file; do
  archgraph diff "$BASE:$file" "$file" --format markdown "${limits[@]}" >>"$GITHUB_STEP_SUMMARY" || status=1
  echo >>"$GITHUB_STEP_SUMMARY"
  archgraph diff "$BASE:$file" "$file" --format github "${limits[@]}" || status=1
done < <(git diff -z --name-only --diff-filter=M "$BASE" -- "${SPECS:-specs/*.yaml}")
exit $status
