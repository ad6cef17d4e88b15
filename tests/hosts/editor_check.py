"""The editor of the built VST3 in a window: it opens, it draws, audio goes on, and it closes.

usage: editor_check.py Unbraid.vst3   (needs $DISPLAY)
"""

import ctypes
import sys
import threading
import time

import numpy as np
import pedalboard
from Xlib import X, display

from checks import Checks, noise

PATH = sys.argv[1]
RATE_HZ = 48_000
OPEN_SECONDS = 6

# pedalboard asks X for a window that is gone, and X's default is to end the program for that.
x11 = ctypes.CDLL("libX11.so.6")
x11.XSetErrorHandler.restype = ctypes.c_void_p
ignore = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda _display, _event: 0)
x11.XSetErrorHandler(ignore)

checks = Checks()


def screen_colours():
    """How many different colours the screen shows, as an array of pixels [y, x, byte]."""
    screen = display.Display().screen()
    width, height = screen.width_in_pixels, screen.height_in_pixels
    image = screen.root.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF)
    pixels = np.frombuffer(image.data, np.uint32).reshape(height, width)
    return len(np.unique(pixels & 0xFFFFFF))


def check_class(name):
    plugin = pedalboard.load_plugin(PATH, plugin_name=name)
    sound = noise(2, 4800, 1)
    stop = threading.Event()
    colours, wrong_blocks = [], []

    def play():
        while not stop.is_set():
            output = plugin(sound, RATE_HZ, buffer_size=480, reset=False)
            if not np.isfinite(output).all():
                wrong_blocks.append(output)
            time.sleep(0.05)

    def look():
        time.sleep(OPEN_SECONDS * 0.7)
        colours.append(screen_colours())

    empty = screen_colours()
    threads = [threading.Thread(target=work, daemon=True) for work in (play, look)]
    for thread in threads:
        thread.start()
    close = threading.Event()
    threading.Timer(OPEN_SECONDS, close.set).start()
    start = time.monotonic()
    plugin.show_editor(close)
    seconds = time.monotonic() - start
    stop.set()
    for thread in threads:
        thread.join(10)
    checks.check(f"{name}: the editor stays open until it is closed", seconds >= OPEN_SECONDS * 0.9, f"{seconds:.1f} s")
    # Text alone, smoothed, has dozens of colours; an empty or black window adds a handful.
    checks.check(f"{name}: the editor draws", colours[0] > empty + 30, f"{colours[0]} colours, {empty} before")
    checks.check(f"{name}: audio stays finite meanwhile", not wrong_blocks)


for name in ("Unbraid", "Unbraid Multi-Out"):
    check_class(name)
checks.finish()
