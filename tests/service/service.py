"""A service of its own for one test: started on a free port in a directory of its own, stopped by its pid."""
import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

PROGRAM = """G21 G90 G17 G94
T1 M6
S10000 M3
G0 X0 Y0 Z5
G1 Z-2 F300
G1 X30 F800
G0 Z10
M5
M30
"""
CRASH = PROGRAM.replace("G0 Z10", "G0 X0 Y15\nG0 Z10")
TOOL = {"number": 1, "type": "flat", "diameter": 6, "flute_length": 20, "stickout": 35}
STOCK = {"shape": "box", "dims": [60, 40, 10], "origin": [-10, -20, -10]}
SMALL_FILM = {"width": 128, "height": 96, "fps": 5, "seconds": 1}


def job(program=PROGRAM, tools=(TOOL,), stock=None, **options):
    return {"inline_gcode": program, "tools": list(tools), "stock": stock or STOCK,
            "options": {"resolution_mm": 0.5, "video": SMALL_FILM, **options}}


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Service:
    def __init__(self, proveout, args=("--dev",), env=None, folder=None):
        self.proveout, self.args, self.env = proveout, list(args), dict(env or {})
        self.own = None if folder else tempfile.TemporaryDirectory(prefix="proveout-service-")
        self.folder = folder or self.own.name
        self.data = os.path.join(self.folder, "data")
        self.process, self.port, self.said = None, 0, []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        if self.own:
            self.own.cleanup()

    def start(self):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "NO_COLOR": "1", **self.env}
        with open(os.path.join(self.folder, "log.jsonl"), "ab") as log:
            self.process = subprocess.Popen(
                [self.proveout, "serve", *self.args, "--listen", "127.0.0.1:0", "--data-dir", self.data],
                cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        self.said, self.port = [], 0
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if line.startswith("proveout ready on "):
                self.port = int(line.rsplit(":", 1)[1])
                break
        assert self.port, f"the service did not start: exit {self.process.wait(10)}\n{self.logs()[-3000:]}"
        if "--dev" in self.args:
            self.said += [self.process.stdout.readline().rstrip("\n") for _ in range(2)]
            self.token = self.said[-1].split("Bearer ", 1)[1].split("'", 1)[0]
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def mint(self, *args):
        done = subprocess.run([self.proveout, "token", "--data-dir", self.data, *args], capture_output=True, text=True, check=True,
                              timeout=30)
        return done.stdout.strip()

    def logs(self):
        with open(os.path.join(self.folder, "log.jsonl"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self, seconds=30):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def call(self, method, path, body=None, token="", headers=None):
        """token: "" the development token, None: none."""
        fields = dict(headers or {})
        if token is not None:
            fields["Authorization"] = "Bearer " + (token or self.token)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            fields.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body.encode() if isinstance(body, str) else body, headers=fields)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def submit(self, document, status=202, **more):
        answer = self.call("POST", "/simulations/run", document, **more)
        assert answer.status == status, f"submit: {answer.status} {answer.body[:1500]}"
        return answer.json["sim_id"] if status == 202 else answer.json

    def run(self, sim_id):
        answer = self.get(f"/simulations/{sim_id}")
        assert answer.status == 200, f"{answer.status} {answer.body[:500]}"
        return answer.json

    def wait(self, sim_id, seconds=60, until=("succeeded", "warning", "failed", "cancelled")):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            run = self.run(sim_id)
            if run["status"] in until:
                return run
            time.sleep(0.1)
        raise AssertionError(f"{sim_id} is still {run['status']} {run['stage']} {run['progress']}\n{self.logs()[-2000:]}")

    def events(self, path, token="", last=None, seconds=60):
        """All events of a stream until it closes, as (id, type, data)."""
        fields = {} if last is None else {"Last-Event-ID": str(last)}
        if token is not None:
            fields["Authorization"] = "Bearer " + (token or self.token)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        if answer.status != 200:
            return answer.status, []
        found, event = [], {}
        for raw in answer:
            line = raw.decode().rstrip("\n")
            if not line and event:
                found.append((int(event["id"]), event["event"], json.loads(event["data"])))
                event = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(":")
                event[name] = (event.get(name, "") + "\n" + value).strip()
        connection.close()
        return 200, found


def raw_exchange(port, data, seconds=10):
    """Sends bytes and reads until the other side closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        out = b""
        try:
            while chunk := connection.recv(65536):
                out += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return out


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
