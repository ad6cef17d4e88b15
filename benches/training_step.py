"""The same training step as training_step.rs in PyTorch, for comparison.

    pip install torch numpy
    python benches/training_step.py

One thread; features and targets are noise of the same shapes, as only time is measured.
"""

import time

import torch
import torch.nn.functional as F
from torch import nn

SEGMENT_S = 3.0
RATE_HZ = 44_100
BATCH = 2
STEPS = 8
KERNEL = 3
STEMS, CHANNELS = 4, 2


class Block(nn.Module):
    def __init__(self, bottleneck, hidden, dilation, has_residual):
        super().__init__()
        self.padding = dilation * (KERNEL - 1)
        self.expand = nn.Conv1d(bottleneck, hidden, 1)
        self.prelu1 = nn.PReLU(hidden)
        self.norm1 = nn.BatchNorm1d(hidden)
        self.depthwise = nn.Conv1d(hidden, hidden, KERNEL, dilation=dilation, groups=hidden)
        self.prelu2 = nn.PReLU(hidden)
        self.norm2 = nn.BatchNorm1d(hidden)
        self.residual = nn.Conv1d(hidden, bottleneck, 1, bias=False) if has_residual else None
        self.skip = nn.Conv1d(hidden, bottleneck, 1, bias=False)

    def forward(self, x):
        z = self.norm1(self.prelu1(self.expand(x)))
        z = self.norm2(self.prelu2(self.depthwise(F.pad(z, (self.padding, 0)))))
        return (x + self.residual(z) if self.residual else x), self.skip(z)


class Network(nn.Module):
    def __init__(self, bands, bottleneck, hidden, blocks, repeats):
        super().__init__()
        self.norm = nn.BatchNorm1d(3 * bands, affine=False)
        self.bottleneck = nn.Conv1d(3 * bands, bottleneck, 1)
        count = blocks * repeats
        self.blocks = nn.ModuleList(
            Block(bottleneck, hidden, 2 ** (index % blocks), index + 1 < count)
            for index in range(count)
        )
        self.prelu = nn.PReLU(bottleneck)
        self.mask = nn.Conv1d(bottleneck, STEMS * CHANNELS * bands, 1)

    def forward(self, features):
        x = self.bottleneck(self.norm(features))
        skips = 0
        for block in self.blocks:
            x, skip = block(x)
            skips = skips + skip
        return self.mask(self.prelu(skips))


def step(network, optimiser, features, masks, weights):
    values = network(features).unflatten(1, (STEMS, -1))
    loss = -(weights * (masks * F.log_softmax(values, 1)).sum(1)).mean()
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    shapes = {
        "live": (256, 270, 128, 256, 8, 3),
        "studio": (512, 328, 256, 512, 8, 2),
    }
    for name, (hop, bands, *shape) in shapes.items():
        network = Network(bands, *shape)
        optimiser = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1e-4)
        frames = int(SEGMENT_S * RATE_HZ) // hop
        features = torch.randn(BATCH, 3 * bands, frames)
        masks = torch.softmax(torch.randn(BATCH, STEMS, CHANNELS * bands, frames), 1)
        weights = torch.rand(BATCH, CHANNELS * bands, frames)
        step(network, optimiser, features, masks, weights)
        start = time.perf_counter()
        for _ in range(STEPS):
            step(network, optimiser, features, masks, weights)
        seconds = (time.perf_counter() - start) / (STEPS * BATCH * SEGMENT_S)
        count = sum(p.numel() for p in network.parameters())
        print(
            f"{name:8} {count / 1e6:.2f} M parameters: {seconds:.4f} CPU s per audio s "
            f"({1 / seconds:.1f} x real time), PyTorch {torch.__version__}"
        )


main()
