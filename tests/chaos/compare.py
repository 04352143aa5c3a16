#!/usr/bin/env python3
"""The chaos suite's judge.

    compare.py DIRECTORY URL SEED QUIET_SECONDS

waits until nothing is pending, then compares three sets: what was acknowledged
(producer.py), what arrived (receiver.py) and what the API says.  Prints a
table and one line of JSON; exits 1 when a promise was broken:

    lost         acknowledged, and never arrived, or unknown to the API
    stuck        acknowledged, and still pending after QUIET_SECONDS
    wrong        ended otherwise than the receiver's answers demand, or twice
    altered      arrived with other bytes than were sent
    unlogged     arrived more often than it has rows in the log, and one more
                 for each row that says `sent twice`, or could not say so
                 since its process was killed
    misfiled     dead letters that are no Failure of the log, or the reverse
    unexplained  arrived again after an arrival that got its 200, with no row
                 in the log between the two that says why: `interrupted`,
                 `sent twice`, or a time-out of the first
"""
import collections
import datetime
import http.client
import json
import multiprocessing
import os
import subprocess
import sys
import time
import urllib.parse

ALL_STATUS = 50000  # beyond so many, /status of the plain ones: a tenth
CLIENTS = 4
ATTEMPTS = 6  # of a webhook that nobody takes
TIMEOUT = 2  # HTTP_TIMEOUT of the stack that is judged, s
SLACK = 0.1  # between the clocks of the receiver and the log, s


class Arrivals:
    """The requests of one webhook, in the order of arrival."""

    def __init__(self):
        self.times = []
        self.crcs = set()
        self.taken = set()  # indices into times: those that got a 200

    def repeated(self):
        """(taken, next) for each arrival that got a 200 and yet was followed
        by another.  A retry after a refused repeat is not needless: it is the
        retry that any Failed Attempt gets."""
        return [(self.times[index], self.times[index + 1])
                for index in sorted(self.taken)
                if index + 1 < len(self.times)]


def read_acknowledged(directory):
    with open(directory + "/acknowledged.txt", encoding="ascii") as file:
        return {webhook: (kind, int(crc)) for webhook, kind, crc in
                map(str.split, file)}


def read_arrivals(directory):
    arrivals, owners = collections.defaultdict(Arrivals), {}
    with open(directory + "/arrivals.txt", encoding="ascii") as file:
        for event, *rest in map(str.split, file):
            if event == "a":
                webhook, number, moment, _, crc = rest
                one = arrivals[webhook]
                owners[number] = one, len(one.times)
                one.times.append(float(moment))
                one.crcs.add(int(crc))
            else:
                one, index = owners[rest[0]]
                one.taken.add(index)
    return arrivals


def sql(text, patience=40):
    """Again and again: the last deed may still be felt."""
    said = subprocess.run(
        ["psql", "-XqAt", "-h", os.environ["STACK_VAR"] + "/run", "-U",
         "postrider", "-d", "postrider", "-c", text],
        capture_output=True, text=True, check=patience == 0)
    if said.returncode == 0:
        return said.stdout.strip()
    time.sleep(0.5)
    return sql(text, patience - 1)


def wait_for_quiet(seconds):
    deadline = time.monotonic() + seconds
    while sql("SELECT count(*) FROM pending") != "0":
        if time.monotonic() > deadline:
            print("# pending still:", sql("SELECT * FROM pending LIMIT 5"))
            return
        time.sleep(0.5)


# ---- the API -------------------------------------------------------------

def get(path):
    """The document, or None for a 404; each process keeps its connection."""
    for patience in range(20, -1, -1):
        try:
            get.connection.request("GET", path)
            answer = get.connection.getresponse()
            body = answer.read()
            if answer.status in (200, 404):
                return json.loads(body) if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            get.connection.close()
        if patience == 0:
            raise RuntimeError(f"{path} is not answered")
        time.sleep(0.5)


def connect(host):
    get.connection = http.client.HTTPConnection(host, timeout=20)


def look_up(job):
    """(id, the webhook's state, its attempts, /status or None)."""
    webhook, with_status = job
    shown = get("/webhooks/" + webhook)
    if shown is None:
        return webhook, None, 0, None
    plain = shown["attempts"] == 1 and shown["state"] == "Success"
    status = None
    if with_status or not plain:
        status = get("/status/" + webhook)
    return webhook, shown["state"], shown["attempts"], status


def ask_api(url, acknowledged, arrivals):
    host = urllib.parse.urlsplit(url).netloc
    every = 1 if len(acknowledged) <= ALL_STATUS else 10
    jobs = ((webhook, number % every == 0 or
             len(arrivals[webhook].times) != 1)
            for number, webhook in enumerate(acknowledged))
    with multiprocessing.Pool(CLIENTS, connect, (host,)) as pool:
        yield from pool.imap_unordered(look_up, jobs, 100)


# ---- the judgement -------------------------------------------------------

class Judge:
    def __init__(self, acknowledged, arrivals):
        self.acknowledged, self.arrivals = acknowledged, arrivals
        self.faults = collections.defaultdict(list)
        self.count = collections.Counter()

    def judge(self, webhook, state, attempts, status):
        kind, crc = self.acknowledged[webhook]
        one = self.arrivals[webhook]
        rows = [] if status is None else status["recent_attempts"]
        self.count["statuses"] += status is not None
        if state is None or not one.times:
            return self.fault("lost", webhook, state, rows)
        if state in ("pending", "in_flight"):
            return self.fault("stuck", webhook, state, rows)
        if not right(kind, one, state, attempts, status):
            self.fault("wrong", webhook, state, rows)
        if one.crcs != {crc}:
            self.fault("altered", webhook, state, rows)
        twice = sum("sent twice" in (row["error"] or "") for row in rows)
        if attempts + twice + sent_twice_unsaid(one, rows) < len(one.times):
            self.fault("unlogged", webhook, state, rows)
        self.repeats(webhook, state, one, rows)

    def repeats(self, webhook, state, one, rows):
        self.count["leases_broken"] += sum(map(is_broken, rows))
        unused = [(row["error"] or "", moment_of(row)) for row in rows]
        repeated = one.repeated()
        self.count["duplicated"] += bool(repeated)
        self.count["needless_requests"] += len(repeated)
        for taken, again in repeated:
            row = next((row for row in unused if explains(row, taken, again)),
                       None)
            if row is None:
                return self.fault("unexplained", webhook, state, rows)
            unused.remove(row)
            self.count["of_interrupted" if row[0].startswith("interrupted")
                       else "of_a_dead_connection" if "sent twice" in row[0]
                       else "of_a_time_out"] += 1

    def fault(self, kind, webhook, state, rows):
        self.faults[kind].append(
            (webhook, self.acknowledged[webhook][0], state,
             self.arrivals[webhook].times, self.arrivals[webhook].taken,
             [(row["timestamp"], row["outcome"], row["error"])
              for row in rows]))


def moment_of(row):
    """When the attempt began, or its lease was broken; s since 1970."""
    return datetime.datetime.fromisoformat(
        row["timestamp"].replace("Z", "+00:00")).timestamp()


def explains(row, taken, again):
    """Whether this row tells why `again` came after `taken`, which got a
    200: the lease was broken between the two, the connection of the first
    was, or the 200 came too late."""
    error, moment = row
    if error.startswith("interrupted"):
        return taken - SLACK <= moment <= again + SLACK
    return ("sent twice" in error or error.startswith("timed out")) and \
        taken - TIMEOUT - SLACK <= moment <= taken + SLACK


def sent_twice_unsaid(one, rows):
    """How many attempts sent their request twice, at once, and were then
    interrupted: the row of the interruption cannot tell."""
    said = [moment_of(row) for row in rows
            if "sent twice" in (row["error"] or "")]
    ends = sorted(moment_of(row) for row in rows
                  if (row["error"] or "").startswith("interrupted"))
    count = 0
    for index, (first, second) in enumerate(zip(one.times, one.times[1:])):
        if index in one.taken or second - first > SLACK or \
                any(abs(moment - first) <= SLACK for moment in said):
            continue
        end = next((end for end in ends if end >= second), None)
        if end is not None:
            ends.remove(end)
            count += 1
    return count


def is_broken(row):
    return (row["error"] or "").startswith(("interrupted", "late"))


def right(kind, one, state, attempts, status):
    """Does the outcome follow from what the receiver answered?"""
    tried, broken = attempts, 0
    if status is not None:
        rows = status["recent_attempts"]
        broken = sum(map(is_broken, rows))
        tried = len(rows) - broken
        if status["total_attempts"] != attempts:
            return False
        if rows[0]["outcome"] != state and broken == 0:
            return False
    if state == "Success":
        return kind != "never" and len(one.taken) > 0
    if len(one.taken) > broken:
        return False  # a 200 that no crash swallowed
    return state == "Failure" and kind in ("never", "moody") and \
        tried == ATTEMPTS


def of_sabotage(directory):
    with open(directory + "/sabotage.jsonl", encoding="ascii") as file:
        lines = [json.loads(line) for line in file]
    deeds, kills = collections.Counter(), collections.Counter()
    for line in lines:
        deeds[line["deed"]] += 1
        kills[line["deed"]] += line["killed"]
    seconds = lines[-1]["ended"] - lines[0]["began"]
    return dict(sorted(deeds.items())), dict(+kills), round(seconds)


def show(report, judge):
    for key, value in report.items():
        if isinstance(value, dict):
            print(f"#   {key}")
            for name, number in value.items():
                print(f"#     {name:24} {number}")
        else:
            print(f"#   {key:26} {value}")
    for kind, faults in judge.faults.items():
        for fault in faults[:10]:
            print(f"# {kind}:", *fault)
    print(json.dumps(report))


def main(directory, url, seed, quiet_seconds):
    began = time.monotonic()
    wait_for_quiet(float(quiet_seconds))
    quiet = time.monotonic() - began
    acknowledged = read_acknowledged(directory)
    arrivals = read_arrivals(directory)
    judge = Judge(acknowledged, arrivals)
    for answer in ask_api(url, acknowledged, arrivals):
        judge.judge(*answer)
    deeds, kills, seconds = of_sabotage(directory)
    with open(directory + "/producer.json", encoding="ascii") as file:
        producer = json.load(file)
    twice = int(sql("SELECT count(*) FROM (SELECT FROM delivery_logs WHERE"
                    " final GROUP BY webhook_id HAVING count(*) > 1) t"))
    misfiled = int(sql("SELECT count(*) FROM (SELECT webhook_id FROM"
                       " delivery_logs WHERE final AND outcome = 'Failure')"
                       " l FULL JOIN dead_letters d USING (webhook_id)"
                       " WHERE (l.webhook_id IS NULL)"
                       " <> (d.webhook_id IS NULL)"))
    unanswered = sum(number for status, number in producer["answers"].items()
                     if status != "202")
    strangers = [webhook for webhook in arrivals
                 if webhook not in acknowledged]
    report = {
        "seed": seed, "seconds": seconds, "deeds": deeds, "kills": kills,
        "killed": sum(kills.values()), "acknowledged": len(acknowledged),
        "arrived": sum(bool(arrivals[webhook].times)
                       for webhook in acknowledged),
        "requests": sum(len(one.times) for one in arrivals.values()),
        "lost": len(judge.faults["lost"]),
        "stuck": len(judge.faults["stuck"]),
        "wrong": len(judge.faults["wrong"]), "ended_twice": twice,
        "altered": len(judge.faults["altered"]),
        "unlogged": len(judge.faults["unlogged"]),
        "misfiled": misfiled,
        "unexplained": len(judge.faults["unexplained"]),
        "shown_404": producer["looked_up"].get("404", 0),
        "duplicated": judge.count["duplicated"],
        "needless_requests": judge.count["needless_requests"],
        "of_interrupted": judge.count["of_interrupted"],
        "of_a_time_out": judge.count["of_a_time_out"],
        "of_a_dead_connection": judge.count["of_a_dead_connection"],
        "leases_broken": judge.count["leases_broken"],
        "arrived_without_202": len(strangers), "unanswered": unanswered,
        "statuses_asked": judge.count["statuses"], "answers": producer["answers"],
        "slowest_s": producer["slowest_s"], "quiet_after_s": round(quiet),
    }
    show(report, judge)
    broken = [name for name in ("lost", "stuck", "wrong", "ended_twice",
                                "altered", "unlogged", "misfiled",
                                "unexplained", "shown_404") if report[name]]
    if len(strangers) > unanswered:
        broken.append("webhooks that nobody sent")
    if sum(kills.values()) < 10 or len(acknowledged) < 500:
        broken.append("too little was done to prove anything")
    print("# broken:" if broken else "# nothing is broken", *broken)
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
