"""A FastCGI program and a request, what may be answered; and the ingest."""
import json
import os
import re
import time
import uuid

from program import Hang, Program
from world import ROOT, eventually

CHECKED_S = 5
JSON = {"Content-Type": "application/json"}
# Said when the web server hung up, so that nobody hears it.
CUT = re.compile(rb"Request body (ended early|is shorter)|arrived incomplete")


class Door:
    """A request to a fresh program, whose one call fails; the same again to
    that program, or to the one that took its place, which must go well."""
    program = "api"
    method, target, headers, body = "GET", "/", {}, b""
    want = 200
    most = None     # descriptors

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
        """No more are open than in the run in which nothing failed, once the
        program has hung up on us."""
        if self.most is None:
            time.sleep(0.1)
            self.most = program.descriptors()
        if not eventually(2, lambda: program.descriptors() <= self.most):
            return ["%d descriptors are open, not %d" % (
                program.descriptors(), self.most)]
        return []

    def run(self):
        program = Program(
            os.path.join(ROOT, "build/torture/cgi-bin", self.program),
            self.world.environment(), self.world.errors)
        faults = []
        try:
            faults += self.request(program)[1]
            faults += self.again(program)
            faults += self.descriptors(program)
        except Hang as hang:
            faults.append(str(hang))
        finally:
            if not program.stop():
                faults.append("it does not stop")
        return faults + self.world.endings(program.ended)


class Ingest(Door):
    program, method, want = "ingest", "POST", 202
    body, headers, events = b'{"torture": [1, 2, 3]}', JSON, None
    becomes = "pending"

    def prepare(self):
        if not hasattr(self, "subscription"):
            self.subscription = self.world.subscription(
                "/ok/ingest", self.events, "paused")    # until the end
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
    events = ["order.paid", "order.sent"]


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


ALL = [IngestJson, IngestText, IngestTyped, IngestFiltered, IngestLarge,
       IngestKeyed, IngestRepeated, IngestClashed, IngestUnknown, IngestNoJson,
       IngestTooLarge]
