"""The built VST3 in pedalboard, a JUCE host: it compensates the latency itself, so at unity the
output must be the input.

usage: pedalboard_check.py Unbraid.vst3
"""

import sys
import time

import numpy as np
import pedalboard

from checks import Checks, level_db, noise

PATH = sys.argv[1]
RATE_HZ = 48_000

checks = Checks()
names = pedalboard.VST3Plugin.get_plugin_names_for_file(PATH)
checks.check("both classes are listed", names == ["Unbraid", "Unbraid Multi-Out"], names)


def fresh(**parameters):
    """A new instance; parameters by pedalboard's names, such as drums_gain_db."""
    plugin = pedalboard.load_plugin(PATH, parameter_values=parameters, plugin_name="Unbraid")
    assert plugin.is_effect
    return plugin


def settle(plugin):
    """Plays until a chain that is being built has taken over. VST3 hosts hand parameters over with
    the first block, so a mode is built while audio runs already."""
    until = time.monotonic() + 2
    while time.monotonic() < until:
        plugin(noise(2, 4096, 0), RATE_HZ, buffer_size=512, reset=False)
        time.sleep(0.01)
    return plugin


start = time.monotonic()
plugin = fresh()
checks.check("an instance is there within a second", time.monotonic() - start < 1)
want = {
    f"{stem}_{kind}" for stem in ("vocals", "drums", "bass", "other") for kind in ("gain_db", "solo", "mute")
} | {"output_gain_db", "bypass", "mode"}
checks.check("a new instance plays the network", plugin.mode == "Conv-TasNet Live", plugin.mode)
found = set(plugin.parameters)
checks.check("every parameter is there", want <= found, f"missing: {sorted(want - found)}")
checks.check("the mode can't be automated", not plugin.parameters["mode"].is_automatable)
checks.check("the drums' gain can be automated", plugin.parameters["drums_gain_db"].is_automatable)

for rate_hz in (8_000, 44_100, 48_000, 88_200, 96_000, 192_000):
    plugin = fresh(mode="HPSS Live")
    sound = noise(2, 40_000, 1)
    for block in (1, 7, 64, 480, 512, 1024, 8192):
        output = plugin(sound, rate_hz, buffer_size=block, reset=True)
        checks.equal(f"unity is the input at {rate_hz} Hz in blocks of {block}", sound, output)

mono = noise(1, 20_000, 2)
checks.equal("unity is the input on a mono track", mono, fresh()(mono, RATE_HZ, reset=True))

sound = noise(2, 2 * RATE_HZ, 3)
for mode in ("HPSS Live", "HPSS Mix", "Conv-TasNet Live"):
    separated = {}
    for block in (64, 512, 4096):
        plugin = settle(fresh(mode=mode, drums_solo=True))
        separated[block] = plugin(sound, RATE_HZ, buffer_size=block, reset=True)
    checks.equal(f"{mode}: soloed drums are the same in blocks of 64", separated[512], separated[64])
    checks.equal(f"{mode}: soloed drums are the same in blocks of 4096", separated[512], separated[4096])
    drums = separated[512]
    muted = settle(fresh(mode=mode, drums_mute=True))(sound, RATE_HZ, buffer_size=512, reset=True)
    difference = np.abs(drums + muted - sound).max()
    checks.check(f"{mode}: drums and the rest are the mix", difference < 1e-6, difference)
    # What a network makes of noise, nobody can tell; HPSS finds both in it.
    if mode.startswith("HPSS"):
        checks.check(
            f"{mode}: both parts are there",
            min(level_db(drums), level_db(muted)) > -40,
            f"{level_db(drums):.1f} and {level_db(muted):.1f} dB",
        )

plugin = fresh(mode="HPSS Live", output_gain_db=-6.0)
quieter = plugin(sound, RATE_HZ, reset=True)
change_db = level_db(quieter) - level_db(sound)
# pedalboard searches for the value whose text is "-6.0", so half of its last digit is open.
checks.check("the output gain is in dB", abs(change_db + 6) < 0.06, f"{change_db:.3f} dB for −6")

# The latency is re-read, without a restart of the processing.
plugin = fresh(mode="HPSS Live")
plugin(sound, RATE_HZ, reset=True)
live = plugin.reported_latency_samples
plugin.mode = "HPSS Mix"
settle(plugin)
mix = plugin.reported_latency_samples
checks.check("another mode reports another latency while playing", mix > live, f"{live} to {mix} samples")
checks.equal("and unity is the input again", sound, plugin(sound, RATE_HZ, reset=True))

settings = {"mode": "HPSS Mix", "drums_gain_db": -9.0, "other_solo": True}
plugin = settle(fresh(**settings))
state = plugin.raw_state
want = {name: parameter.raw_value for name, parameter in plugin.parameters.items()}
loaded = fresh()
loaded.raw_state = state
found = {name: parameter.raw_value for name, parameter in loaded.parameters.items()}
differences = {name for name in want if abs(want[name] - found[name]) > 1e-6}
checks.check("a state comes back as it was", not differences, f"differ: {sorted(differences)}")

playing = fresh(mode="HPSS Live")
playing(sound, RATE_HZ, reset=True)
playing.raw_state = state
settle(playing)
want = plugin(sound, RATE_HZ, reset=True)
checks.equal("a state loaded while playing is heard", want, playing(sound, RATE_HZ, reset=True))

checks.finish()
