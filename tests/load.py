#!/usr/bin/env python3
"""Ingests many webhooks over kept connections and prints their ids.

    load.py URL COUNT CONNECTIONS SUBSCRIPTION...

The subscriptions take turns.  Ends with 1 when an answer was not a 202.
"""
import http.client
import json
import sys
import threading
import urllib.parse


def post(host, jobs, subscriptions, results):
    connection = http.client.HTTPConnection(host, timeout=20)
    for number in jobs:
        subscription = subscriptions[number % len(subscriptions)]
        connection.request("POST", f"/ingest/{subscription}",
                           json.dumps({"number": number}),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        results.append((answer.status, answer.read()))


def main(url, count, connections, *subscriptions):
    host = urllib.parse.urlsplit(url).netloc
    results, threads = [], []
    for first in range(int(connections)):
        jobs = range(first, int(count), int(connections))
        threads.append(threading.Thread(
            target=post, args=(host, jobs, subscriptions, results)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    for status, body in results:
        if status == 202:
            print(json.loads(body)["webhook_id"])
        else:
            print(status, body, file=sys.stderr)
    return sum(status == 202 for status, _ in results) != int(count)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
