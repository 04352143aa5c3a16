"""Where the programs live: the private stack, the count, what was promised."""
import glob
import json
import mmap
import os
import struct
import subprocess
import time

from program import Program

ROOT = os.getcwd()
VAR = os.environ["STACK_VAR"]
DIR = os.path.join(VAR, "torture")
RUN = os.path.join(VAR, "run")
RECEIVER = os.environ.get("RECEIVER", "")
DEPTH = 6
RECORD = struct.Struct("32s%dQ" % DEPTH)
HEAD = struct.Struct("4I")
STATE_BYTES = HEAD.size + 16384 * RECORD.size


class Calls:
    """The state that fail.c shares with us."""

    def __init__(self):
        self.path = os.path.join(DIR, "state")
        with open(self.path, "wb") as file:
            file.truncate(STATE_BYTES)
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), STATE_BYTES)

    def arm(self, number):
        self.map[:HEAD.size] = HEAD.pack(number, 0, 0, 0)

    def disarm(self):
        self.map[:4] = struct.pack("I", 0)

    @property
    def count(self):
        return HEAD.unpack_from(self.map)[1]

    @property
    def fired(self):
        return HEAD.unpack_from(self.map)[2]

    def call(self, number):
        """Its name and the offsets of its callers."""
        fields = RECORD.unpack_from(
            self.map, HEAD.size + (number - 1) * RECORD.size)
        return (fields[0].split(b"\0")[0].decode(),
                tuple(at for at in fields[1:] if at))


class Database:
    """One psql that stays."""

    def __init__(self, name="postrider", user="postrider"):
        self.psql = subprocess.Popen(
            ["psql", "-XqAt", "-h", RUN, "-U", user, "-d", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"})

    def ask(self, sql):
        """The rows as lines; columns are divided by |."""
        self.psql.stdin.write(sql + ";\n\\echo --end--\n")
        self.psql.stdin.flush()
        rows = []
        for line in self.psql.stdout:
            if line == "--end--\n":
                return rows
            rows.append(line.rstrip("\n"))
        raise RuntimeError("psql ended")

    def one(self, sql):
        rows = self.ask(sql)
        return rows[-1] if rows else ""


# An id of now (or of some time ago): version 7, the time, the rest by chance.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION torture_id(ago interval DEFAULT '0') RETURNS uuid
LANGUAGE sql AS $$ SELECT (substr(uuid_at(clock_timestamp() - ago)::text, 1, 14)
|| '7' || substr(gen_random_uuid()::text, 16))::uuid $$"""


class World:
    def __init__(self):
        self.calls = Calls()
        self.db = Database()
        self.db.ask(FUNCTIONS)
        self.acknowledged = {}      # webhook id: "pending" or "filtered"
        self.errors = os.path.join(DIR, "errors")
        self.aids = {}

    def environment(self, tortured=True, **settings):
        values = dict(os.environ)
        values.update(
            POSTRIDER_CONF=os.environ["TORTURE_CONF"],
            ASAN_OPTIONS="detect_leaks=1:exitcode=99:log_path=%s/asan" % DIR,
            UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:exitcode=99:"
                          "log_path=%s/asan" % DIR)
        if tortured:
            values["TORTURE_STATE"] = self.calls.path
        values.update(settings)
        return values

    def subscription(self, path="/ok", events=None, state="active"):
        """Made by the API, which seals its secret."""
        made = self.aid("api").ask(
            "POST", "/subscriptions/", {"Content-Type": "application/json"},
            json.dumps({"target_url": RECEIVER + path,
                        "secret": "torture", "events": events}).encode())
        return self.db.one(
            "UPDATE subscriptions SET state = '%s' WHERE id = '%s'"
            " RETURNING id" % (state, json.loads(made.body)["id"]))

    def webhook(self, subscription, due="1 hour", age="0"):
        return self.db.one(
            "WITH w AS (INSERT INTO webhooks (id, subscription_id, payload,"
            " filtered) VALUES (torture_id('%s'), '%s', '{}', false)"
            " RETURNING *) INSERT INTO pending (webhook_id, subscription_id,"
            " due_at) SELECT id, subscription_id, now() + '%s' FROM w"
            " RETURNING webhook_id" % (age, subscription, due))

    def old(self, age, subscription):
        """A pending webhook of that age."""
        self.db.ask("SELECT make_partition('webhooks', clock_timestamp() -"
                    " '%s'::interval), make_partition('delivery_logs',"
                    " clock_timestamp() - '%s'::interval)" % (age, age))
        return self.webhook(subscription, "0", age)

    def attempt(self, subscription, webhook):
        self.db.ask(
            "INSERT INTO delivery_logs (id, webhook_id, subscription_id,"
            " target_url, attempt_number, outcome, final, status_code) VALUES"
            " (torture_id(), '%s', '%s', 'http://old/', 1, 'Success', true,"
            " 200)" % (webhook, subscription))

    def redis(self, *words):
        subprocess.run(["redis-cli", "-s", os.path.join(RUN, "redis.sock"),
                        *words], stdout=subprocess.DEVNULL, check=True)

    def aid(self, name):
        """A program that nobody tortures, for as long as we run."""
        if name not in self.aids:
            self.aids[name] = Program(
                os.path.join(ROOT, "build/release/cgi-bin", name),
                self.environment(tortured=False),
                os.path.join(DIR, name, "errors"))
        return self.aids[name]

    def rest(self):
        """A worker that nobody tortures gets what is left; what is wrong."""
        for program in self.aids.values():
            program.stop()
        self.db.ask("UPDATE pending SET due_at = now() WHERE due_at > now()")
        self.db.ask("UPDATE subscriptions SET state = 'active', restart_after ="
                    " '00000000-0000-0000-0000-000000000000'"
                    " WHERE target_url LIKE '%/ok/ingest'")
        log = open(os.path.join(DIR, "worker.log"), "ab")
        worker = subprocess.Popen(
            [os.path.join(ROOT, "build/release/bin/postrider-worker")],
            stdin=subprocess.DEVNULL, stderr=log,
            env=self.environment(False, RUN_DIR=os.path.join(DIR, "run"),
                                 CGI_DIR="/nonexistent", HTTP_TIMEOUT="2",
                                 RETRY_SCHEDULE="0,0,0,1,1",
                                 LEASE_SECONDS="15"))
        left = ("SELECT count(*) FROM pending p JOIN subscriptions s ON s.id ="
                " p.subscription_id AND s.state = 'active'")
        quiet = eventually(90, lambda: self.db.one(left) == "0")
        worker.terminate()
        worker.wait(60)
        if not quiet:
            return self.db.one(left) + " are stuck"
        return self.lost()

    def lost(self):
        arrived = set()
        with open(os.environ["ARRIVALS"], encoding="utf-8") as file:
            for line in file:
                arrived.add(json.loads(line)["headers"].get("webhook-id"))
        wanted = {one for one, what in self.acknowledged.items()
                  if what == "pending"}
        if wanted - arrived:
            return "%d are lost: %s" % (len(wanted - arrived),
                                        sorted(wanted - arrived)[:5])
        sent = arrived & (set(self.acknowledged) - wanted)
        return "sent although filtered: %s" % sent if sent else None

    def begin(self, number):
        self.calls.arm(number)
        open(self.errors, "wb").close()

    def said(self):
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            return file.read()

    def reports(self):
        """What the sanitizers wrote, once."""
        found = []
        for path in glob.glob(os.path.join(DIR, "asan*")):
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            os.unlink(path)
            if "ERROR: " in text or "runtime error: " in text:
                found.append(text)
        return found

    def endings(self, codes):
        """A program ends well, or says why it does not."""
        faults = []
        for code in codes:
            if code not in (0, 100, 111):
                faults.append("it ended with %d" % code)
            elif code != 0 and not self.said().strip():
                faults.append("it ended with %d and no word" % code)
        return faults


def eventually(seconds, holds):
    end = time.monotonic() + seconds
    pause = 0.005
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True
