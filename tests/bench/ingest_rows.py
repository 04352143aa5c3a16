"""Rows 1 and 2: what is accepted, with HTTP and without."""
from figures import ratio
from tools import CONNECTIONS, accepting, pgbench, store, wrk

POOL = 2    # INGEST_PROCESSES


def ingest(bench):
    """Ingest alone: delivery and keeper are suspended meanwhile."""
    stack, seconds = bench.stack, bench.pick(8, 2)
    path = f"/ingest/{bench.subscriptions[0]}"
    ours, ceiling = [], []
    with accepting(stack, POOL):
        wrk(stack.port, 1, "POST", ["/accept/x"])
        for _ in range(3):
            ceiling.append(wrk(stack.port, seconds, "POST", ["/accept/x"]))
            with stack.suspended("delivery", "keeper"):
                wrk(stack.port, 1, "POST", [path])
                ours.append(wrk(stack.port, seconds, "POST", [path]))
                stack.empty()
    bench.figures.add(
        1, f"ingest, {CONNECTIONS} connections", "/s",
        [said["rate"] for said in ours], [said["rate"] for said in ceiling],
        ratio, "at least 0.65", lambda value: value >= .65,
        p99_ms=[said["p99"] for said in ours])


def store_alone(bench):
    stack, seconds = bench.stack, bench.pick(6, 2)
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
