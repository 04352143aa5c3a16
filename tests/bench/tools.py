"""The programs that press, take and set the ceilings, and what these say."""
import contextlib
import json
import os
import re
import subprocess

from bench import BODY, ROOT

PROGRAMS = "build/tests/bench/"     # in the checkout
CONNECTIONS = 32
BODY_TEXT = BODY.decode()


def output(*command):
    return subprocess.run(command, cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, text=True).stdout


class Sink:
    """The receiver of tests/bench/sink.c."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [PROGRAMS + "sink"], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = "http://127.0.0.1:" + self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def forget(self):
        self.ask("forget")

    def counts(self):
        names = ("count", "first", "last", "connections", "hanging")
        return dict(zip(names, map(int, self.ask("counts").split())))

    def arrivals(self):
        """webhook id -> when it came first, in ns."""
        first, line = {}, self.ask("arrivals")
        while line != "end\n":
            id_, at = line.split()
            first.setdefault(id_, int(at))
            line = self.process.stdout.readline()
        return first


def post(url, count, in_flight):
    """The bare loop of tests/bench/post.c."""
    said = json.loads(output(PROGRAMS + "post", url, str(count),
                             str(in_flight), BODY_TEXT))
    said["rate"] = count / said["seconds"]
    said["cpu_us"] = said["cpu_seconds"] * 1e6 / count
    return said


def offer(port, subscriptions, rate, seconds, connections=CONNECTIONS):
    """Rows of (webhook id, when it was offered, when its 202 came), in ns."""
    said = output(PROGRAMS + "offer", str(port), str(connections), str(rate),
                  str(seconds), BODY_TEXT, *subscriptions)
    return [(id_, int(offered), int(answered)) for id_, offered, answered in
            map(str.split, said.splitlines())]


def wrk(port, seconds, method, paths, connections=CONNECTIONS):
    body = BODY_TEXT if method == "POST" else ""
    said = json.loads(output(
        "wrk", "-t", "1", "-c", str(connections), "-d", str(seconds),
        "--timeout", "30", "-s", "tests/bench/wrk.lua",
        f"http://127.0.0.1:{port}/", "--", method, body,
        *paths).splitlines()[-1])
    # Apache may end a kept connection at any time (RFC 9112, 9.3.1).
    if said["bad"] * 1000 > said["requests"]:
        raise RuntimeError(f"wrk: errors at {paths[0]}: {said['errors']}")
    return said


def store(stack, processes, batch, count, seconds, subscriptions, queue=False):
    """Webhooks stored, and in how many seconds: tests/bench/store.c."""
    process = stack.popen(
        PROGRAMS + "store", str(processes), str(batch), str(count),
        str(seconds), "queue" if queue else "-", BODY_TEXT, *subscriptions)
    said = process.communicate()[0]
    if process.returncode != 0:
        raise RuntimeError("store: failed")
    stored, took = said.split()
    return int(stored), float(took)


def pgbench(stack, seconds, clients=CONNECTIONS):
    """Durable inserts of one row a second."""
    stack.sql("DROP TABLE IF EXISTS ceiling;"
              "CREATE TABLE ceiling (id bigint GENERATED ALWAYS AS IDENTITY"
              "    PRIMARY KEY, payload bytea NOT NULL)")
    script = f"{stack.var}/insert.sql"
    with open(script, "w", encoding="ascii") as file:
        file.write(f"INSERT INTO ceiling (payload) VALUES ('{BODY_TEXT}');\n")
    os.chmod(script, 0o644)
    said = stack.run(
        "exec", "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j",
        "2", "-T", str(seconds), "-f", script, "-h", stack.var + "/run", "-U",
        "postgres", "postrider")
    return float(re.search(r"tps = ([\d.]+)", said).group(1))


@contextlib.contextmanager
def accepting(stack, processes=2):
    """/accept, served by tests/bench/accept.c as /ingest is by its pool."""
    conf = stack.var + "/apache-postrider.conf"
    with open(conf, encoding="utf-8") as file:
        lines = file.read().splitlines(True)
    at = next(number for number, line in enumerate(lines)
              if line.lstrip().startswith('ProxyPass "/ingest"'))
    lines.insert(at, lines[at].replace("ingest", "accept"))
    with open(conf, "w", encoding="utf-8") as file:
        file.writelines(lines)
    stack.run("part-stop", "apache")
    stack.run("part-start", "apache")
    process = stack.popen(PROGRAMS + "accept", stack.var + "/run/accept.sock",
                          str(processes))
    process.stdout.readline()
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
