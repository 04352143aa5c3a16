"""Rows 1 and 2: what is accepted, with HTTP and without."""
from bench import tree_cpu_seconds
from figures import ratio
from tools import CONNECTIONS, accepting, pgbench, store, wrk

POOL = 2    # INGEST_PROCESSES


def press(stack, path, seconds, accept):
    """What wrk says, and the processor time of each request by whom."""
    def used():
        return stack.cpu_seconds(("apache", "postgresql", "redis"),
                                 ("ingest",)) | {
            "accept": tree_cpu_seconds(accept.pid)}

    before = used()
    said = wrk(stack.port, seconds, "POST", [path])
    said["cpu_us"] = {name: (after - before[name]) * 1e6 / said["requests"]
                      for name, after in used().items()}
    return said


def ingest(bench):
    """Ingest alone: delivery and keeper are suspended meanwhile."""
    stack, seconds = bench.stack, bench.pick(8, 1)
    path = f"/ingest/{bench.subscriptions[0]}"
    ours, ceiling = [], []
    with accepting(stack, POOL) as accept:
        press(stack, "/accept/x", 1, accept)
        for _ in range(3):
            ceiling.append(press(stack, "/accept/x", seconds, accept))
            with stack.suspended("delivery", "keeper"):
                press(stack, path, 1, accept)
                ours.append(press(stack, path, seconds, accept))
                stack.empty()
    bench.figures.add(
        1, f"ingest, {CONNECTIONS} connections", "/s",
        [said["rate"] for said in ours], [said["rate"] for said in ceiling],
        ratio, "at least 0.65", lambda value: value >= .65,
        p99_ms=[said["p99"] for said in ours],
        cpu_us=[said["cpu_us"] for said in ours],
        ceiling_cpu_us=[said["cpu_us"] for said in ceiling])


def store_alone(bench):
    stack, seconds = bench.stack, bench.pick(6, 1)
    batch, ours, ceiling = CONNECTIONS // POOL, [], []
    for _ in range(3):
        ceiling.append(pgbench(stack, seconds))
        with stack.suspended("delivery", "keeper"):
            count, took = store(stack, POOL, batch, 1 << 40, seconds,
                                bench.subscriptions)
            stack.empty()
        ours.append(count / took)
    stack.sql("DROP TABLE ceiling")
    bench.figures.add(
        2, f"store, {batch} a commit, beside pgbench", "/s", ours,
        ceiling, ratio, "at least 1.5", lambda value: value >= 1.5,
        batch=batch, processes=POOL)
