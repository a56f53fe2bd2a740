#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Kills training at random moments and sees whether it goes on to the same bits.
#
#     Scripts/kill-test.sh [KILLS]            20 if left out
#
# LeNet is trained on the first 2000 images of Fashion-MNIST, once without interruption and once with
# SIGKILL after a random time, again and again, each time going on with --resume. Every other start
# saves after each step, so that some kills fall into the writing of a file, about one in ten; the
# others save every 25 steps and lose some. At the end the weights and the logged figures must be the
# same. If a run comes to its end before it was killed often enough, another one is begun.
#
# Not among the fast tests, as it takes a minute. Variables: FOVEA is the command, .build/release/fovea
# if not set; DATA_DIR the folder of the images; SEED where the random times begin, the clock if not set.
set -eu
kills=${1:-20}
root=$(cd "$(dirname "$0")/.." && pwd)
fovea=${FOVEA:-$root/.build/release/fovea}
seed=${SEED:-$(date +%s)}
work=$(mktemp -d)
pid=
trap 'test -z "$pid" || kill -9 "$pid" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# Takes the place of the shell it is called in, so that what is killed is the command itself.
train() {
    exec "$fovea" train lenet --data fashion-mnist ${DATA_DIR:+--data-dir "$DATA_DIR"} \
        --limit-train 2000 --limit-test 200 --epochs 6 --batch 20 --optimizer adamw --lr 0.003 \
        --schedule one-cycle --threads 1 "$@"
}

# The logged figures without those that the clock decides.
figures() {
    sed -E 's/"(images_per_second|waiting)":[^,}]*//g' "$1/metrics.jsonl"
}

# Whether a run that was killed left the same as the one that was not.
compare() {
    for name in last.safetensors best.safetensors; do
        whole=$(sha256sum <"$work/whole/$name" | cut -c1-64)
        found=$(sha256sum <"$1/$name" | cut -c1-64)
        echo "$name $found"
        test "$whole" = "$found" || { echo "but without kills it is $whole"; return 1; }
    done
    figures "$work/whole" >"$work/whole.jsonl"
    figures "$1" >"$work/found.jsonl"
    diff "$work/whole.jsonl" "$work/found.jsonl"
    left=$(find "$1" -name '*.tmp-*')
    test -z "$left" || { echo "left behind: $left"; return 1; }
}

echo "seed $seed"
(train --out "$work/whole") >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
killed=0
saving=0
run=1
while test "$killed" -lt "$kills"; do
    every=$((killed % 2 == 0 ? 1 : 25))
    wait_for=$(awk "BEGIN { srand(($seed + $killed * 7919 + $run) % 2147483647); rand(); rand(); print 0.2 + 1.1 * rand() }")
    train --out "$work/$run" --resume --save-every $every >"$work/log" 2>&1 &
    pid=$!
    sleep "$wait_for"
    if kill -9 "$pid" 2>/dev/null && ! wait "$pid" 2>/dev/null; then
        killed=$((killed + 1))
        left=$(find "$work/$run" -name '*.tmp-*' 2>/dev/null | wc -l)
        if test "$left" -gt 0; then saving=$((saving + 1)); fi
        newest=$(find "$work/$run" -name 'checkpoint-*' 2>/dev/null | sort | tail -1)
        echo "kill $killed after $wait_for s, saving every $every: ${newest##*/}, $left half written"
    else
        # It was at its end, or has failed.
        wait "$pid" || { cat "$work/log"; exit 1; }
        compare "$work/$run"
        run=$((run + 1))
    fi
    pid=
done
(train --out "$work/$run" --resume) >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
compare "$work/$run"
echo "$killed kills, $saving of them while a file was being written, $run runs: the same bits"
