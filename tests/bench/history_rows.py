"""Rows 3 and 7: what a long history costs, and the end of it."""
import concurrent.futures
import functools
import time

from bench import Stack, percentile
from figures import ratio
from tools import offer, wrk

NEWEST = 11             # hours ago
PURGE_HOURS = 6         # what the purge keeps
SAMPLE = 1000           # webhooks whose status is asked for
READERS = 8             # API_PROCESSES
RATE = 300

PARTITIONS_SQL = """
SELECT make_partition(name, hour)
  FROM unnest(ARRAY[{hours}]) AS hour,
       unnest(ARRAY['webhooks', 'delivery_logs']) AS name
"""
# One attempt of each of so many webhooks of an hour. Their ids are made of the
# time and a number, so that status_paths can tell them again.
HOUR_SQL = """
INSERT INTO delivery_logs (id, webhook_id, subscription_id, target_url,
    attempt_number, outcome, final, status_code, duration_ms, response_headers)
SELECT ('0' || to_hex(ms) || '70018000' || lpad(to_hex(i), 12, '0'))::uuid,
       ('0' || to_hex(ms) || '70008000' || lpad(to_hex(i), 12, '0'))::uuid,
       (ARRAY[{ids}]::uuid[])[i % {subscriptions} + 1],
       'http://127.0.0.1:9190/hook', 1, 'Success', true, 200, 12,
       'content-length: 0'
  FROM generate_series(0, {count} - 1) AS i,
       LATERAL (SELECT {ms} + i * 3600000::bigint / {count} AS ms) AS at
"""


def hours_ms(count):
    """When each of so many closed hours began; the same all through a run."""
    newest = int(time.time()) // 3600 - NEWEST
    return [(newest - ago) * 3600000 for ago in range(count)]


def fill(stack, database, hours, rows, ids):
    """So many attempts, in that many hours, and noted as the purge does it."""
    def fill_hour(ms):
        stack.sql(HOUR_SQL.format(
            ms=ms, count=rows // len(hours), subscriptions=len(ids),
            ids=", ".join(f"'{id_}'" for id_ in ids)), database, "postgres")

    stack.sql(PARTITIONS_SQL.format(hours=", ".join(
        f"to_timestamp({ms // 1000})" for ms in hours)), database, "postgres")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(fill_hour, hours))
    purge(stack, database, 72)


def purge(stack, database, hours):
    """How long postrider-purge took."""
    process = stack.popen(
        "env", f"LOG_RETENTION_HOURS={hours}",
        f"PURGE_DATABASE_URL=postgresql://postrider_purge@/{database}"
        f"?host={stack.var}/run", "bash", "-c",
        "TIMEFORMAT=%R; { time postrider-purge >/dev/null; } 2>&1")
    said = process.communicate()[0]
    try:
        return float(said)
    except ValueError:
        raise RuntimeError("postrider-purge: " + said) from None


def status_paths(hours, rows):
    count = rows // len(hours)
    step = max(1, rows // SAMPLE)
    return [f"/status/{(ms + number * 3600000 // count):012x}70008000"
            f"{number:012x}" for at, ms in enumerate(hours)
            for number in range(at % step, count, step)]


class History:
    """A stack with many attempts beside the one that all share, with few; and
    beside the many a database with a hundredth of them."""

    def __init__(self, bench):
        hours = hours_ms(bench.pick(40, 4))
        self.rows = bench.pick(10000000, 200000)
        self.long, self.short = bench.enter_context(Stack()), bench.stack
        self.ids = [self.long.subscribe(f"{bench.sink.url}/{number}")
                    for number in range(50)]
        self.short.empty()
        self.long.run("part-stop", "worker")
        self.copy("postrider", "few")
        self.long.start_worker()
        fill(self.long, "few", hours, self.rows // 100, self.ids)
        fill(self.long, "postrider", hours, self.rows, self.ids)
        fill(self.short, "postrider", hours, SAMPLE,
             bench.subscriptions)
        self.paths = {
            "subscriptions": [[f"/subscriptions/{id_}" for id_ in ids]
                              for ids in (self.ids, bench.subscriptions)],
            "status": [status_paths(hours, self.rows),
                       status_paths(hours, SAMPLE)]}

    def admin(self, text):
        self.long.sql(text, "postgres", "postgres")

    def copy(self, source, target):
        self.admin(f"CREATE DATABASE {target} TEMPLATE {source}"
                   " OWNER postrider STRATEGY file_copy")

    def serve(self, database):
        """A copy of it is what is served from now on."""
        self.long.run("part-stop", "worker")
        self.admin("DROP DATABASE IF EXISTS postrider")
        self.copy(database, "postrider")
        self.long.redis("FLUSHALL")
        self.long.start_worker()


@functools.lru_cache
def history(bench):
    return History(bench)


def reads(bench):
    past, seconds = history(bench), bench.pick(5, 1)
    for name, (long_paths, short_paths) in past.paths.items():
        long, short = [], []
        for _ in range(3):
            short.append(wrk(past.short.port, seconds, "GET", short_paths,
                             READERS))
            long.append(wrk(past.long.port, seconds, "GET", long_paths,
                            READERS))
        what = f"GET /{name}/{{id}} of {past.rows:,}"
        bench.figures.add(
            3, what, "/s", [said["rate"] for said in long],
            [said["rate"] for said in short], ratio, "at least 0.9",
            lambda value: value >= .9)
        bench.figures.add(
            3, "its p99", "ms", [said["p99"] for said in long],
            [said["p99"] for said in short], ratio, "at most 1.5",
            lambda value: value <= 1.5)


# ---- the purge ---------------------------------------------------------------

def ingest_ms(stack, ids, seconds):
    return [(answered - at) / 1e6 for _, at, answered in
            offer(stack.port, ids, RATE, seconds)]


def purge_once(past, database, seconds):
    """How long it took, and the p99 of ingest before and meanwhile."""
    past.serve(database)
    before, meanwhile = ingest_ms(past.long, past.ids, seconds), []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        purging = pool.submit(purge, past.long, "postrider", PURGE_HOURS)
        while not meanwhile or not purging.done():
            meanwhile += ingest_ms(past.long, past.ids, 1)
    left = int(past.long.sql(
        "SELECT count(*) FROM delivery_logs WHERE id < uuid_at(now() -"
        f" interval '{PURGE_HOURS} hours')"))
    if left != 0:
        raise RuntimeError(f"the purge left {left}")
    return purging.result(), percentile(before, .99), percentile(meanwhile, .99)


def purging(bench):
    past, few, many = history(bench), [], []
    past.long.run("part-stop", "worker")
    past.admin("ALTER DATABASE postrider RENAME TO many")
    for _ in range(3):
        few.append(purge_once(past, "few", 1))
        many.append(purge_once(past, "many", bench.pick(5, 2)))
    bench.figures.add(
        7, f"purge of {past.rows:,}, of a hundredth", "s",
        [took for took, *_ in many], [took for took, *_ in few], ratio,
        "at most 2", lambda value: value <= 2)
    bench.figures.add(
        7, "ingest's p99 during it, and before", "ms",
        [meanwhile for *_, meanwhile in many],
        [before for _, before, _ in many], ratio, "at most 2",
        lambda value: value <= 2,
        of_a_hundredth=[meanwhile for *_, meanwhile in few])
