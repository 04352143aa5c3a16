"""Rows 4, 5 and 10: what is delivered, how soon, and with how much work."""
import functools
import time
from statistics import median

from bench import percentile
from figures import more, ratio
from tools import offer, post, store

SERVERS = ("postgresql", "redis")
# the pools have only started meanwhile
DELIVERING = ("supervisor", "delivery", "keeper")


def used_memory(stack):
    for text in stack.redis("INFO", "memory").splitlines():
        if text.startswith("used_memory:"):
            return int(text.split(":")[1])
    raise KeyError("used_memory")


def table_bytes(stack):
    return int(stack.sql(
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
        " WHERE relkind = 'r' AND relname ~"
        " '^(webhooks_.*|delivery_logs_.*|pending|stats)$'"))


def wait_delivered(bench, count):
    end = time.monotonic() + 300
    while bench.sink.counts()["count"] < count:
        if time.monotonic() > end:
            raise TimeoutError("not all arrived")
        time.sleep(.05)
    bench.stack.wait_settled(bench.subscriptions)


# ---- the drain ---------------------------------------------------------------

def drain(bench, count):
    """So many are pending and in the queue; then a worker starts."""
    stack = bench.stack
    stack.run("part-stop", "worker")
    stack.empty()
    memory, tables = used_memory(stack), table_bytes(stack)
    stored, _ = store(stack, 2, 100, count, 600, bench.subscriptions, True)
    if stored != count:
        raise RuntimeError(f"{stored} were stored, not {count}")
    memory, before = used_memory(stack) - memory, stack.cpu_seconds(SERVERS)
    bench.sink.forget()
    stack.run("part-start", "worker")
    wait_delivered(bench, count)
    after = stack.cpu_seconds(SERVERS, DELIVERING)
    seen = bench.sink.counts()
    return {"rate": (seen["count"] - 1) * 1e9 / (seen["last"] - seen["first"]),
            "connections": seen["connections"],
            "cpu_us": {name: (seconds - before.get(name, 0)) * 1e6 / count
                       for name, seconds in after.items()},
            "redis_bytes": memory / count,
            "table_bytes": (table_bytes(stack) - tables) / count}


@functools.lru_cache
def drains(bench):
    """Rounds of (the drain, the bare loop with as many in flight)."""
    count, rounds = bench.pick(50000, 5000), []
    for _ in range(3):
        drained = drain(bench, count)
        rounds.append((drained, post(bench.sink.url + "/", count,
                                     drained["connections"])))
    return rounds


def delivery(bench):
    rounds = drains(bench)
    bench.figures.add(
        4, "delivery drain", "/s", [ours["rate"] for ours, _ in rounds],
        [bare["rate"] for _, bare in rounds], ratio, "at least 0.3",
        lambda value: value >= .3,
        in_flight=[ours["connections"] for ours, _ in rounds])


def work(bench):
    rounds = drains(bench)
    bare = [bare["cpu_us"] for _, bare in rounds]
    for what, names, most in (("ours", DELIVERING, 1.5),
                              ("and servers'", DELIVERING + SERVERS, 4)):
        bench.figures.add(
            10, f"CPU a delivered webhook, {what}", "us",
            [sum(ours["cpu_us"][name] for name in names)
             for ours, _ in rounds], bare, ratio, f"at most {most}",
            lambda value, most=most: value <= most,
            each=[ours["cpu_us"] for ours, _ in rounds])


# ---- end to end --------------------------------------------------------------

def deliver(bench, rate, seconds):
    """Of each: (when offered, when its 202 came, when it arrived), in ns."""
    bench.stack.empty()
    bench.sink.forget()
    offered = offer(bench.stack.port, bench.subscriptions, rate, seconds)
    wait_delivered(bench, len(offered))
    arrived = bench.sink.arrivals()
    return [(at, answered, arrived[id_]) for id_, at, answered in offered]


@functools.lru_cache
def capacity(bench):
    """Webhooks a second while as many are accepted as it takes."""
    rates = []
    for _ in range(3):
        seen = deliver(bench, 0, bench.pick(8, 2))
        took = max(arrived for *_, arrived in seen) - min(seen)[0]
        rates.append(len(seen) * 1e9 / took)
    bench.figures.add(5, "capacity, 202 to arrival", "/s", rates)
    return median(rates)


def waits(seen):
    """Milliseconds from 202 to arrival; it may come before its 202 does."""
    return [max(0, arrived - answered) / 1e6 for _, answered, arrived in seen]


def thirds_p50(times):
    size = len(times) // 3
    return [median(times[at:at + size]) for at in (0, size, 2 * size)]


def end_to_end_at(bench, rate, name):
    rounds, direct = [], []
    for _ in range(3):
        direct.append(post(bench.sink.url + "/", bench.pick(3000, 300),
                           1)["ms"])
        rounds.append(waits(sorted(deliver(bench, rate, bench.pick(60, 2)))))
    for part, most in ((.5, 5), (.99, 50)):
        bench.figures.add(
            5, f"202 to arrival, p{100 * part:.0f}, {name}", "ms",
            [percentile(times, part) for times in rounds],
            [percentile(times, part) for times in direct], more,
            f"at most {most} more", lambda value, most=most: value <= most,
            rate=rate)
    thirds = [thirds_p50(times) for times in rounds]
    bench.figures.add(
        5, "its p50 at the end, and at first", "ms",
        [last for *_, last in thirds], [first for first, *_ in thirds], ratio,
        "at most 1.5", lambda value: value <= 1.5, rate=rate, thirds=thirds)


def end_to_end(bench):
    end_to_end_at(bench, 500, "500/s")
    rate = int(capacity(bench) * .6)
    end_to_end_at(bench, rate, f"{rate:,}/s")
