"""The scores of `evaluate` beside museval's, on the same files: every score of every frame.

usage: museval_check.py evaluate SONGS ESTIMATES
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import museval
import numpy as np
import soundfile

from checks import Checks

EVALUATE, SONGS, ESTIMATES = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
STEMS = ("drums", "bass", "other", "vocals")
METRICS = ("SDR", "ISR", "SIR", "SAR")
MAX_DIFFERENCE_DB = 0.01


def ours(songs):
    """By song, shaped [metric, stem, frame]; and the seconds that it took, reading files included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [EVALUATE, SONGS, "--estimates", ESTIMATES, "--full", "--museval", folder, "--jobs", "1"]
        start = time.monotonic()
        subprocess.run(command, check=True)
        seconds = time.monotonic() - start
        scores = {}
        for song in songs:
            text = (Path(folder) / ESTIMATES.name / f"{song}.json").read_text()
            targets = {target["name"]: target["frames"] for target in json.loads(text)["targets"]}
            scores[song] = np.array(
                [[[frame["metrics"][metric] for frame in targets[stem]] for stem in STEMS] for metric in METRICS]
            )
    return scores, seconds


def musevals(songs):
    """The same; the seconds are those of the scoring alone."""
    scores, seconds = {}, 0.0
    for song in songs:
        truth, estimates = (
            [soundfile.read(folder / song / f"{stem}.wav") for stem in STEMS] for folder in (SONGS, ESTIMATES)
        )
        rate_hz = truth[0][1]
        truth, estimates = ([samples for samples, _ in stems] for stems in (truth, estimates))
        start = time.monotonic()
        scores[song] = np.array(museval.evaluate(truth, estimates, win=rate_hz, hop=rate_hz, mode="v4"))
        seconds += time.monotonic() - start
    return scores, seconds


checks = Checks()
songs = sorted(path.name for path in SONGS.iterdir())
(got, our_seconds), (want, museval_seconds) = ours(songs), musevals(songs)
largest = 0.0
for song in songs:
    is_like = got[song].shape == want[song].shape
    checks.check(f"{song}: as many frames", is_like, f"{want[song].shape}, {got[song].shape}")
    if not is_like:
        continue
    dropped = np.isnan(want[song])
    num_dropped = int(dropped.all(axis=(0, 1)).sum())
    checks.check(
        f"{song}: the frames that museval drops, and no others, are left out",
        np.array_equal(dropped, np.isnan(got[song])),
        f"{num_dropped} of {want[song].shape[2]}",
    )
    checks.check(f"{song}: scores are there", not dropped.all())
    difference = np.nan_to_num(np.abs(got[song] - want[song]))
    for metric, differences in zip(METRICS, difference):
        worst = differences.max()
        checks.check(f"{song}: {metric}", worst < MAX_DIFFERENCE_DB, f"{worst:.6f} dB apart at most")
    largest = max(largest, difference.max())
checks.check("frames of silence were among them", any(np.isnan(want[song]).any() for song in songs))
print(f"largest difference {largest:.6f} dB")
print(
    f"museval {museval_seconds:.2f} s, evaluate {our_seconds:.2f} s on one core: "
    f"{museval_seconds / our_seconds:.1f} times as fast"
)
checks.finish()
