"""The editor of the built VST3 in a window: it opens, it draws, knobs and switches follow the mouse
and the host, audio goes on, and it closes.

usage: editor_check.py Unbraid.vst3   (needs $DISPLAY)
"""

import ctypes
import sys
import threading
import time
import traceback

import numpy as np
import pedalboard
from Xlib import X, display

from checks import Checks, level_db, noise
from editor_window import DRUMLESS, KNOBS, MUTES, PRESETS, SOLOS, UNDO, EditorWindow

PATH = sys.argv[1]
RATE_HZ = 48_000
OPENING_SECONDS = 3

# pedalboard asks X for a window that is gone, and X's default is to end the program for that.
x11 = ctypes.CDLL("libX11.so.6")
x11.XSetErrorHandler.restype = ctypes.c_void_p
ignore = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda _display, _event: 0)
x11.XSetErrorHandler(ignore)

checks = Checks()


def screen_colours():
    """How many different colours the screen shows."""
    screen = display.Display().screen()
    width, height = screen.width_in_pixels, screen.height_in_pixels
    image = screen.root.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF)
    pixels = np.frombuffer(image.data, np.uint32).reshape(height, width)
    return len(np.unique(pixels & 0xFFFFFF))


class Player:
    """Plays a loop of noise through a plug-in on a thread of its own."""

    def __init__(self, plugin):
        self.plugin = plugin
        self.sound = noise(2, 4800, 1)
        self.last_output = None
        self.all_finite = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def _play(self):
        while not self._stop.is_set():
            output = self.plugin(self.sound, RATE_HZ, buffer_size=480, reset=False)
            self.all_finite &= bool(np.isfinite(output).all())
            self.last_output = output
            time.sleep(0.05)

    def level_db(self):
        """Of a block that is heard once everything has settled."""
        time.sleep(0.6)
        return level_db(self.last_output)

    def stop(self):
        self._stop.set()
        self._thread.join(10)


def check_class(name, look_closer=None):
    plugin = pedalboard.load_plugin(PATH, plugin_name=name, parameter_values={"mode": "HPSS Live"})
    player = Player(plugin)
    close = threading.Event()
    seen = []

    def look():
        try:
            time.sleep(OPENING_SECONDS)
            seen.append(screen_colours())
            if look_closer:
                look_closer(plugin, player)
        except Exception:
            traceback.print_exc()
            checks.check(f"{name}: nothing goes wrong meanwhile", False)
        seen.append(time.monotonic())
        close.set()

    empty = screen_colours()
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    plugin.show_editor(close)
    end = time.monotonic()
    is_open = len(seen) == 2 and end >= seen[1]
    looking.join(10)
    player.stop()
    checks.check(f"{name}: the editor stays open until it is closed", is_open)
    # Text alone, smoothed, has dozens of colours; an empty or black window adds a handful.
    checks.check(f"{name}: the editor draws", seen[0] > empty + 30, f"{seen[0]} colours, {empty} before")
    checks.check(f"{name}: audio stays finite meanwhile", player.all_finite)


def use_by_mouse(plugin, player):
    """Noise has both of what HPSS finds, so its drums and the rest can both be heard to change."""
    window = EditorWindow()
    unity_db = player.level_db()

    window.drag(KNOBS["output"], 0, 40)
    quieter_db = player.level_db()
    gain_db = plugin.output_gain_db
    checks.check("a dragged knob changes its parameter", -30 < gain_db < -3, f"{gain_db:.1f} dB")
    change_db = quieter_db - unity_db
    checks.check(
        "and the sound by as much", abs(change_db - gain_db) < 0.1, f"{change_db:.2f} for {gain_db:.2f} dB"
    )
    window.drag(KNOBS["output"], 0, -40)
    checks.check(
        "dragged back, it is where it was", abs(plugin.output_gain_db) < 0.1, f"{plugin.output_gain_db:.2f} dB"
    )

    window.drag(KNOBS["drums"], 0, 400)
    without_db = player.level_db()
    checks.check("the drums' knob turns them off", plugin.drums_gain_db < -83, f"{plugin.drums_gain_db} dB")
    checks.check(
        "and leaves the rest", -20 < without_db - unity_db < -0.3, f"{without_db - unity_db:.2f} dB of the mix"
    )
    plugin.drums_gain_db = 0.0

    window.click(SOLOS["drums"])
    drums_db = player.level_db()
    checks.check("a click solos the drums", plugin.drums_solo and not plugin.other_solo)
    checks.check("and they are heard alone", -20 < drums_db - unity_db < -0.3, f"{drums_db - unity_db:.2f} dB")
    window.click(SOLOS["drums"])
    checks.check("another click ends that", not plugin.drums_solo)
    window.click(UNDO)
    checks.check("undo brings it back", bool(plugin.drums_solo))
    window.click(SOLOS["drums"])

    window.click(MUTES["drums"])
    muted_db = player.level_db()
    checks.check("a click mutes the drums", bool(plugin.drums_mute))
    checks.check(
        "and sounds as without them", abs(muted_db - without_db) < 0.1, f"{muted_db:.2f} and {without_db:.2f} dB"
    )
    window.click(MUTES["drums"])

    window.click(PRESETS)
    window.click(DRUMLESS)
    preset_db = player.level_db()
    checks.check(
        "a preset is chosen from the list", abs(preset_db - without_db) < 0.1, f"{preset_db:.2f} and {without_db:.2f} dB"
    )
    window.click(UNDO)
    checks.check("everything is as it was", abs(player.level_db() - unity_db) < 0.1)

    before = {strip: window.knob(strip) for strip in KNOBS}
    plugin.other_gain_db = -12.0
    time.sleep(0.8)
    moved = {strip for strip in KNOBS if (window.knob(strip) != before[strip]).any()}
    checks.check("a knob that the host automates is seen moving, it alone", moved == {"other"}, moved)


check_class("Unbraid", use_by_mouse)
check_class("Unbraid Multi-Out")
checks.finish()
