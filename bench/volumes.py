"""Removed volume of exact solids by proveout at its automatic cell and by camsim at its "high" cell: a part of bench/run.

camsim's removed volume is its own uncut mesh of the same stock and cell less its cut mesh, both without duplicate triangles; the last
column subtracts the cut mesh from the nominal stock instead, as scripts often do. The 36 solids of the engine's own test are in
engine/src/stock/analytic_test.cpp.
"""
import json
import math
import os
import struct
import subprocess

STOCK = [0, 0, 0, 40, 30, 12]
X, Y = 10.0137, 15.0371   # off every grid


def line(*points):
    return "".join(f"G1 X{x:.4f} Y{y:.4f} Z{z:.4f}\n" for x, y, z in points)


def plunge(z):
    return f"G0 X{X} Y{Y}\nG1 Z{z}\n"


def through(z):
    return f"G0 X-20 Y{Y}\nG0 Z{z}\n" + line((60, Y, z))


# name, proveout tool, camsim tool (shape, diameter, length), program after the start, exact removed mm3
SOLIDS = [
    ("slot through", "flat,d=6.35", ("cylindrical", 6.35, 30), through(7), 40 * 6.35 * 5),
    ("blind slot", "flat,d=6.35", ("cylindrical", 6.35, 30), plunge(7) + line((X + 19.3, Y, 7)),
     5 * (6.35 * 19.3 + math.pi * 3.175 ** 2)),
    ("slot at 30 degrees", "flat,d=4", ("cylindrical", 4, 30),
     f"G0 X{X} Y9\nG1 Z8\n" + line((X + 17 * math.cos(math.pi / 6), 9 + 17 * math.sin(math.pi / 6), 8)),
     4 * (4 * 17 + math.pi * 4)),
    ("hole 3 mm", "flat,d=3", ("cylindrical", 3, 30), plunge(-1), 12 * math.pi * 2.25),
    ("hole 6.35 mm", "flat,d=6.35", ("cylindrical", 6.35, 30), plunge(-1), 12 * math.pi * 3.175 ** 2),
    ("ball groove", "ball,d=6", ("ballnose", 6, 30), through(9), 40 * math.pi * 4.5),
    ("vee groove 90", "vbit,d=10,angle=90", ("conical", 10, 5), through(8), 640),
    ("ring", "flat,d=5", ("cylindrical", 5, 30), "G0 X25.5 Y15.0371\nG1 Z10\nG2 X25.5 Y15.0371 I-7 J0\n",
     2 * math.pi * (9.5 ** 2 - 4.5 ** 2)),
]


def stl_volume(path):
    with open(path, "rb") as file:
        data = file.read()
    count = struct.unpack_from("<I", data, 80)[0]
    facets = {data[84 + 50 * i + 12:84 + 50 * i + 48] for i in range(count)}
    total = 0.0
    for facet in facets:
        ax, ay, az, bx, by, bz, cx, cy, cz = struct.unpack("<9f", facet)
        total += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    return total / 6


def camsim_volume(camsim, tool, program, cell, folder):
    shape, diameter, length = tool
    project = {"units": "metric", "resolution-mode": "high", "files": [program],
               "tools": {"1": {"units": "metric", "shape": shape, "diameter": diameter, "length": length}},
               "workpiece": {"automatic": False, "margin": 0, "bounds": {"min": STOCK[:3], "max": STOCK[3:]}}}
    path, mesh = os.path.join(folder, "solid.camotics"), os.path.join(folder, "solid.stl")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(project, file)
    subprocess.run([camsim, "--log-color=false", "--resolution", f"{cell:.6f}", path, mesh], check=True, capture_output=True)
    return stl_volume(mesh)


def table(proveout, folder):
    camsim = os.environ.get("CAMOTICS_BIN")
    nominal, cell = 40 * 30 * 12, (40 * 30 * 12 / 5e6) ** (1 / 3)
    idle = os.path.join(folder, "idle.nc")
    with open(idle, "w", encoding="ascii") as file:
        file.write("G21 G90\nG0 X100 Y100 Z100\nT1 M6\nG1 X101 F500\nM2\n")
    uncut = camsim_volume(camsim, SOLIDS[0][2], idle, cell, folder) if camsim else None
    print("\n## Removed volume of exact solids, 40 x 30 x 12 mm stock\n")
    print(f"| solid | exact mm3 | proveout error % | its own band % | camsim error % (cell {cell:.3f}) | against the nominal stock % |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, tool, peer_tool, body, exact in SOLIDS:
        program, out = os.path.join(folder, "solid.nc"), os.path.join(folder, "solid")
        with open(program, "w", encoding="ascii") as file:
            file.write("G21 G90 G17\nG0 X100 Y100 Z50\nT1 M6\nS1000 M3\nF500\n" + body.replace("G0 Z", "G1 Z") + "G1 Z50\nM2\n")
        subprocess.run([proveout, "simulate", program, "--tool", f"1:{tool},flute=30", "--stock", "40x30x12@0,0,0", "--artefacts", "report",
                        "--fail-on", "never", "--out", out], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        error = 100 * (report["removed_volume_mm3"] - exact) / exact
        band = 100 * report["removed_volume_error_mm3"] / exact
        peer = naive = "-"
        if camsim:
            left = camsim_volume(camsim, peer_tool, program, cell, folder)
            peer, naive = f"{100 * (uncut - left - exact) / exact:+.3f}", f"{100 * (nominal - left - exact) / exact:+.3f}"
        print(f"| {name} | {exact:.2f} | {error:+.4f} | {band:.3f} | {peer} | {naive} |", flush=True)
