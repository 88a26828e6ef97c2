#!/bin/sh
# One scheduled run. cron mails what is printed here: nothing, or, after a run that failed, its last message.
# Ends with the code of `forecast run`: 0; 2 an error; 130 or 143 ended by a signal. With 75 if the run before is still at work.
folder=@FOLDER@
python=@PYTHON@
config=@CONFIG@

cd "$folder" && mkdir -p logs || exit 2
exec 9>logs/lock
if command -v flock >/dev/null && ! flock -n 9; then
    echo "the run before is still at work: $folder" >&2
    exit 75
fi

now=$(date -u +%Y-%m-%dT%H%M%SZ)
log=logs/$now.jsonl # a line for each step, and one object at the end
# a folder for each day, so that the runs of before stay; a run that is cut short goes on where it was if started the same day
"$python" -P -m forecast run "$config" --out "runs/${now%T*}" --json >logs/last_run 2>"$log" 9>&- &
run=$!
trap 'kill -TERM "$run"' HUP INT TERM
wait "$run"
code=$?
while kill -0 "$run" 2>/dev/null; do # a signal ends `wait` before the run
    wait "$run"
    code=$?
done
if [ "$code" -ne 0 ]; then
    echo "forecast run $config ended with code $code; its messages: $folder/$log" >&2
    tail -n 1 "$log" >&2
fi
exit "$code"
