#!/usr/bin/env python3
"""Writes hpss_golden.json: percussive masks of HPSS Mix, made with scipy.ndimage.median_filter.

usage: pip install numpy==2.2.6 scipy==1.15.3; python hpss_golden.py

Everything is computed in double precision from the definitions alone: window, FFT, medians over
the whole spectrogram, mask. The test in src/separators/hpss.rs makes the same signal.
"""

import json
import pathlib

import numpy as np
from scipy.ndimage import median_filter

ANALYSIS, SYNTHESIS, HOP = 2048, 512, 256
NUM_HOPS = 80
FRAMES = [32, 40, 47]  # more than half a median away from both ends
BIN_STEP = 4


def signal() -> np.ndarray:
    """Two tones, one of them gliding, a noise floor, and a burst of noise every 3000 samples."""
    seed, noise = 1, []
    for _ in range(NUM_HOPS * HOP):
        seed = (1664525 * seed + 1013904223) % 2**32
        noise.append(seed / 2**31 - 1)
    n = np.arange(NUM_HOPS * HOP)
    burst = np.where(n % 3000 < 300, 0.5, 0.02)
    tones = 0.3 * np.sin(0.0627 * n) + 0.2 * np.sin(0.2 * n + 5e-6 * n * n)
    return (tones + burst * np.array(noise)).astype(np.float32).astype(np.float64)


def window() -> np.ndarray:
    fall = SYNTHESIS / 2
    rise = ANALYSIS - fall
    centre = np.arange(ANALYSIS) + 0.5
    return np.where(
        centre < rise,
        np.sin(np.pi / 2 * centre / rise),
        np.cos(np.pi / 2 * (centre - rise) / fall),
    )


def main() -> None:
    padded = np.concatenate([np.zeros(ANALYSIS - HOP), signal()])
    frames = [padded[h * HOP : h * HOP + ANALYSIS] * window() for h in range(NUM_HOPS)]
    magnitude = np.abs(np.fft.rfft(frames, axis=1))
    harmonic = median_filter(magnitude, size=(31, 1))
    percussive = median_filter(magnitude, size=(1, 17))
    mask = percussive**2 / (percussive**2 + harmonic**2)
    golden = {
        "bin_step": BIN_STEP,
        "frames": FRAMES,
        "masks": [[round(float(m), 6) for m in mask[f, ::BIN_STEP]] for f in FRAMES],
    }
    path = pathlib.Path(__file__).with_name("hpss_golden.json")
    path.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
