"""A FastCGI program behind a listening socket, and its answers."""
import os
import select
import signal
import socket
import subprocess
import time

from fastcgi import request, unpack

PATIENCE_S = 15


class Hang(Exception):
    pass


def message(method, target, headers=(), body=b""):
    values = {"REQUEST_METHOD": method, "REQUEST_URI": target,
              "QUERY_STRING": target.partition("?")[2],
              "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost",
              "REMOTE_ADDR": "127.0.0.1"}
    if body or method in ("POST", "PATCH"):
        values["CONTENT_LENGTH"] = str(len(body))
    for name, value in dict(headers).items():
        name = name.upper().replace("-", "_")
        values[name if name == "CONTENT_TYPE" else "HTTP_" + name] = value
    return request(values, body)


class Answer:
    """status 0: there was none, which Apache answers with a 503."""

    def __init__(self, output):
        head, _, self.body = output.partition(b"\r\n\r\n")
        self.headers = dict(line.split(": ", 1) for line in
                            head.decode("latin-1").split("\r\n")
                            if ": " in line)
        self.status = int(self.headers.get("Status", "0").split()[0])
        size = self.headers.get("Content-Length")
        if size is not None and int(size) != len(self.body):
            self.status = 0     # cut: so Apache tells its client


class Program:
    """What the supervisor does for a pool: listens, starts, and again."""

    def __init__(self, path, environment, errors):
        self.path, self.environment, self.errors = path, environment, errors
        self.address = os.path.join(os.path.dirname(errors), "program.sock")
        if os.path.exists(self.address):
            os.unlink(self.address)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.address)
        self.socket.listen(64)
        self.ended = []
        self.start()

    def start(self):
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                [self.path], stdin=self.socket, stderr=errors,
                env=self.environment)
        self.death = os.pidfd_open(self.process.pid)

    def bury(self):
        self.ended.append(self.process.wait())
        os.close(self.death)

    def revive(self):
        if self.process.poll() is not None:
            self.bury()
            self.start()

    def ask(self, *args):
        """Its answer, or that of the program that took its place: who has
        died takes only the connections with him that he had accepted."""
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(self.address)
            caller.setblocking(False)
            return Answer(self.converse(caller, message(*args)) or b"")

    def converse(self, caller, unsent):
        data, end = b"", time.monotonic() + PATIENCE_S
        while unpack(data) is None:
            ready, writable, _ = select.select(
                [caller, self.death], [caller] if unsent else [], [],
                max(end - time.monotonic(), 0))
            if not ready and not writable:
                raise Hang("no answer within %d s" % PATIENCE_S)
            try:
                if writable:
                    unsent = unsent[caller.send(unsent):]
                if caller in ready:
                    more = caller.recv(65536)
                    if not more:
                        break
                    data += more
                elif self.death in ready:
                    self.revive()
            except BrokenPipeError:
                unsent = b""    # it may have answered before
            except ConnectionResetError:
                break
        return unpack(data)

    def descriptors(self):
        try:
            return len(os.listdir("/proc/%d/fd" % self.process.pid))
        except FileNotFoundError:
            return 0

    def stop(self):
        """False when it had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        stops = select.select([self.death], [], [], PATIENCE_S)[0]
        if not stops:
            self.process.kill()
        self.bury()
        self.socket.close()
        os.unlink(self.address)
        return bool(stops)
