"""Starts http_probe and looks into it from outside."""
import os
import resource
import signal
import socket
import subprocess
import threading
import time


class Probe:
    def __init__(self, folder, *options, program="http_probe", files=None):
        command = [os.path.join(folder, program), *options]
        if files:
            command = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline())
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        self.status = self.child.wait(60)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_mib(self):
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def processor_s(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def ask(self, target, method="GET"):
        """Status and body of one exchange."""
        with self.connect() as link:
            link.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while piece := link.recv(65536):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()

    def answers(self, target):
        try:
            return self.ask(target)[0] == 200
        except (OSError, IndexError):
            return False

    def counts(self):
        """connections, streams, accepted, refused; without this very connection."""
        numbers = [int(word) for word in self.ask("/counts")[1].split()]
        return [numbers[0] - 1, *numbers[1:]]


class Prober(threading.Thread):
    """Asks /hello on new connections, ten times a second, and keeps the seconds it took; None for a failure."""

    def __init__(self, probe):
        super().__init__(daemon=True)
        self.probe, self.seconds, self.stopping = probe, [], False
        self.start()

    def run(self):
        while not self.stopping:
            start = time.monotonic()
            ok = self.probe.answers("/hello")
            self.seconds.append(time.monotonic() - start if ok else None)
            time.sleep(0.1)

    def stop(self):
        self.stopping = True
        self.join()
        good = sorted(s for s in self.seconds if s is not None)
        return len(self.seconds) - len(good), len(good), (good[int(0.99 * (len(good) - 1))] if good else float("inf"))


def open_many_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
