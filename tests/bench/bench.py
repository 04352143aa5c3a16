"""What the benchmarks share: a stack of their own on the release build, a
receiver in a process of its own, ingest over kept connections."""
import asyncio
import contextlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
STACK = os.path.join(ROOT, "src/stack/stack")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Stack:
    """A private stack in a directory that goes with it: below var, since /tmp
    may be memory, where an fsync costs nothing. Or another node `beside` one,
    on its PostgreSQL and Redis, with its settings and keys."""

    def __init__(self, conf="", beside=None):
        os.makedirs(f"{ROOT}/var", exist_ok=True)
        self.var = tempfile.mkdtemp(prefix="bench-", dir=f"{ROOT}/var")
        os.chmod(self.var, 0o755)
        self.port = free_port()
        without = "purge"
        if beside:
            without, conf = "purge postgresql redis", conf + beside.shared()
        self.env = dict(os.environ, STACK_VAR=self.var, PORT=str(self.port),
                        STACK_WITHOUT=without,
                        STACK_CONF_EXTRA="LOG_LEVEL=warning\n" + conf)

    def __enter__(self):
        self.run("start")
        return self

    def __exit__(self, *_):
        self.run("stop")
        shutil.rmtree(self.var)

    def shared(self):
        """The settings of a node beside this one."""
        with open(self.var + "/postrider.conf", encoding="utf-8") as file:
            return "".join(line for line in file if re.match(
                "([A-Z]+_)?DATABASE_URL=|REDIS_URL=|SECRET_KEY_FILE=", line))

    def run(self, *arguments, **environment):
        return subprocess.run(
            [STACK, *arguments], env=dict(self.env, **environment), check=True,
            stdout=subprocess.PIPE, text=True).stdout

    def popen(self, *command):
        """A program of ours (by its path in the checkout) as the stack's user
        with the stack's settings."""
        return subprocess.Popen([STACK, "exec", *command], env=self.env,
                                stdout=subprocess.PIPE, text=True)

    def sql(self, text, database="postrider", user="postrider"):
        return self.run("psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-U", user,
                        "-d", database, "-c", text,
                        PGOPTIONS="-c client_min_messages=warning").strip()

    def start_worker(self):
        """Returns once /readyz says 200."""
        self.run("part-start", "worker")
        url, end = f"http://127.0.0.1:{self.port}/readyz", time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                return urllib.request.urlopen(url, timeout=5).close()
            if time.monotonic() > end:
                raise TimeoutError("not ready")
            time.sleep(.05)

    def empty(self):
        """No webhook is left; subscriptions stay."""
        self.sql("TRUNCATE webhooks, pending, delivery_logs, stats",
                 user="postgres")
        self.redis("FLUSHALL")

    def redis(self, *arguments):
        return self.run("redis-cli", *arguments).strip()

    def subscribe(self, target, **more):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/subscriptions/",
            json.dumps({"target_url": target, **more}).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["id"]

    def unsubscribe(self, ids):
        for id_ in ids:
            urllib.request.urlopen(urllib.request.Request(
                f"http://127.0.0.1:{self.port}/subscriptions/{id_}",
                method="DELETE"), timeout=20).close()

    def pending(self, ids):
        names = ",".join(f"'{id_}'" for id_ in ids)
        return int(self.sql("SELECT count(*) FROM pending WHERE "
                            f"subscription_id IN ({names})"))

    def wait_settled(self, ids, seconds=300):
        end = time.monotonic() + seconds
        while self.pending(ids) > 0:
            if time.monotonic() > end:
                raise TimeoutError("still pending")
            time.sleep(0.2)

    def processes(self):
        """Pids by role, as their titles say."""
        worker = self.run("pid", "worker").strip()
        roles = {"supervisor": [int(worker)]}
        listing = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", worker], check=True,
            stdout=subprocess.PIPE, text=True).stdout
        for line in listing.splitlines():
            pid, title = line.split(None, 1)
            role = title.replace("postrider: ", "").split()[0]
            roles.setdefault(os.path.basename(role), []).append(int(pid))
        return roles

    @contextlib.contextmanager
    def suspended(self, *roles):
        """For less than the 30 s after which the supervisor kills them."""
        pids = [pid for role in roles for pid in self.processes()[role]]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def cpu_seconds(self, parts, roles=()):
        """Processor time until now, of parts of the stack and roles of ours,
        by name."""
        used = {part: tree_cpu_seconds(self.run("pid", part).strip())
                for part in parts}
        processes = self.processes() if roles else {}
        return used | {role: sum(map(cpu_seconds, processes[role]))
                       for role in roles}


def cpu_seconds(pid, with_children=False):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return sum(map(int, fields[11:15 if with_children else 13])) / \
        os.sysconf("SC_CLK_TCK")


def tree_cpu_seconds(pid):
    """Of a process, its children, and those of them that have ended."""
    used = 0
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        for child in file.read().split():
            with contextlib.suppress(FileNotFoundError):    # it ends just now
                used += cpu_seconds(child)
    return used + cpu_seconds(pid, True)


# ---- the receiver ------------------------------------------------------------

class Sink(asyncio.Protocol):
    """/ok answers at once and notes when, /hang never answers."""
    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    arrivals = None

    def connection_made(self, transport):
        self.transport, self.bytes = transport, b""

    def data_received(self, data):
        self.bytes += data
        while True:
            end = self.bytes.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.bytes[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15:].split(b"\r\n", 1)[0])
            if len(self.bytes) < end + 4 + length:
                return
            self.bytes = self.bytes[end + 4 + length:]
            if head.startswith(b"post /ok"):
                at = head.find(b"webhook-id:")
                id_ = head[at + 11:].split(b"\r\n", 1)[0].strip()
                Sink.arrivals.append((id_, time.monotonic()))
                self.transport.write(Sink.ANSWER)


async def receive(pipe):
    loop = asyncio.get_running_loop()
    Sink.arrivals = []
    server = await loop.create_server(Sink, "127.0.0.1", 0, backlog=8192)
    pipe.send(server.sockets[0].getsockname()[1])
    ended = asyncio.Event()

    def asked():
        if pipe.recv() == "end":
            return ended.set()
        pipe.send(Sink.arrivals)
        Sink.arrivals = []

    loop.add_reader(pipe.fileno(), asked)
    await ended.wait()


class Receiver:
    def __enter__(self):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=lambda: asyncio.run(receive(theirs)), daemon=True)
        self.process.start()
        self.url = f"http://127.0.0.1:{self.pipe.recv()}"
        return self

    def __exit__(self, *_):
        self.pipe.send("end")
        self.process.join()

    def arrivals(self):
        """webhook id -> when it came, since the last call."""
        self.pipe.send("arrivals")
        first = {}
        for id_, at in self.pipe.recv():
            first.setdefault(id_.decode(), at)
        return first


# ---- ingest ------------------------------------------------------------------

BODY = json.dumps({"order": 42, "text": "x" * 175}).encode()   # 200 bytes


async def post(reader, writer, subscription, headers):
    writer.write(b"POST /ingest/%s HTTP/1.1\r\nHost: localhost\r\n"
                 b"Content-Type: application/json\r\n"
                 b"Content-Length: %d\r\n%s\r\n%s"
                 % (subscription.encode(), len(BODY), headers, BODY))
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.lower().find(b"content-length:")
    if at < 0:      # Apache made chunks of it
        answer = await reader.readuntil(b"0\r\n\r\n")
    else:
        answer = await reader.readexactly(
            int(head[at + 15:].split(b"\r\n", 1)[0]))
    if head[9:12] != b"202":
        raise RuntimeError(head[:60])
    now = time.monotonic()
    return answer[answer.index(b"{"):].split(b'"')[3].decode(), now


async def ingest(port, subscriptions, count, rate, connections, seconds,
                 headers):
    """Gives webhook id -> when its 202 came. rate 0: as fast as it goes; ends
    after `count` (0: any number) or `seconds`."""
    accepted, began = {}, time.monotonic()
    numbers = iter(range(count or 1 << 40))

    async def client():
        connection = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            now = time.monotonic() - began
            if now > seconds:
                break
            if rate and number / rate > now:
                await asyncio.sleep(number / rate - now)
            target = subscriptions[number % len(subscriptions)]
            more = headers() if callable(headers) else headers
            try:
                id_, at = await post(*connection, target, more)
            except (asyncio.IncompleteReadError, ConnectionError):
                # Apache ends a kept connection now and then
                connection = await asyncio.open_connection("127.0.0.1", port)
                id_, at = await post(*connection, target, more)
            accepted[id_] = at
        connection[1].close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return accepted


def ingest_run(stack, subscriptions, count=0, rate=0, connections=16,
               seconds=600, headers=b""):
    """headers: more of them, each with its CR and LF; or what makes them."""
    return asyncio.run(ingest(stack.port, subscriptions, count, rate,
                              connections, seconds, headers))


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))]
