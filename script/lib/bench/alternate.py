"""alternate.py FOLDER ROUND SECONDS COMMAND... -- COMMAND...

Runs both commands at once, the first natively, the second in a VM, and lets them take turns: each waits for a line
before it measures, and says "NAME VALUE" when it has. Who begins changes from turn to turn. The values go to the
files NAME.native and NAME.vm in FOLDER, when both have come to their end: line n of one was measured beside line n
of the other.
"""
import subprocess
import sys
import threading


def main():
    folder, number, limit = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    words = sys.argv[4:]
    middle = words.index("--")
    commands = {"native": words[:middle], "vm": words[middle + 1:]}
    probes = {where: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
              for where, command in commands.items()}
    timer = threading.Timer(limit, lambda: [probe.kill() for probe in probes.values()])
    timer.start()
    said = {where: [] for where in probes}
    turn = number
    while True:
        order = ["native", "vm"] if turn % 2 == 0 else ["vm", "native"]
        turn += 1
        lines = {}
        for where in order:
            try:
                probes[where].stdin.write("\n")
                probes[where].stdin.flush()
            except BrokenPipeError:
                pass
            lines[where] = probes[where].stdout.readline().split()
        if not any(lines.values()):
            break
        if not all(lines.values()) or lines["native"][0] != lines["vm"][0]:
            for probe in probes.values():
                probe.kill()
            sys.exit(f"the two probes are not at the same: {lines}")
        for where, line in lines.items():
            said[where].append(line)
    for where, probe in probes.items():
        if probe.wait() != 0:
            sys.exit(f"{where}: the probe ended with {probe.returncode}")
    timer.cancel()
    for where, lines in said.items():
        for name, value in lines:
            with open(f"{folder}/{name}.{where}", "a", encoding="ascii") as file:
                file.write(value + "\n")


main()
