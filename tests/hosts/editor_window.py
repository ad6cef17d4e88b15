"""The editor's window on a screen of X: where its controls are, a mouse for them, and what it shows."""

import time

import numpy as np
from Xlib import X, display
from Xlib.ext import xtest

# Centres of controls in pixels of a window of the default size, in a mode of HPSS: others have a line
# more below.
SIZE = (820, 580)
STRIPS = ("vocals", "drums", "bass", "other", "output")
STRIP_DISTANCE = 157.5
KNOBS = {strip: (73 + STRIP_DISTANCE * index, 347) for index, strip in enumerate(STRIPS)}
SOLOS = {strip: (46 + STRIP_DISTANCE * index, 445) for index, strip in enumerate(STRIPS[:4])}
MUTES = {strip: (99 + STRIP_DISTANCE * index, 445) for index, strip in enumerate(STRIPS[:4])}
UNDO = (207, 62)
PRESETS = (92, 62)
# In the list that PRESETS opens.
DRUMLESS = (54, 250)
KNOB_RADIUS = 45


class EditorWindow:
    """The window of the default size somewhere in the tree of windows; there must be one."""

    def __init__(self):
        self.display = display.Display()
        self.root = self.display.screen().root
        sizes = {}
        for window in self._tree(self.root):
            geometry = window.get_geometry()
            # The innermost one stays: a host's frame may have the same size.
            sizes[geometry.width, geometry.height] = window
        if SIZE not in sizes:
            raise RuntimeError(f"expected a window of {SIZE}, found {sorted(sizes)}")
        self.window = sizes[SIZE]

    def _tree(self, window):
        """A window and all in it, from the outside in."""
        yield window
        for child in window.query_tree().children:
            yield from self._tree(child)

    def _on_screen(self, place):
        # Coordinates of the window, seen from the root.
        origin = self.window.translate_coords(self.root, 0, 0)
        return round(place[0] - origin.x), round(place[1] - origin.y)

    def _move(self, place):
        x, y = self._on_screen(place)
        xtest.fake_input(self.display, X.MotionNotify, x=x, y=y)
        self.display.sync()
        time.sleep(0.03)

    def _button(self, event):
        xtest.fake_input(self.display, event, 1)
        self.display.sync()
        time.sleep(0.1)

    def click(self, place):
        self._move(place)
        self._button(X.ButtonPress)
        self._button(X.ButtonRelease)
        self.leave()

    def drag(self, place, dx, dy):
        """Drags by so many pixels, in steps as a hand does."""
        self._move(place)
        self._button(X.ButtonPress)
        for step in range(1, 11):
            self._move((place[0] + dx * step / 10, place[1] + dy * step / 10))
        self._button(X.ButtonRelease)
        self.leave()

    def leave(self):
        """Takes the pointer to the screen's edge, where nothing lights up under it."""
        screen = self.display.screen()
        xtest.fake_input(
            self.display, X.MotionNotify, x=screen.width_in_pixels - 1, y=screen.height_in_pixels - 1
        )
        self.display.sync()
        time.sleep(0.3)

    def knob(self, strip):
        """What is seen in the square around a knob, as an array [y, x] of colours."""
        x, y = self._on_screen(KNOBS[strip])
        side = 2 * KNOB_RADIUS
        image = self.root.get_image(
            x - KNOB_RADIUS, y - KNOB_RADIUS, side, side, X.ZPixmap, 0xFFFFFFFF
        )
        return np.frombuffer(image.data, np.uint32).reshape(side, side) & 0xFFFFFF
