"""Scenarios of the FastCGI programs: a request, and what may be answered."""
import json
import os
import re
import time
import urllib.parse
import uuid

from fastcgi import Hang, Program
from world import ROOT, RECEIVER

CHECKED_S = 5
JSON = {"Content-Type": "application/json"}
# Said when the web server hung up, so that nobody hears it.
CUT = re.compile(rb"Request body (ended early|is shorter)")


class Door:
    """A request to a fresh program, whose one call fails; the same again to
    that program, or to the one that took its place, which must go well."""
    program = "api"
    method, target, headers, body = "GET", "/", {}, b""
    want = 200

    def __init__(self, world):
        self.world, self.db = world, world.db

    @property
    def name(self):
        return "%s: %s" % (self.program, self.__doc__)

    def prepare(self):
        pass

    def holds(self, _answer):
        """The wanted answer is true: None, or what is wrong."""

    def request(self, program):
        self.prepare()
        answer = program.ask(self.method, self.target, self.headers, self.body)
        if answer.status == self.want:
            fault = self.holds(answer)
            return answer, [fault] if fault else []
        if answer.status in (0, 503) or CUT.search(answer.body):
            return answer, []
        return answer, ["a false answer: %d %s" % (answer.status,
                                                   answer.body[:300])]

    def again(self, program):
        end = time.monotonic() + CHECKED_S
        while True:
            program.revive()
            answer, faults = self.request(program)
            if faults:
                return ["afterwards: " + fault for fault in faults]
            if answer.status == self.want:
                return []
            if time.monotonic() > end:
                return ["unusable afterwards: %d" % answer.status]
            time.sleep(0.02)

    def descriptors(self, program):
        """No more are open than in the run in which nothing failed."""
        count = program.descriptors()
        if not self.world.calls.fired:
            self.most = count
        elif count > self.most:
            return ["%d descriptors are open, not %d" % (count, self.most)]
        return []

    def run(self):
        program = Program(
            os.path.join(ROOT, "build/torture/cgi-bin", self.program),
            self.world.environment(), self.world.errors)
        faults = []
        try:
            faults += self.request(program)[1]
            faults += self.again(program)
        except Hang as hang:
            faults.append(str(hang))
        faults += self.descriptors(program)
        try:
            program.stop()
        except Hang as hang:
            faults.append(str(hang))
        return faults + self.world.endings(program.ended)


class Ingest(Door):
    program, method, want = "ingest", "POST", 202
    body, headers, events = b'{"torture": [1, 2, 3]}', JSON, "NULL"
    becomes = "pending"

    def prepare(self):
        if not hasattr(self, "subscription"):
            self.subscription = self.world.subscription(
                "/ok/ingest", self.events)
        self.target = "/ingest/" + self.subscription

    def holds(self, answer):
        webhook = json.loads(answer.body)["webhook_id"]
        self.world.acknowledged[webhook] = self.becomes
        stored = self.db.one(
            "SELECT convert_from(payload, 'UTF8'), filtered, EXISTS (SELECT"
            " FROM pending WHERE webhook_id = w.id) FROM webhooks w"
            " WHERE id = '%s'" % webhook)
        filtered = self.becomes == "filtered"
        wanted = "%s|%s" % (self.body.decode(), "t|f" if filtered else "f|t")
        if stored != wanted:
            return "a false 202: %s is stored" % (stored or "nothing")


class IngestJson(Ingest):
    "an event in JSON"


class IngestText(Ingest):
    "a value under another content type, with a signature"
    body = b' "just text" '
    headers = {"Content-Type": "text/plain", "X-Signature": "sha256=0123"}


class IngestTyped(Ingest):
    "an event of a wanted type"
    headers = {**JSON, "X-Event-Type": "order.paid"}
    events = "'{order.paid,order.sent}'"


class IngestFiltered(IngestTyped):
    "an event of another type"
    headers = {**JSON, "X-Event-Type": "order.lost"}
    becomes = "filtered"


class IngestLarge(Ingest):
    "300 KiB, in many reads"
    body = json.dumps("x" * 307200).encode()


class IngestKeyed(Ingest):
    "a new Idempotency-Key"

    def prepare(self):
        super().prepare()
        self.headers = {**JSON, "Idempotency-Key": str(uuid.uuid4())}


class IngestRepeated(Ingest):
    "the same Idempotency-Key again and again"
    headers = {**JSON, "Idempotency-Key": "once"}
    first = None

    def holds(self, answer):
        webhook = json.loads(answer.body)["webhook_id"]
        self.first = self.first or webhook
        if webhook != self.first:
            return "one key, two webhooks"
        return super().holds(answer)


class IngestClashed(Ingest):
    "a used Idempotency-Key with another body"
    want = 422
    headers = {**JSON, "Idempotency-Key": "other"}

    def prepare(self):
        super().prepare()
        self.db.ask(
            "INSERT INTO idempotency (subscription_id, key, fingerprint,"
            " webhook_id, accepted_at) VALUES ('%s', 'other', '\\x00',"
            " torture_id(), now()) ON CONFLICT DO NOTHING" % self.subscription)

    def holds(self, answer):
        if b"idempotency_key_reused" not in answer.body:
            return "not said why: %s" % answer.body


class IngestUnknown(Ingest):
    "an unknown subscription"
    want = 404

    def prepare(self):
        self.target = "/ingest/01890000-0000-7000-8000-000000000000"

    def holds(self, answer):
        return None


class IngestNoJson(Ingest):
    "a body that is no JSON"
    body, want = b'{"torture"', 400

    def holds(self, answer):
        return None


class IngestTooLarge(Ingest):
    "a body above the limit"
    body, want = b"1" * 1048577, 413

    def holds(self, answer):
        return None


class Create(Door):
    "create a subscription"
    method, target, headers, want = "POST", "/subscriptions/", JSON, 201
    url = "http://bücher.example/ok?x=1"

    def prepare(self):
        self.body = json.dumps({"target_url": self.url, "secret": "torture",
                                "events": ["a", "b"]}).encode()

    def holds(self, answer):
        made = json.loads(answer.body)
        row = self.db.one("SELECT target_url, secret, events FROM subscriptions"
                          " WHERE id = '%s'" % made["id"])
        wanted = "http://xn--bcher-kva.example/ok?x=1|torture|{a,b}"
        if row != wanted or made["target_url"] != wanted.split("|")[0]:
            return "a false 201: %s" % row


class CreateBad(Door):
    "a subscription with three faults"
    method, target, headers, want = "POST", "/subscriptions/", JSON, 422
    body = b'{"target_url": "ftp://x/", "secret": 1, "events": [2]}'

    def holds(self, answer):
        if len(json.loads(answer.body)["detail"]) != 3:
            return "not the three faults: %s" % answer.body


class OfOne(Door):
    suffix = ""

    def prepare(self):
        self.subscription = self.world.subscription("/ok/api", "'{a}'")
        self.target = "/subscriptions/" + self.subscription + self.suffix

    def row(self, column):
        return self.db.one("SELECT %s FROM subscriptions WHERE id = '%s'"
                           % (column, self.subscription))


class Read(OfOne):
    "read a subscription"

    def holds(self, answer):
        got = json.loads(answer.body)
        if (got["id"], got["target_url"], got["events"]) != (
                self.subscription, RECEIVER + "/ok/api", ["a"]):
            return "not what is stored: %s" % answer.body


class ReadCached(Read):
    "read a subscription that Redis has"

    def prepare(self):
        if not hasattr(self, "subscription"):
            super().prepare()


class Update(OfOne):
    "update a subscription"
    method, headers = "PATCH", JSON
    body = b'{"events": null, "secret": "new"}'

    def holds(self, answer):
        if self.row("secret, events") != "new|":
            return "a false 200: %s" % self.row("secret, events")


class Delete(OfOne):
    "delete a subscription"
    method, want = "DELETE", 204

    def holds(self, answer):
        if self.row("state") != "deleted":
            return "a false 204"


class Pause(OfOne):
    "pause a subscription"
    method, suffix, becomes = "POST", "/pause", "paused"

    def holds(self, answer):
        if self.row("state") != self.becomes:
            return "a false 200: %s" % self.row("state")


class Resume(Pause):
    "resume a subscription"
    suffix, becomes = "/resume", "active"

    def prepare(self):
        super().prepare()
        self.db.ask("UPDATE subscriptions SET state = 'paused' WHERE id = '%s'"
                    % self.subscription)


class List(Door):
    "list subscriptions"
    target = "/subscriptions/?limit=5"

    def prepare(self):
        self.world.subscription("/ok/listed")

    def holds(self, answer):
        ids = [one["id"] for one in json.loads(answer.body)]
        rows = self.db.ask("SELECT id FROM subscriptions WHERE state <>"
                           " 'deleted' ORDER BY id LIMIT 5")
        if ids != rows:
            return "not what is stored: %s" % answer.body


class OfWebhook(Door):
    suffix, prefix = "", "/webhooks/"

    def prepare(self):
        self.subscription = self.world.subscription("/ok/api")
        self.webhook = self.world.webhook(self.subscription)
        self.target = self.prefix + self.webhook + self.suffix

    def pending(self):
        return self.db.one("SELECT count(*) FROM pending WHERE webhook_id ="
                           " '%s'" % self.webhook)


class Webhook(OfWebhook):
    "read a webhook"

    def holds(self, answer):
        if json.loads(answer.body)["id"] != self.webhook:
            return "another: %s" % answer.body


class Status(OfWebhook):
    "the status of a webhook"
    prefix = "/status/"

    def prepare(self):
        super().prepare()
        self.world.attempt(self.subscription, self.webhook)

    def holds(self, answer):
        if json.loads(answer.body)["final_outcome"] != "Success":
            return "not what is stored: %s" % answer.body


class Attempts(Status):
    "the attempts of a subscription"

    def prepare(self):
        super().prepare()
        self.target = "/subscriptions/%s/attempts" % self.subscription

    def holds(self, answer):
        if [one["webhook_id"] for one in json.loads(answer.body)] != [
                self.webhook]:
            return "not what is stored: %s" % answer.body


class Cancel(OfWebhook):
    "cancel a webhook"
    method, suffix = "POST", "/cancel"

    def holds(self, answer):
        if self.pending() != "0":
            return "a false 200: it is pending"


class Resend(OfWebhook):
    "send a webhook again"
    method, suffix, want = "POST", "/resend", 202

    def prepare(self):
        super().prepare()
        self.world.attempt(self.subscription, self.webhook)
        self.db.ask("DELETE FROM pending WHERE webhook_id = '%s'"
                    % self.webhook)

    def holds(self, answer):
        self.world.acknowledged[self.webhook] = "pending"
        if self.pending() != "1":
            return "a false 202: it is not pending"


class Metrics(Door):
    "the metrics"
    target = "/metrics"

    def holds(self, answer):
        if b"postrider" not in answer.body:
            return "no metrics: %s" % answer.body


class Ready(Door):
    "is it ready"
    target = "/readyz"


class Page(Door):
    program = "admin"

    def holds(self, answer):
        if b"</html>" not in answer.body:
            return "half a page: %s" % answer.body[-300:]


class PageList(Page):
    "the list of subscriptions"
    target = "/ui"


class PageOne(Page):
    "a subscription with its attempts"

    def prepare(self):
        if not hasattr(self, "subscription"):
            self.subscription = self.world.subscription("/ok/admin")
            webhook = self.world.webhook(self.subscription)
            self.world.attempt(self.subscription, webhook)
        self.target = "/ui/subscriptions/" + self.subscription


class PageForm(Page):
    "the form of a new subscription"
    target = "/ui/subscriptions/new"


class PageCreate(Page):
    "a form is sent"
    method, target, want = "POST", "/ui/subscriptions/new", 303
    headers = {"Content-Type": "application/x-www-form-urlencoded",
               "Sec-Fetch-Site": "same-origin"}

    def prepare(self):
        self.url = "http://admin.example/%s" % uuid.uuid4()
        self.body = urllib.parse.urlencode(
            {"target_url": self.url, "secret": "", "events": "a\nb"}).encode()

    def holds(self, answer):
        if self.db.one("SELECT count(*) FROM subscriptions WHERE target_url ="
                       " '%s'" % self.url) != "1":
            return "a false 303"


ALL = [IngestJson, IngestText, IngestTyped, IngestFiltered, IngestLarge,
       IngestKeyed, IngestRepeated, IngestClashed, IngestUnknown, IngestNoJson,
       IngestTooLarge, Create, CreateBad, Read, ReadCached, Update, Delete,
       List, Pause, Resume, Webhook, Status, Attempts, Cancel, Resend, Metrics,
       Ready, PageList, PageOne, PageForm, PageCreate]
