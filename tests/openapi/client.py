#!/usr/bin/env python3
"""client.py OPENAPI URL TARGET: the main flow, by the client that
openapi-python-client generated (postrider_client, in PYTHONPATH).  Each response
is held against its schema, in which no key may be missing and none be added."""
import json
import re
import sys
import time
import uuid

import httpx
import jsonschema
from postrider_client import AuthenticatedClient
from postrider_client.api.ingest import ingest
from postrider_client.api.monitoring import health, metrics, ready
from postrider_client.api.status import (cancel_webhook, get_stats, get_status,
                                         get_webhook, list_attempts,
                                         list_webhooks, resend_webhook,
                                         retry_webhook_now)
from postrider_client.api.subscriptions import (
    create_subscription, delete_subscription, get_subscription,
    list_subscriptions, pause_subscription, resend_webhooks,
    resume_subscription, rotate_ingest_secret, rotate_secret, test_subscription,
    update_subscription)
from postrider_client.models import (AttemptInFull, Error,
                                     IngestSecretRotation, ResendMany,
                                     SubscriptionCreate, SubscriptionState,
                                     SubscriptionUpdate, TestEvent,
                                     ValidationError, WebhookState)


class Description:
    """openapi.json; watches what the client receives."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.whole = json.load(file)
        self.close(self.whole["components"]["schemas"])
        self.seen = set()

    def close(self, value):
        """An object has the keys that are described, and no other."""
        if isinstance(value, list):
            for item in value:
                self.close(item)
        elif isinstance(value, dict):
            if "properties" in value:
                value.setdefault("additionalProperties", False)
            for item in value.values():
                self.close(item)

    def operation(self, method, path):
        for template, item in self.whole["paths"].items():
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                return item[method.lower()]
        raise KeyError(path)

    def resolve(self, value):
        while "$ref" in value:
            name = value["$ref"].split("/")
            value = self.whole["components"][name[2]][name[3]]
        return value

    def check(self, response):
        request = response.request
        operation = self.operation(request.method, request.url.path)
        status = str(response.status_code)
        responses = operation["responses"]
        described = self.resolve(responses.get(status) or responses["default"])
        for name in described.get("headers", {}):
            assert name == "Retry-After" or name in response.headers, name
        assert "x-request-id" in response.headers
        content = described.get("content", {}).get("application/json")
        if content is not None:
            jsonschema.Draft202012Validator({
                **content["schema"],
                "components": self.whole["components"],
            }).validate(json.loads(response.read()))
        self.seen.add((operation["operationId"], response.status_code))


def expect(status, response):
    assert response.status_code == status, (response.status_code,
                                            response.content)
    return response.parsed


def until(state, client, webhook_id):
    for _ in range(100):
        webhook = expect(200, get_webhook.sync_detailed(webhook_id,
                                                        client=client))
        if webhook.state == state:
            return webhook
        time.sleep(0.1)
    raise AssertionError(webhook)


def subscriptions(client, target):
    made = expect(201, create_subscription.sync_detailed(
        client=client, body=SubscriptionCreate(
            target_url=target, secret="whsec_" + "QUJD" * 8,
            events=["order.created"])))
    assert made.state == SubscriptionState.ACTIVE and made.has_secret
    assert made.verify_ingest is None
    got = expect(200, get_subscription.sync_detailed(made.id, client=client))
    assert got == made
    assert made.id in [each.id for each in expect(
        200, list_subscriptions.sync_detailed(client=client, limit=1000))]
    changed = expect(200, update_subscription.sync_detailed(
        made.id, client=client, body=SubscriptionUpdate(events=None)))
    assert changed.events is None and changed.secret == made.secret
    rotated = expect(200, rotate_secret.sync_detailed(made.id, client=client))
    assert rotated.secret_overlap_until > rotated.updated_at
    rotated = expect(200, rotate_ingest_secret.sync_detailed(
        made.id, client=client, body=IngestSecretRotation()))
    assert rotated.has_ingest_secret and len(rotated.ingest_secret) == 50
    return made.id


def deliveries(client, subscription_id):
    accepted = expect(202, ingest.sync_detailed(
        subscription_id, client=client, body={"order": 4711},
        x_event_type="order.created"))
    webhook = until(WebhookState.SUCCESS, client, accepted.webhook_id)
    assert webhook.due_at is None and webhook.attempts == 1
    assert isinstance(webhook.last_attempt, AttemptInFull)
    status = expect(200, get_status.sync_detailed(accepted.webhook_id,
                                                  client=client))
    assert status.recent_attempts[0] == webhook.last_attempt
    assert expect(200, list_attempts.sync_detailed(
        subscription_id, client=client))[0].id == webhook.last_attempt.id
    page = expect(200, list_webhooks.sync_detailed(
        client=client, subscription_id=subscription_id))
    assert page.webhooks[0].id == webhook.id and page.next_cursor is None
    assert expect(200, get_stats.sync_detailed(
        client=client, subscription_id=subscription_id)).successes >= 1
    tested = expect(202, test_subscription.sync_detailed(
        subscription_id, client=client, body=TestEvent(event_type="t",
                                                       payload=[1, None])))
    until(WebhookState.SUCCESS, client, tested.webhook_id)
    return webhook.id


def interventions(client, subscription_id, webhook_id):
    pending = expect(202, resend_webhook.sync_detailed(webhook_id,
                                                       client=client))
    assert pending.id == webhook_id
    until(WebhookState.SUCCESS, client, webhook_id)
    resent = expect(202, resend_webhooks.sync_detailed(
        subscription_id, client=client, body=ResendMany()))
    assert resent.found == 0 and resent.next_cursor is None
    paused = expect(200, pause_subscription.sync_detailed(subscription_id,
                                                          client=client))
    assert paused.state == SubscriptionState.PAUSED
    held = expect(202, ingest.sync_detailed(subscription_id, client=client,
                                            body=[None])).webhook_id
    assert isinstance(expect(409, retry_webhook_now.sync_detailed(
        held, client=client)), Error)
    cancelled = expect(200, cancel_webhook.sync_detailed(held, client=client))
    assert cancelled.state == WebhookState.CANCELLED
    assert cancelled.last_attempt is None
    expect(200, resume_subscription.sync_detailed(subscription_id,
                                                  client=client))


def retried(client, target):
    """One that waits for its retry is due at once."""
    subscription_id = expect(201, create_subscription.sync_detailed(
        client=client, body=SubscriptionCreate(target_url=target))).id
    webhook_id = expect(202, ingest.sync_detailed(
        subscription_id, client=client, body=1)).webhook_id
    for _ in range(100):
        answer = retry_webhook_now.sync_detailed(webhook_id, client=client)
        if answer.status_code == 200:
            break
        time.sleep(0.02)
    expect(200, answer)
    expect(204, delete_subscription.sync_detailed(subscription_id,
                                                  client=client))


def errors(client):
    nobody = uuid.UUID("01890000-0000-7000-8000-000000000000")
    assert expect(404, get_webhook.sync_detailed(
        nobody, client=client)).detail == "Webhook not found"
    refused = expect(422, create_subscription.sync_detailed(
        client=client, body=SubscriptionCreate(target_url="ftp://a/")))
    assert isinstance(refused, ValidationError)
    assert refused.detail[0].loc == ["body", "target_url"]


def main(path, url, target, failing):
    description = Description(path)
    client = AuthenticatedClient(base_url=url, token="pr_none", httpx_args={
        "event_hooks": {"response": [description.check]}},
        timeout=httpx.Timeout(20))
    expect(200, health.sync_detailed(client=client))
    expect(200, ready.sync_detailed(client=client))
    assert "postrider_up" in expect(200, metrics.sync_detailed(client=client))
    subscription_id = subscriptions(client, target)
    webhook_id = deliveries(client, subscription_id)
    interventions(client, subscription_id, webhook_id)
    retried(client, failing)
    errors(client)
    expect(204, delete_subscription.sync_detailed(subscription_id,
                                                  client=client))
    good = {name for name, status in description.seen if status < 300}
    every = {operation["operationId"]
             for item in description.whole["paths"].values()
             for operation in item.values() if "operationId" in operation}
    assert good == every, every - good


if __name__ == "__main__":
    main(*sys.argv[1:])
