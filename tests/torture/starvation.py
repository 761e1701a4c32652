"""Notices when the machine gives nobody time to run: on a starved machine a router rightly takes
workers for silent that nothing was done to, so the judge must know of it.

It measures itself alone, a thread that wakes often and does nothing, so that no slowness of what is
tested can pass for the machine's.
"""

import threading
import time

PERIOD_S = 0.05
# Six of these in a row are the silence after which a peer is taken for gone; a machine that is
# merely busy is late by a tenth of this.
LATE_S = 0.5


class Starvation(threading.Thread):
    def __init__(self, scene):
        super().__init__(daemon=True)
        self.scene = scene
        self.ended = threading.Event()
        self.count = 0
        self.late_s = 0.0  # in all: what a measurement may have lost to others meanwhile

    def run(self):
        before = time.monotonic()
        while not self.ended.wait(PERIOD_S):
            now = time.monotonic()
            late = now - before - PERIOD_S
            self.late_s += max(late, 0)
            if late > LATE_S:
                self.count += 1
                self.scene.note("starved", seconds=round(late, 3))
            before = now

    def end(self):
        self.ended.set()
        self.join()
