"""Scenarios of the API and of the admin pages."""
import json
import re
import urllib.parse
import uuid

from doors import JSON, Door
from world import RECEIVER


class Create(Door):
    "create a subscription"
    method, target, headers, want = "POST", "/subscriptions/", JSON, 201
    url = "http://bücher.example/ok?x=1"

    def prepare(self):
        self.body = json.dumps({"target_url": self.url, "secret": "torture",
                                "events": ["a", "b"]}).encode()

    def holds(self, answer):
        made = json.loads(answer.body)
        row = self.db.one("SELECT target_url, cardinality(secrets), events"
                          " FROM subscriptions WHERE id = '%s'" % made["id"])
        wanted = "http://xn--bcher-kva.example/ok?x=1|1|{a,b}"
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
        self.subscription = self.world.subscription("/ok/api", ["a"])
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
        if self.row("events") or json.loads(answer.body)["secret"] != "new":
            return "a false 200: %s" % answer.body


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


class PageSearch(Page):
    "subscriptions searched and sorted"

    def prepare(self):
        self.subscription = self.world.subscription("/ok/searched")
        self.target = ("/ui/subscriptions?sort=url&state=active&q="
                       + self.subscription)

    def holds(self, answer):
        if answer.body.count(self.subscription.encode()) < 2:
            return "it is not found"
        return super().holds(answer)


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


class PageDelete(PageOne):
    "what a deletion would cost"

    def prepare(self):
        super().prepare()
        self.target += "/delete"


class PageSend(Page):
    method, want = "POST", 303

    def fill(self, **fields):
        form = self.world.aid("admin").ask("GET", self.target)
        self.headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": form.headers["Set-Cookie"].partition(";")[0]}
        fields["csrf"] = re.search(rb'name="csrf" value="([^"]*)"',
                                   form.body).group(1).decode()
        self.body = urllib.parse.urlencode(fields).encode()


class PageCreate(PageSend):
    "a form is sent"
    target = "/ui/subscriptions/new"

    def prepare(self):
        self.url = "http://admin.example/%s" % uuid.uuid4()
        self.fill(target_url=self.url, secret="", make_secret=1,
                  events="a\nb", verify_ingest="standard-webhooks",
                  ingest_secret="sixteen-bytes-and")

    def holds(self, answer):
        if self.db.one("SELECT count(*) FROM subscriptions WHERE target_url ="
                       " '%s' AND cardinality(secrets) = 1"
                       " AND cardinality(ingest_secrets) = 1" % self.url) != "1":
            return "a false 303"


class PageTest(PageSend):
    "a test event is sent"

    def prepare(self):
        self.subscription = self.world.subscription("/ok/test", ["a"])
        self.target = "/ui/subscriptions/%s/test" % self.subscription
        self.fill(event_type="a", payload='{"torture": 1}')

    def holds(self, answer):
        if self.db.one("SELECT w.id FROM webhooks w JOIN pending p ON"
                       " p.webhook_id = w.id WHERE w.subscription_id = '%s'"
                       % self.subscription) not in answer.headers["Location"]:
            return "a false 303"


ALL = [Create, CreateBad, Read, ReadCached, Update, Delete, List, Pause, Resume,
       Webhook, Status, Attempts, Cancel, Resend, Metrics, Ready, PageList,
       PageSearch, PageOne, PageForm, PageDelete, PageCreate, PageTest]
