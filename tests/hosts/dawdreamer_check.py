"""The built VST3 in DawDreamer, a JUCE host with automation: it does not compensate latency, so
the output must be late by exactly what is reported.

usage: dawdreamer_check.py Unbraid.vst3
"""

import os
import sys
import tempfile

import numpy as np

import dawdreamer
from checks import Checks, delayed, noise

PATH = os.path.abspath(sys.argv[1])
RATE_HZ = 48_000
BLOCK = 64
SECONDS = 2.0

checks = Checks()
sound = noise(2, int(SECONDS * RATE_HZ), 1)


class Session:
    """One instance that plays `sound`."""

    def __init__(self, rate_hz=RATE_HZ, block=BLOCK):
        self.seconds = sound.shape[1] / rate_hz
        self.engine = dawdreamer.RenderEngine(rate_hz, block)
        self.source = self.engine.make_playback_processor("source", sound)
        self.plugin = self.engine.make_plugin_processor("unbraid", PATH)
        self.index = {
            parameter["name"]: parameter["index"]
            for parameter in self.plugin.get_parameters_description()
        }

    def set(self, name, normalised):
        self.plugin.set_parameter(self.index[name], normalised)

    def render(self):
        self.engine.load_graph([(self.source, []), (self.plugin, ["source"])])
        self.engine.render(self.seconds)
        return np.asarray(self.plugin.get_audio())[:, : sound.shape[1]]


session = Session()
print("class:", session.plugin.get_name(), "channels:", session.plugin.get_num_output_channels())
for rate_hz in (44_100, 48_000, 96_000):
    for block in (32, 64, 441, 2048):
        session = Session(rate_hz, block)
        output = session.render()
        latency = session.plugin.get_latency_samples()
        want = delayed(sound, latency)[:, : output.shape[1]]
        checks.equal(f"unity is late by the latency at {rate_hz} Hz in blocks of {block}", want, output[:2])
        checks.check("a latency is reported", latency > 0, latency)

# A step of the drums' gain to off, at the start of a block.
step = RATE_HZ
session = Session()
unity = session.render()
latency = session.plugin.get_latency_samples()
session = Session()
automation = np.full(sound.shape[1], 0.5, np.float32)
automation[step:] = 0.0
session.plugin.set_automation(session.index["Drums Gain"], automation)
output = session.render()
heard = step + latency
checks.equal("before the automated step nothing changes", unity[:, :heard], output[:, :heard])
after = np.abs(output[:, heard : heard + 16] - unity[:, heard : heard + 16]).max()
checks.check("the step is heard one latency later", after > 0, after)

session = Session()
session.set("Drums Gain", 0.0)
without_drums = session.render()
settled = heard + int(0.01 * RATE_HZ) + BLOCK
checks.equal("after the ramp the drums are off", without_drums[:, settled:], output[:, settled:])

session = Session()
session.set("Drums Mute", 1.0)
session.set("Output Gain", 0.25)
# Settings reach the plug-in with the first block, so there is nothing to save before.
want = session.render()
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "state")
    session.plugin.save_state(path)
    loaded = Session()
    loaded.plugin.load_state(path)
    checks.equal("a saved state plays the same", want, loaded.render())

checks.finish()
