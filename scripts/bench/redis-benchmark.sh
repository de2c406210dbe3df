#!/bin/sh
# redis-benchmark against three node processes on this machine: every command of it with a pipeline of 16, then of 1. Prints its CSV, and fails at an error.
# Usage: scripts/bench/redis-benchmark.sh [REQUESTS] [PIPELINE ...]      (200000 requests, pipelines of 16 and 1)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
requests=${1:-200000}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- 16 1
command -v redis-benchmark > /dev/null || { echo "redis-benchmark is not installed (Debian: redis-tools)" >&2; exit 1; }
# Built before the clock runs.
"$root/scripts/raftdb" --help > /dev/null
directory=$(mktemp -d)
base=${RAFTDB_BENCH_PORT:-$((10000 + $$ % 20000))}
cluster="1=127.0.0.1:$((base + 7)),2=127.0.0.1:$((base + 8)),3=127.0.0.1:$((base + 9))"
pids=

finish() {
    for pid in $pids; do kill "$pid" 2> /dev/null || true; done
    for pid in $pids; do wait "$pid" 2> /dev/null || true; done
    rm -rf "$directory"
}
trap finish EXIT
trap 'exit 130' INT TERM

for id in 1 2 3; do
    "$root/scripts/raftdb" start --id "$id" --data "$directory/node$id" --http "127.0.0.1:$((base + id))" --resp "127.0.0.1:$((base + 3 + id))" \
        --peer "127.0.0.1:$((base + 6 + id))" --cluster "$cluster" > "$directory/out$id" 2> "$directory/error$id" &
    pids="$pids $!"
done
for id in 1 2 3; do
    tries=0
    until grep -q "is ready" "$directory/out$id"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 600 ]; then
            echo "node $id is not ready after a minute:" >&2
            cat "$directory/error$id" >&2
            exit 1
        fi
        sleep 0.1
    done
done

nproc=$(nproc 2> /dev/null || echo "?")
echo "# $(git -C "$root" rev-parse --short HEAD 2> /dev/null || echo unknown), $nproc processors shared by three nodes and the benchmark, ack=quorum, durability=fsync, load $(cut -d ' ' -f 1-3 /proc/loadavg)"
for pipeline in "$@"; do
    echo "# -n $requests -c 50 -P $pipeline -d 100, by way of node 1"
    redis-benchmark -p "$((base + 4))" -t set,get,incr,mset -n "$requests" -c 50 -P "$pipeline" -d 100 --csv > "$directory/csv" 2> "$directory/errors"
    cat "$directory/csv"
    if [ -s "$directory/errors" ] || grep -qi error "$directory/csv" || [ "$(wc -l < "$directory/csv")" -ne 5 ]; then
        cat "$directory/errors" >&2
        echo "redis-benchmark met an error" >&2
        exit 1
    fi
done
