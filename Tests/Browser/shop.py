"""A daemon in a directory of its own, with a Redis of its own, and what a test does to it beside the browser."""

import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

TOKEN = "a-token-for-the-browser-tests-only-0123456789"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Shop:
    def __init__(self, programs, directory):
        self.programs, self.directory = pathlib.Path(programs), pathlib.Path(directory)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.redis_socket = str(self.directory / "redis.sock")
        self.redis = self.daemon = None

    def start_redis(self):
        self.redis = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.redis_socket, "--dir", str(self.directory),
             "--appendonly", "yes", "--save", "", "--maxmemory", "256mb", "--maxmemory-policy", "noeviction"],
            stdout=subprocess.DEVNULL)
        eventually("Redis listens", lambda: os.path.exists(self.redis_socket))

    def start(self):
        settings = self.directory / "ordershopd.yaml"
        tokens = self.directory / "tokens"
        tokens.write_text(f"operator till {TOKEN}\n")
        settings.write_text(SETTINGS.format(tokens=tokens))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ORDERSHOP_")}
        with open(self.directory / "log", "ab") as log:
            self.daemon = subprocess.Popen(
                [self.programs / "ordershopd", "--config", settings, "--redis", f"unix://{self.redis_socket}",
                 "--state-directory", self.directory / "state", "--socket", self.directory / "control.sock",
                 "--http", f"127.0.0.1:{self.port}"], stdout=log, stderr=log, env=environment)
        eventually("the daemon is ready", self.is_ready, 30)

    def is_ready(self):
        if self.daemon.poll() is not None:
            raise AssertionError("the daemon has ended:\n" + self.log())
        return urllib.request.urlopen(self.url + "/products?limit=1").status == 200

    def stop(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait(30)
            self.daemon = None

    def end(self):
        self.stop()
        if self.redis:
            self.redis.terminate()
            self.redis.wait(10)

    def log(self):
        return (self.directory / "log").read_text()[-3000:]

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data=data, method=method, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read())

    def post(self, path, body):
        return self.request("POST", path, body)

    def call(self, method, **parameters):
        """A method of the control socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.directory / "control.sock"))
            message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
            connection.sendall(json.dumps(message).encode() + b"\n")
            reply = json.loads(connection.makefile("rb").readline())
        if "error" in reply:
            raise AssertionError(reply["error"])
        return reply["result"]


SETTINGS = """\
currency: EUR
mail:
  from: The Tea Shop <tea@shop.example>
gateway:
  access:
    token_file: {tokens}
"""
