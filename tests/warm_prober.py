"""Packages are proved by forks of one process that has imported what is needed and knows nothing else.

    python tests/warm_prober.py serve SOCKET
    python tests/warm_prober.py ask SOCKET FOLDER

`serve` waits for folders; `ask` says what `tunesmith.lifecycle.probe` would say of one, and ends with its
code. Importing takes seconds, and a flow that is about something else need not wait for it again. POSIX only.
"""

import os
import socket
import sys
from pathlib import Path
from time import sleep

ANSWER = 1 << 16
MOST_LOOKS = 4000


def serve(address: str) -> None:
    """Prove every folder that is asked for, each in a fork."""
    from tunesmith.lifecycle.probe import main

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{address}.begun")
        server.listen()
        os.rename(f"{address}.begun", address)  # now it answers
        while True:
            asked, _ = server.accept()
            if os.fork():
                asked.close()
                os.wait()
                continue
            os.dup2(asked.fileno(), 1)
            code = 1
            try:
                code = main(asked.recv(ANSWER).decode())
            finally:
                sys.stdout.write(f"{code}\n")
                sys.stdout.flush()
                os._exit(code)


def ask(address: str, folder: str) -> int:
    """Print what is said of a folder and give the exit code; wait until somebody is there to say it."""
    for _ in range(MOST_LOOKS):
        if Path(address).exists():
            break
        sleep(0.05)
    with socket.socket(socket.AF_UNIX) as plug:
        plug.connect(address)
        plug.sendall(os.fsencode(os.path.abspath(folder)))
        said = b"".join(iter(lambda: plug.recv(ANSWER), b"")).decode()
    answer, _, code = said.rstrip("\n").rpartition("\n")
    sys.stdout.write(answer + "\n")
    return int(code)


if __name__ == "__main__":
    sys.exit(serve(sys.argv[2]) if sys.argv[1] == "serve" else ask(*sys.argv[2:]))
