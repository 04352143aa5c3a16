#!/usr/bin/env python3
"""The chaos suite's saboteur.

    saboteur.py DIRECTORY STACK SECONDS SEED

breaks one thing after the other in the private stack (STACK is its program;
STACK_VAR and the rest come from the environment): shuffled rounds in which
each deed of DEEDS stands once, the first round always to its end.  Under five
minutes things stay broken shorter.  DIRECTORY/sabotage.jsonl gets a line a
deed: when it began and ended, what it was, how many processes it killed.
"""
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.request


class Saboteur:
    def __init__(self, directory, stack, seconds, seed):
        self.directory, self.program = directory, stack
        self.seconds = float(seconds)
        self.random = random.Random(seed)
        self.short = self.seconds < 300
        self.freeze = 2.5 if self.short else 10
        self.away = 0.8 if self.short else 8
        self.var = os.environ["STACK_VAR"]
        self.old = os.path.join(directory, "redis.old")
        self.hung = []
        with open(directory + "/receiver.port", encoding="ascii") as file:
            self.receiver = "http://127.0.0.1:" + file.read().strip()
        self.log = open(directory + "/sabotage.jsonl", "a", encoding="ascii",
                        buffering=1)

    # ---- what it works with --------------------------------------------

    def stack(self, *arguments):
        # No reader but ours: a daemon would keep a pipe open for ever.
        with open(self.directory + "/stack.out", "w+b") as out:
            done = subprocess.run([self.program, *arguments], stdout=out,
                                  stderr=out, check=False)
            out.seek(0)
            said = out.read().decode(errors="replace").strip()
        if done.returncode != 0:
            raise RuntimeError(f"stack {' '.join(arguments)}: {said}")
        return said

    def start(self, part):
        """Again and again: who died may hold its lock a moment longer."""
        for patience in range(40, -1, -1):
            try:
                return self.stack("part-start", part)
            except RuntimeError:
                if patience == 0:
                    raise
                time.sleep(0.5)

    def children(self, part):
        parent = self.stack("pid", part)
        listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", parent],
                                capture_output=True, text=True, check=False)
        return [line.split(None, 1) for line in listed.stdout.splitlines()]

    def signal(self, pids, number):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), number)

    def kill(self, *pids):
        self.signal(pids, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while any(alive(pid) for pid in pids):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{pids} outlived a kill -9")
            time.sleep(0.01)
        return 1

    def of_role(self, role):
        return [pid for pid, title in self.children("worker")
                if title.startswith("postrider: " + role)]

    def kill_role(self, role):
        pids = self.of_role(role)
        return self.kill(self.random.choice(pids)) if pids else 0

    def stay_away(self):
        time.sleep(self.random.random() * self.away)

    def all_of(self, part):
        return [self.stack("pid", part),
                *[pid for pid, _ in self.children(part)]]

    # ---- deeds: each returns how many it killed ------------------------

    def delivery_killed(self):
        return self.kill_role("delivery")

    def delivery_hung(self):
        """It is not woken: the supervisor has to see that it hangs."""
        pids = [pid for pid in self.of_role("delivery")
                if pid not in self.hung]
        if pids:
            self.hung.append(self.random.choice(pids))
            self.signal(self.hung[-1:], signal.SIGSTOP)
        return 0

    def keeper_killed(self):
        return self.kill_role("keeper")

    def ingest_killed(self):
        return self.kill_role("ingest")

    def api_killed(self):
        return self.kill_role("api")

    def supervisor_killed(self):
        killed = self.kill(self.stack("pid", "worker"))
        self.start("worker")
        return killed

    def apache_child_killed(self):
        pids = [pid for pid, _ in self.children("apache")]
        return self.kill(self.random.choice(pids)) if pids else 0

    def apache_restarted(self):
        self.stack("signal", "apache", "USR1")
        return 0

    def redis_killed(self):
        killed = self.kill(self.stack("pid", "redis"))
        self.stay_away()
        self.start("redis")
        return killed

    def redis_set_back(self):
        """It returns with what it knew some time ago."""
        killed = self.kill(self.stack("pid", "redis"))
        self.stay_away()
        self.empty_redis()
        if os.path.isdir(self.old):
            shutil.copytree(self.old, self.var + "/redis", dirs_exist_ok=True)
            chown_like(self.var + "/redis", self.var)
        self.start("redis")
        return killed

    def redis_emptied(self):
        killed = self.kill(self.stack("pid", "redis"))
        self.stay_away()
        self.empty_redis()
        self.start("redis")
        return killed

    def empty_redis(self):
        for name in os.listdir(self.var + "/redis"):
            path = os.path.join(self.var, "redis", name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    def redis_flushed(self):
        self.stack("redis-cli", "FLUSHALL")
        return 0

    def redis_full(self):
        self.stack("redis-cli", "CONFIG", "SET", "maxmemory", "1")
        time.sleep(self.freeze)
        self.stack("redis-cli", "CONFIG", "SET", "maxmemory", "256mb")
        return 0

    def redis_frozen(self):
        return self.frozen("redis")

    def postgresql_frozen(self):
        return self.frozen("postgresql")

    def frozen(self, part):
        pids = self.all_of(part)
        self.signal(pids, signal.SIGSTOP)
        try:
            time.sleep(self.freeze)
        finally:
            self.signal(pids, signal.SIGCONT)
        return 0

    def postgresql_killed(self):
        killed = self.kill(*self.all_of("postgresql"))
        self.stay_away()
        self.start("postgresql")
        return killed

    def backend_killed(self):
        pids = [pid for pid, title in self.children("postgresql")
                if "postrider postrider" in title]
        return self.kill(self.random.choice(pids)) if pids else 0

    def both_killed(self):
        killed = self.kill(*self.all_of("postgresql"))
        killed += self.kill(self.stack("pid", "redis"))
        self.stay_away()
        self.start("redis")
        self.start("postgresql")
        return killed

    def receiver_hangs(self):
        return self.mood("hang")

    def receiver_resets(self):
        return self.mood("reset")

    def receiver_trickles(self):
        return self.mood("trickle")

    def receiver_closes(self):
        return self.mood("close")

    def mood(self, mood):
        """Goes on while the next deeds are done; ends before the retries."""
        url = f"{self.receiver}/_mood?{mood}={3 if self.short else 6}"
        urllib.request.urlopen(url, timeout=10).close()
        return 0

    def wake_orphans(self):
        """Whose supervisor was killed: nobody else would end them."""
        owned = self.of_role("delivery")
        self.signal([pid for pid in self.hung if pid not in owned],
                    signal.SIGCONT)

    # ---- rounds ---------------------------------------------------------

    def keep_old_files(self):
        """Redis's files of one moment, for redis_set_back."""
        shutil.rmtree(self.old, ignore_errors=True)
        with contextlib.suppress(shutil.Error):  # a file renamed meanwhile
            shutil.copytree(self.var + "/redis", self.old)

    def do(self, deed):
        began = time.time()
        killed = deed(self)
        line = {"began": round(began, 3), "ended": round(time.time(), 3),
                "deed": deed.__name__, "killed": killed}
        self.log.write(json.dumps(line) + "\n")

    def pause(self):
        if self.random.random() < 0.25:
            return  # what was done last is still being mended
        time.sleep(self.random.uniform(0.2, 1.2 if self.short else 6))

    def run(self):
        end = time.monotonic() + self.seconds
        first = True
        while first or time.monotonic() < end:
            deeds = self.random.sample(DEEDS, len(DEEDS))
            for number, deed in enumerate(deeds):
                if not first and time.monotonic() >= end:
                    break
                if number == len(deeds) // 3:
                    self.keep_old_files()
                self.do(deed)
                self.pause()
            first = False
        self.wake_orphans()


DEEDS = [
    Saboteur.delivery_killed, Saboteur.delivery_killed,
    Saboteur.delivery_killed, Saboteur.delivery_hung, Saboteur.keeper_killed,
    Saboteur.ingest_killed, Saboteur.api_killed, Saboteur.supervisor_killed,
    Saboteur.apache_child_killed, Saboteur.apache_restarted,
    Saboteur.redis_killed,
    Saboteur.redis_set_back, Saboteur.redis_emptied, Saboteur.redis_flushed,
    Saboteur.redis_full, Saboteur.redis_frozen, Saboteur.postgresql_frozen,
    Saboteur.postgresql_killed, Saboteur.backend_killed, Saboteur.both_killed,
    Saboteur.receiver_hangs, Saboteur.receiver_resets,
    Saboteur.receiver_trickles, Saboteur.receiver_closes,
]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") \
                as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def chown_like(path, model):
    owner = os.stat(model)
    for directory, _, files in os.walk(path):
        for name in ["."] + files:
            os.chown(os.path.join(directory, name), owner.st_uid,
                     owner.st_gid)


if __name__ == "__main__":
    Saboteur(*sys.argv[1:]).run()
