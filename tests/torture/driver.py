#!/usr/bin/env python3
"""Each fallible call of each scenario fails once, one after the other.

    driver.py SEED [SECONDS [NAME]]

TAP on standard output.  First a scenario runs whole, and its calls are counted;
then once for each of them, in which that one fails.  With SECONDS only so many
as there is time for, chosen by SEED; with NAME, a regular expression, only the scenarios whose
names match.  At the end a worker that nobody tortures gets what is left over, and all
that was acknowledged must have been delivered.
"""
import os
import random
import re
import subprocess
import sys
import time
import traceback

import doors
import pages
import workers
from world import DIR, ROOT, World

SHOWN = 12      # faults of a scenario
SHARE_S = 1.5   # of a scenario, when there is not time for all
LEAST = 2       # calls of it


def callers(program, offsets):
    """Names of functions, those of the ground left out."""
    if not offsets:
        return "?"
    said = subprocess.run(
        ["addr2line", "-f", "-s", "-e", program] +
        ["%#x" % (offset - 1) for offset in offsets],
        capture_output=True, text=True, check=False).stdout.splitlines()
    names = ["%s (%s)" % pair for pair in zip(said[::2], said[1::2])
             if not pair[0].startswith(("memory_", "text_", "__wrap_"))]
    return " < ".join(names[:3])


class Run:
    def __init__(self, world, scenario):
        self.world, self.scenario = world, scenario
        self.failed = 0
        self.places, self.hit = set(), set()    # what called what
        self.total = 0
        self.faults = {}        # by call: what, numbers, what was said

    def once(self, number):
        self.world.begin(number)
        try:
            faults = self.scenario.run()
        except Exception:   # pylint: disable=broad-except
            faults = [traceback.format_exc()]
        faults += self.world.reports()
        calls = self.world.calls
        if number == 0:
            self.places = {calls.call(at) for at in range(1, calls.count + 1)}
        if calls.fired:
            self.failed += 1
            self.hit.add(calls.call(calls.fired))
        if faults:
            call = calls.call(calls.fired) if calls.fired else ("no call", ())
            known = self.faults.setdefault(call, (faults, [],
                                                  self.world.said()))
            known[1].append(number)
        return calls.count

    def program(self):
        scenario = self.scenario
        if isinstance(scenario, workers.Worker):
            return os.path.join(ROOT, "build/torture/bin/postrider-worker")
        where = "cgi-bin" if isinstance(scenario, doors.Door) else "bin"
        return os.path.join(ROOT, "build/torture", where, scenario.program)

    def show(self):
        for call, (faults, numbers, said) in list(
                self.faults.items())[:SHOWN]:
            print("# call %s failed: %s, by %s" % (
                ", ".join(map(str, numbers[:8])), call[0],
                callers(self.program(), call[1])))
            for line in "\n".join(faults).splitlines()[:40]:
                print("#   " + line)
            for line in said.splitlines()[-12:]:
                print("#   | " + line[:200])
        if len(self.faults) > SHOWN:
            print("# and at %d more places" % (len(self.faults) - SHOWN))


def torture(world, scenario, dice, seconds):
    run = Run(world, scenario)
    begun = time.monotonic()
    run.total = run.once(0)
    numbers = list(range(1, run.total + 1))
    if run.faults:
        numbers = []    # it does not work at all
    if seconds is not None:
        dice.shuffle(numbers)
    for number in numbers:
        if seconds is not None and run.failed >= LEAST and (
                time.monotonic() - begun > seconds):
            break
        run.once(number)
    print("# %d of %d calls failed, at %d of %d places, in %.0f s" % (
        run.failed, run.total, len(run.hit & run.places), len(run.places),
        time.monotonic() - begun))
    run.show()
    return run


def main():
    seed = int(sys.argv[1])
    seconds = float(sys.argv[2]) if sys.argv[2:] and sys.argv[2] else None
    only = sys.argv[3] if sys.argv[3:] else ""
    dice = random.Random(seed)
    world = World()
    scenarios = [scenario for scenario in (
        kind(world) for kind in doors.ALL + pages.ALL + workers.ALL)
                 if re.search(only, scenario.name)]
    left_out, share = [], None
    if seconds is not None:
        dice.shuffle(scenarios)
        share = SHARE_S
    good = True
    end = time.monotonic() + (seconds or 0)
    total = failed = 0
    for at, scenario in enumerate(scenarios):
        if seconds is not None and time.monotonic() > end:
            left_out = scenarios[at:]
            break
        run = torture(world, scenario, dice, share)
        failed += run.failed
        total += run.total
        good &= not run.faults
        print("%sok %d - torture: %s" % ("not " if run.faults else "", at + 1,
                                         scenario.name), flush=True)
    done = len(scenarios) - len(left_out)
    fault = world.rest()
    print("%sok %d - torture: %d acknowledged, all delivered%s" % (
        "not " if fault else "", done + 1, len(world.acknowledged),
        ": " + fault if fault else ""))
    print("# seed %d: %d calls of %d scenarios failed; left out are %d more"
          " of them, and" % (seed, failed, done, total - failed),
          "; ".join(one.name for one in left_out) or "no scenario")
    print("1..%d" % (done + 1))
    sys.exit(0 if good and not fault else 1)


if __name__ == "__main__":
    main()
