#!/usr/bin/env bash
# Compares every spec that changed since $BASE with what it was, writes the summary of the job, and fails where one of
# $LIMITS is broken, a spec is wrong, or $BASE is not there. Names of files come from a pull request: they are never part of
# a command's text.
set -uo pipefail

limits=()
for limit in ${LIMITS:-}; do limits+=(--limit "$limit"); done

changes=$(mktemp)
trap 'rm -f "$changes"' EXIT
if ! git diff -z --name-status --find-renames --diff-filter=ADMR "${BASE:-}" -- "${SPECS:-specs/*.yaml}" >"$changes"; then
  echo "::error::git has no revision '${BASE:-}' to compare with. Check out with fetch-depth: 0, and outside pull requests give \`base\`."
  exit 1
fi

status=0
compare() { # BEFORE AFTER
  archgraph diff "$1" "$2" --format markdown "${limits[@]}" >>"$GITHUB_STEP_SUMMARY" || status=1
  archgraph diff "$1" "$2" --format github "${limits[@]}" || status=1
}

added() { # FILE: no limit holds it, since all are shares of what was
  local told
  archgraph cost "$1" --format markdown >>"$GITHUB_STEP_SUMMARY" || status=1
  told=$(archgraph diff "$1" "$1" --format github 2>/dev/null) || echo "$told" # where its error is
}

say() { printf '### %s: %q\n\n' "$@" >>"$GITHUB_STEP_SUMMARY"; }

while IFS= read -r -d '' kind && IFS= read -r -d '' file; do
  case $kind in
    A) say "New spec" "$file" && added "$file" ;;
    D) say "Deleted spec" "$file" ;;
    R*) IFS= read -r -d '' moved && say "Moved from $(printf %q "$file")" "$moved" && compare "$BASE:$file" "$moved" ;;
    *) compare "$BASE:$file" "$file" ;;
  esac
  echo >>"$GITHUB_STEP_SUMMARY"
done <"$changes"
exit $status
