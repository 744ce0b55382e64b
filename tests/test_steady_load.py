"""Saves that never pause cost calls by the time they last, not by their number."""

import threading
import time

from receiver.store.store import GAP
from tests.events import saved

SECONDS, DEALS = 3.0, 40


def test_a_steady_load_makes_one_call_in_each_gap(put, services, roistat):
    put(saved("d0", at=-60))
    services.delivery.drain()  # the stages are learnt
    before, over = roistat.calls("/project/add-orders"), threading.Event()

    def work():
        while not over.wait(0.01):
            services.delivery.drain(seconds=1)

    worker = threading.Thread(target=work)
    worker.start()
    began, turn = time.monotonic(), 0
    while time.monotonic() < began + SECONDS:
        put(saved(f"d{turn % DEALS}", name=f"Save {turn}"))
        turn += 1
        time.sleep(0.01)
    calls = roistat.calls("/project/add-orders") - before
    seconds = time.monotonic() - began
    over.set()
    worker.join()
    assert calls <= seconds * 1000 / GAP + 1
    assert turn > 2 * DEALS, "too few saves to tell"
