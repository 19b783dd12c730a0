#!/usr/bin/env python3
"""Figures of the service: bench/service.py [PROVEOUT]. Starts a service of its own on loopback and prints one table.

Requests are sent at a constant rate whatever the answers take (an open model), over kept connections, from this process on the same
machine, so that the figures hold the cost of the client too.
"""
import asyncio
import json
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "service"))
from service import Service, job  # noqa: E402

CONNECTIONS = 32


class Client:
    """A kept connection that carries one request at a time."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def request(self, head, body=b""):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(head + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        status = int(answer.split(b" ", 2)[1])
        lower = answer.lower()
        length = int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]) if b"content-length:" in lower else 0
        await self.reader.readexactly(length)
        if b"connection: close" in lower:
            self.writer.close()
            self.writer = None
        return status


async def constant_rate(port, make, rate, seconds):
    """Latencies in ms, from the moment a request was due, and the count of each status."""
    free = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(Client(port))
    latencies, statuses = [], {}

    async def one(due, index):
        client = await free.get()
        status = await client.request(*make(index))
        free.put_nowait(client)
        latencies.append((time.perf_counter() - due) * 1000)
        statuses[status] = statuses.get(status, 0) + 1
    start, tasks = time.perf_counter(), []
    for index in range(int(rate * seconds)):
        due = start + index / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due, index)))
    await asyncio.gather(*tasks)
    return sorted(latencies), statuses, time.perf_counter() - start


async def as_fast_as_possible(port, make, count):
    clients = [Client(port) for _ in range(CONNECTIONS)]
    left = iter(range(count))
    start = time.perf_counter()

    async def work(client):
        for index in left:
            assert await client.request(*make(index)) < 300
    await asyncio.gather(*(work(client) for client in clients))
    return count / (time.perf_counter() - start)


def show(name, latencies, statuses, seconds):
    at = lambda share: latencies[min(len(latencies) - 1, int(len(latencies) * share))]  # noqa: E731
    rate = len(latencies) / seconds
    print(f"{name:<44} {rate:7.0f}/s  p50 {at(.5):6.2f}  p99 {at(.99):6.2f}  p99.9 {at(.999):7.2f} ms  {statuses}", flush=True)


def main():
    proveout = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build/release/proveout"))
    settings = {"SIM_CONCURRENCY": "0", "RATE_LIMIT_TENANT": "0", "RATE_LIMIT_SUBMIT": "0", "RATE_LIMIT_PEER": "0", "QUEUE_MAX": "1000000",
                "LOG_LEVEL": "warning"}
    with Service(proveout, env=settings) as s:
        sim_id = s.submit(job())
        head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {s.token}\r\n"
        get = f"GET /simulations/{sim_id} HTTP/1.1\r\n{head}\r\n".encode()
        document = job()
        document["inline_gcode"] += "(" + "x" * 100 + ")\n" * 1
        body = json.dumps(document).encode()
        padding = 10_000 - len(body)
        document["inline_gcode"] += "\n".join("(" + "c" * 60 + ")" for _ in range(padding // 63))
        body = json.dumps(document).encode()
        post = (f"POST /simulations/run HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        asyncio.run(as_fast_as_possible(s.port, lambda _: (get,), 500))
        show("GET a run at 500/s", *asyncio.run(constant_rate(s.port, lambda _: (get,), 500, 20)))
        show(f"POST a run ({len(body)} bytes, durable) at 100/s", *asyncio.run(constant_rate(s.port, lambda _: (post, body), 100, 20)))
        print(f"{'POST a run, as fast as it goes':<44} {asyncio.run(as_fast_as_possible(s.port, lambda _: (post, body), 3000)):7.0f}/s")
        print(f"{'GET a run, as fast as it goes':<44} {asyncio.run(as_fast_as_possible(s.port, lambda _: (get,), 10000)):7.0f}/s")


if __name__ == "__main__":
    main()
