#!/usr/bin/env python3
"""What the chaos suite's judge says of some arrivals and log rows, as TAP."""
import sys

import compare

BODY = 1
CASES = [
    # name, arrivals (moment, got a 200), rows (moment, error), fault or None
    ("one arrival, taken", [(1, True)], [(1, None)], None),
    ("a retry after a reset", [(1, False), (2, True)],
     [(2, None), (1, "connection reset")], None),
    ("repeated after a broken lease", [(1, True), (3, True)],
     [(3, None), (2, "interrupted: x")], None),
    ("repeated after a broken lease, and the repeat is reset, then retried",
     [(1, True), (3, False), (5, True)],
     [(5, None), (3, "connection reset"), (2, "interrupted: x")], None),
    ("repeated without a row that says why", [(1, True), (3, True)],
     [(3, None), (1, None)], "unexplained"),
    ("the lease was broken before the 200", [(5, True), (9, True)],
     [(9, None), (2, "interrupted: x"), (5, None)], "unexplained"),
    ("one broken lease explains one repeat",
     [(1, True), (3, True), (3.05, True)],
     [(3, None), (2, "interrupted: x"), (3.1, None)], "unexplained"),
    ("the first 200 came after the time-out", [(1, True), (4, True)],
     [(4, None), (1, "timed out after 2.0 s")], None),
    ("a time-out of another attempt", [(9, True), (14, True)],
     [(14, None), (1, "timed out after 2.0 s"), (9, None)], "unexplained"),
    ("sent twice at once, and interrupted before the row could say so",
     [(1, False), (1.01, False), (5, True)],
     [(5, None), (4, "interrupted: x")], None),
    ("a retry without a row, and an interruption",
     [(1, False), (2, False), (5, True)],
     [(5, None), (4, "interrupted: x")], "unlogged"),
    ("broken and sent again at once: each has its row",
     [(1, False), (1.02, False), (5, True)],
     [(5, None), (1.01, "interrupted: x")], "unlogged"),
    ("fewer rows than arrivals", [(1, False), (2, True)], [(2, None)],
     "unlogged"),
]


def verdict(arrivals, rows):
    one = compare.Arrivals()
    for moment, taken in arrivals:
        if taken:
            one.taken.add(len(one.times))
        one.times.append(moment)
    one.crcs.add(BODY)
    shown = [{"timestamp": f"1970-01-01T00:00:{moment:09.6f}Z",
              "outcome": "Success" if error is None else "Failed Attempt",
              "error": error} for moment, error in rows]
    judge = compare.Judge({"w": ("moody", BODY)}, {"w": one})
    judge.judge("w", "Success", len(rows),
                {"recent_attempts": shown, "total_attempts": len(rows)})
    return sorted(judge.faults)


def main():
    failed = 0
    for number, (name, arrivals, rows, fault) in enumerate(CASES, 1):
        faults = verdict(arrivals, rows)
        good = faults == ([fault] if fault else [])
        failed += not good
        print("ok" if good else "not ok", number, "- judge:", name,
              "" if good else faults)
    print(f"1..{len(CASES)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
