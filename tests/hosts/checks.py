"""What the host checks share: a line per check, an exit code, signals and comparisons."""

import sys

import numpy as np


class Checks:
    """Prints a line per check; `finish` ends the program with 1 if one failed."""

    def __init__(self):
        self.failed = []

    def check(self, name, passed, found=""):
        print("ok    " if passed else "FAILED", name, f"({found})" if found != "" else "", flush=True)
        if not passed:
            self.failed.append(name)

    def equal(self, name, want, got):
        """Both shaped [channel, sample]; equal bit for bit, and as long."""
        if want.shape != got.shape:
            self.check(name, False, f"expected the shape {want.shape}, found {got.shape}")
            return
        different = np.argwhere(want != got)
        if len(different) == 0:
            self.check(name, True)
            return
        channel, sample = different[np.argmin(different[:, 1])]
        self.check(
            name,
            False,
            f"channel {channel}, sample {sample}: expected {want[channel, sample]}, "
            f"found {got[channel, sample]}",
        )

    def finish(self):
        if self.failed:
            print(f"{len(self.failed)} failed: {', '.join(self.failed)}")
        sys.exit(1 if self.failed else 0)


def noise(num_channels, num_samples, seed):
    """White noise at −12 dBFS peak, shaped [channel, sample]."""
    random = np.random.default_rng(seed)
    return random.uniform(-0.25, 0.25, (num_channels, num_samples)).astype(np.float32)


def delayed(signal, delay_samples):
    """As long as the signal, silent before."""
    silence = np.zeros((signal.shape[0], delay_samples), np.float32)
    return np.concatenate([silence, signal], axis=1)[:, : signal.shape[1]]


def level_db(signal):
    """RMS over everything, in dB; −200 dB for silence."""
    return 10 * np.log10(np.mean(np.square(signal, dtype=np.float64)) + 1e-20)
