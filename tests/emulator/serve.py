#!/usr/bin/env python3
"""Run incident_moto.py for one test process; every argument is passed on to it.

Two things a test needs and a server by hand does not:

* It ends when its standard input closes, so it never outlives the tests, however those end.
* GET /moto-api/incident/identity answers $EMULATOR_TOKEN, so a test can tell its own server from a stranger
  that took the port first.
"""
import os, sys, threading

import incident_moto


class Identified(incident_moto.Incident):
    """The emulator with a name of its own."""

    def control(self, what, method, body, start):
        """Answer the identity; leave the rest to the emulator."""
        if what == "identity":
            return self.reply(start, 200, [], os.environ.get("EMULATOR_TOKEN", "").encode())
        return super().control(what, method, body, start)


def end_with_parent():
    """Leave as soon as nobody holds the other end of standard input."""
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    incident_moto.Incident = Identified
    incident_moto.main(sys.argv[1:])
