#!/usr/bin/env python3
"""Prints the golden scores in src/eval/bss_eval.rs: SDR, ISR, SIR and SAR by museval.

Needs `pip install museval==0.4.1`.
"""

import museval
import numpy as np

RATE_HZ = 44_100
LENGTH = 3 * RATE_HZ


def noise(level, seed):
    values = np.empty(LENGTH)
    for n in range(LENGTH):
        seed = (1_664_525 * seed + 1_013_904_223) % 2**32
        values[n] = level * (seed / 2**31 - 1)
    return values


def sine(level, phase):
    return level * np.sin(2 * np.pi * 440 * np.arange(LENGTH) / RATE_HZ + phase)


a = np.stack([sine(0.8, 0.0), sine(0.5, 0.3)], axis=1)
b = np.stack([noise(0.3, 1), noise(0.3, 2)], axis=1)
c = np.stack([noise(0.2, 3), noise(0.2, 4)], axis=1)
truth = np.stack([a, b])
estimates = np.stack([0.9 * a + 0.1 * b + 0.05 * c, 0.05 * a + 0.8 * b + 0.05 * c])

scores = museval.metrics.bss_eval(truth, estimates, window=RATE_HZ, hop=RATE_HZ)
np.set_printoptions(precision=6, floatmode="fixed")
print(np.stack(scores[:4], axis=1))
