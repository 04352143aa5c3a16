"""Scenarios of the worker's processes and of the programs that run and end."""
import collections
import glob
import os
import re
import signal
import subprocess

from world import DIR, ROOT, VAR, Database, eventually

DELIVERED_S = 30
ENDED_S = 30
JSON = {"Content-Type": "application/json"}


class Worker:
    """The supervisor, the keeper and one delivery process, one of which has its
    call fail; what was accepted before and what is accepted after is settled."""
    role, path, outcome = "delivery", "/ok/worker", "Success"
    settings = {}

    def __init__(self, world):
        self.world, self.db = world, world.db
        self.subscription = None

    @property
    def name(self):
        return "%s: %s" % (self.role, self.__doc__)

    def accept(self):
        """By an ingest program that nobody tortures."""
        answer = self.world.aid("ingest").ask(
            "POST", "/ingest/" + self.subscription,
            {**JSON, "X-Event-Type": "torture", "X-Signature": "as it came"},
            b'{"worker": true}')
        if answer.status != 202:
            raise RuntimeError("not accepted: %d" % answer.status)
        webhook = re.search(rb"[0-9a-f-]{36}", answer.body).group().decode()
        self.world.acknowledged[webhook] = "pending"
        return webhook

    def prepare(self):
        if self.subscription is None:
            self.subscription = self.world.subscription(self.path)
        return [self.accept()]

    def settled(self, webhook):
        return self.db.one("SELECT outcome FROM delivery_logs WHERE webhook_id"
                           " = '%s' AND final" % webhook) == self.outcome

    def start(self):
        run = os.path.join(DIR, "run")
        environment = self.world.environment(
            TORTURE_ROLE=self.role, RUN_DIR=run, CGI_DIR="/nonexistent",
            WORKER_PROCESSES="1", WORKER_CONCURRENCY="8", HTTP_TIMEOUT="2",
            RETRY_SCHEDULE="0,0,0,1,1", LEASE_SECONDS="15", LOG_LEVEL="info",
            **self.settings)
        with open(self.world.errors, "ab") as errors:
            return subprocess.Popen(
                [os.path.join(ROOT, "build/torture/bin/postrider-worker")],
                stdin=subprocess.DEVNULL, stderr=errors, env=environment)

    def run(self):
        webhooks, faults = self.prepare(), []
        self.ended, self.process = [], self.start()
        try:
            faults += self.under_way(webhooks)
            faults += self.settle("", webhooks)
            faults += self.settle("afterwards: ", self.prepare())
        finally:
            self.ended.append(end(self.process, faults))
        return faults + self.world.endings(self.ended) + self.crashes()

    def settle(self, when, webhooks):
        def holds(webhook):
            code = self.process.poll()
            if code is not None:    # as systemd would
                self.ended.append(code)
                self.process = self.start()
            return self.settled(webhook)

        return [when + "not settled: " + webhook for webhook in webhooks
                if not eventually(DELIVERED_S, lambda: holds(webhook))]

    def under_way(self, _webhooks):
        """What else is done; what went wrong."""
        return []

    def crashes(self):
        return ["a child crashed: " + line for line in
                self.world.said().splitlines() if "child ended" in line and
                (" signal=" in line or " status=99 " in line)]


Child = collections.namedtuple("Child", "pid title")


def children(parent):
    with open("/proc/%d/task/%d/children" % (parent, parent),
              encoding="ascii") as file:
        pids = [int(word) for word in file.read().split()]
    for pid in pids:
        with open("/proc/%d/cmdline" % pid, encoding="utf-8") as file:
            yield Child(pid, file.read())


def end(process, faults):
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(ENDED_S)
    except subprocess.TimeoutExpired:
        faults.append("it does not stop")
        process.kill()
        return process.wait()


class Success(Worker):
    "claim, deliver, settle"


class Retry(Worker):
    "a failure, and the retry"
    path = "/fail-n/1/worker"


class Gone(Worker):
    "410 disables the subscription"
    path, outcome = "/status/410/worker", "Failure"

    def prepare(self):
        self.subscription = self.world.subscription(self.path)
        return [self.accept()]

    def settled(self, webhook):
        return super().settled(webhook) and self.db.one(
            "SELECT state FROM subscriptions WHERE id = '%s'"
            % self.subscription) == "disabled"


class RetryAfter(Worker):
    "503 and Retry-After puts the next attempt off"
    path = "/retry-after/3000/worker"

    def settled(self, webhook):
        """Or sent again by who took a dead one's place: that is not put off."""
        return super().settled(webhook) or self.db.one(
            "SELECT attempts >= 1 AND lease IS NULL AND due_at > now() +"
            " interval '2900 s' FROM pending WHERE webhook_id = '%s'"
            % webhook) == "t"


class ByName(Worker):
    "the receiver has a name, of which one address refuses"

    def prepare(self):
        if self.subscription is None:
            self.subscription = self.world.subscription(self.path)
            self.db.one("UPDATE subscriptions SET target_url = replace("
                        "target_url, '127.0.0.1', 'localhost')"
                        " WHERE id = '%s' RETURNING id" % self.subscription)
        return [self.accept()]


class NoRedis(Worker):
    "Redis is gone: picked from PostgreSQL"
    settings = {"REDIS_URL": "unix:///nonexistent/redis.sock"}


class Keeper(Worker):
    "a full pass brings what Redis never heard of"
    role = "keeper"

    def prepare(self):
        if self.subscription is None:
            self.subscription = self.world.subscription(self.path)
        webhook = self.world.webhook(self.subscription, "0")
        self.world.acknowledged[webhook] = "pending"
        self.world.redis("FLUSHALL")
        return [webhook]


class KeeperDuties(Worker):
    "one is resumed, another has expired"
    role = "keeper"

    def prepare(self):
        subscription = self.world.subscription(self.path)
        webhook = self.world.webhook(subscription, "0")
        self.db.ask("UPDATE subscriptions SET restart_after ="
                    " '00000000-0000-0000-0000-000000000000' WHERE id = '%s'"
                    % subscription)
        self.world.acknowledged[webhook] = "pending"
        if self.expired is not None:
            return [webhook]    # it would wait for the next look
        self.expired = self.world.old("71 h", self.world.subscription(
            self.path, state="paused"))
        return [webhook, self.expired]

    def run(self):
        self.expired = None
        return super().run()

    def settled(self, webhook):
        self.outcome = "Failure" if webhook == self.expired else "Success"
        return super().settled(webhook)


class KeeperMourns(Worker):
    "a delivery process dies with a request in flight"
    role, path = "keeper", "/slow-ms/150/worker"

    def under_way(self, webhooks):
        leased = ("SELECT count(*) FROM pending WHERE webhook_id = '%s' AND"
                  " lease IS NOT NULL" % webhooks[0])
        if not eventually(DELIVERED_S, lambda: self.db.one(leased) == "1"):
            return ["never claimed"]
        for child in children(self.process.pid):
            if child.title.startswith("postrider: delivery"):
                os.kill(child.pid, signal.SIGKILL)
        return []

    def crashes(self):
        return [line for line in super().crashes()
                if "role=delivery" not in line]


class Supervisor(Worker):
    "start, fork, stop"
    role = "supervisor"


class Once:
    """A program that runs and ends; after the call that failed it is run again
    as it is built for use, and then all must be done."""
    program, arguments = "", []

    def __init__(self, world):
        self.world, self.db = world, world.db

    @property
    def name(self):
        return "%s: %s" % (self.program, self.__doc__)

    def prepare(self):
        pass

    def settings(self):
        return {}

    def call(self, build, tortured):
        path = os.path.join(ROOT, "build", build, "bin", self.program)
        with open(self.world.errors, "ab") as errors:
            return subprocess.run(
                [path, *self.arguments], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors, timeout=60, check=False,
                env=self.world.environment(tortured, **self.settings()))

    def run(self):
        self.prepare()
        first = self.call("torture", True)
        faults = self.world.endings([first.returncode])
        if first.returncode == 0:
            fault = self.holds(first.stdout)
            faults += ["a false 0: " + fault] if fault else []
        last = self.call("release", False)
        if last.returncode != 0:
            faults.append("unusable afterwards: %d" % last.returncode)
        fault = self.holds(last.stdout)
        return faults + (["afterwards: " + fault] if fault else [])


class Migrate(Once):
    "the schema from nothing"
    program, arguments = "postrider-admin", ["migrate"]

    def __init__(self, world):
        super().__init__(world)
        Database("postgres", "postgres").ask(
            "DROP DATABASE IF EXISTS torture;"
            " CREATE DATABASE torture OWNER postrider")
        self.empty = Database("torture")
        self.shape = ("SELECT count(*) FROM pg_class WHERE relnamespace ="
                      " 'public'::regnamespace AND NOT relispartition AND"
                      " relkind IN ('r', 'p', 'i', 'S')")
        self.wanted = world.db.one(self.shape)

    def settings(self):
        return {"MIGRATE_DATABASE_URL":
                "postgresql://postrider@/torture?host=%s/run" % VAR}

    def prepare(self):
        self.empty.ask("SET client_min_messages = warning;"
                       " DROP OWNED BY postrider CASCADE;"
                       " DROP SCHEMA IF EXISTS public CASCADE;"
                       " CREATE SCHEMA public")

    def holds(self, _output):
        files = len(glob.glob(os.path.join(ROOT, "src/migrations/*.sql")))
        if self.empty.one("SELECT count(*) FROM migrations") != str(files):
            return "not every migration is applied"


class MigrateAgain(Once):
    "a schema that is up to date"
    program, arguments = "postrider-admin", ["migrate"]

    def holds(self, _output):
        return None


class Purge(Once):
    "what is older than the retention"
    program = "postrider-purge"

    def prepare(self):
        subscription = self.world.subscription("/ok/old")
        self.old = [self.world.old(age, subscription)
                    for age in ("90 h", "72 h 1 min")]

    def holds(self, _output):
        left = self.db.one(
            "SELECT (SELECT count(*) FROM webhooks WHERE id IN ('%s', '%s')) +"
            " (SELECT count(*) FROM pending WHERE webhook_id IN ('%s', '%s'))"
            % (*self.old, *self.old))
        if left != "0":
            return "%s old rows are left" % left


class DryPurge(Purge):
    "--dry-run"
    arguments = ["--dry-run"]

    def prepare(self):
        if not hasattr(self, "old"):
            super().prepare()

    def holds(self, output):
        if not output.startswith(b"would remove"):
            return "not said: %s" % output


ALL = [Success, Retry, Gone, RetryAfter, ByName, NoRedis, Keeper, KeeperDuties,
       KeeperMourns, Supervisor, Migrate, MigrateAgain, DryPurge, Purge]
