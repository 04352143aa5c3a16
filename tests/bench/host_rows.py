"""Rows 6, 8 and 9: a hanging neighbour, the start, memory."""
import importlib.machinery
import importlib.util
import shutil
import subprocess
import time
from statistics import median

from bench import ROOT, Receiver, Stack, ingest_run, percentile
from delivery_rows import drains
from figures import ratio
from tools import Sink, offer, store, wrk

MIB = 1024
IN_FLIGHT = 750         # of WORKER_CONCURRENCY, whoever never answered
WINDOW_FIRST = 8        # of a subscription that nothing is known of
READERS = 8             # API_PROCESSES


def load_program(name):
    loader = importlib.machinery.SourceFileLoader(
        name, f"{ROOT}/tests/bench/{name}")
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def neighbour(bench):
    fairness, stack = load_program("fairness"), bench.stack
    seconds, count = bench.pick(10, 1), bench.pick(10000, 1000)
    alone, beside = [], []
    with Receiver() as receiver:
        others = [stack.subscribe(f"{receiver.url}/ok/{number}")
                  for number in range(200)]
        fairness.latencies(stack, receiver, others, 300, 2)     # warm
        for _ in range(3):
            alone.append(percentile(fairness.latencies(
                stack, receiver, others, 300, seconds), .99))
            sick = [stack.subscribe(receiver.url + "/hang")]
            ingest_run(stack, sick, count=count)
            beside.append(percentile(fairness.latencies(
                stack, receiver, others, 300, seconds), .99))
            stack.unsubscribe(sick)
            stack.wait_settled(sick)
        stack.unsubscribe(others)
    bench.figures.add(
        6, f"p99 beside {count:,} that hang", "ms", beside, alone, ratio,
        "3 times, or 30 ms",
        met=median(beside) <= max(3 * median(alone), 30))


# ---- the start ---------------------------------------------------------------

def start_once(stack):
    began = time.monotonic()
    subprocess.run(["make", "-s", "start"], cwd=ROOT, env=stack.env,
                   check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    subprocess.run(["make", "-s", "stop"], cwd=ROOT, env=stack.env,
                   check=True, stdout=subprocess.DEVNULL)
    return took


def start(bench):
    """`make start` as a whole; the first one makes the database too."""
    stack = Stack()
    for name in ("MAKEFLAGS", "MAKELEVEL", "STACK_WITHOUT"):
        stack.env.pop(name, None)
    try:
        first = start_once(stack)
        again = [start_once(stack) for _ in range(3)]
    finally:
        shutil.rmtree(stack.var)
    bench.figures.add(8, "make start, the database is there", "s", again,
                      goal="under 3", good=lambda value: value < 3)
    bench.figures.add(8, "make start, for the first time", "s", [first])


# ---- memory ------------------------------------------------------------------

def kib(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file
                    if line.startswith(name + ":"))


def sizes(stack, name):
    return {role: [kib(pid, name) for pid in pids]
            for role, pids in stack.processes().items()}


def press(stack, sink, seconds):
    ids = [stack.subscribe(f"{sink.url}/{number}") for number in range(50)]
    webhook = offer(stack.port, ids, 0, seconds)[-1][0]
    stack.wait_settled(ids)
    for paths in ([f"/subscriptions/{ids[0]}", "/subscriptions/",
                   f"/status/{webhook}", f"/subscriptions/{ids[0]}/attempts"],
                  ["/ui/", "/ui/webhooks", "/ui/attempts",
                   f"/ui/subscriptions/{ids[0]}"]):
        wrk(stack.port, seconds, "GET", paths, READERS)


def hang(stack, sink):
    """Every delivery process has all in flight that it may."""
    wanted = IN_FLIGHT * len(stack.processes()["delivery"])
    ids = [stack.subscribe(sink.url + "/hang")
           for _ in range(wanted // WINDOW_FIRST + 1)]
    store(stack, 2, 100, WINDOW_FIRST * len(ids), 60, ids, queue=True)
    end = time.monotonic() + 25
    while sink.counts()["hanging"] < wanted:
        if time.monotonic() > end:
            raise TimeoutError(f"only {sink.counts()['hanging']} in flight")
        time.sleep(.1)


def memory(bench):
    with Stack("HTTP_TIMEOUT=30") as stack, Sink() as sink:
        time.sleep(1)
        rest = sizes(stack, "VmRSS")
        press(stack, sink, bench.pick(5, 1))
        hang(stack, sink)
        most = sizes(stack, "VmHWM")
        private = sizes(stack, "RssAnon")
    for role, values in most.items():
        limit = {"delivery": 64, "ingest": 8, "api": 8, "admin": 8}.get(role)
        bench.figures.add(9, f"{role} at rest", "KiB", rest[role])
        bench.figures.add(
            9, f"{role}, the most under load", "KiB", values,
            goal=f"under {limit} MiB",
            met=max(values) < limit * MIB if limit else None,
            private_kib=private[role])
    rounds = [ours for ours, _ in drains(bench)]
    bench.figures.add(9, "Redis, a pending webhook", "bytes",
                      [ours["redis_bytes"] for ours in rounds])
    bench.figures.add(9, "PostgreSQL, a delivered webhook", "bytes",
                      [ours["table_bytes"] for ours in rounds])
