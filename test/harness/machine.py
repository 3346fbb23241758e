"""Ports, users, and processes that end when we do."""

import atexit
import ctypes
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

_cleanups = []


def at_exit(action):
    """Runs `action` when the program ends, last one first; on Ctrl-C and SIGTERM too. Returns it, for calling it earlier."""
    if not _cleanups:
        atexit.register(_clean_up)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda received, frame: os._exit(128 + received) if _clean_up() else None)
    _cleanups.append(action)
    return action


def _clean_up():
    while _cleanups:
        try:
            _cleanups.pop()()
        except Exception as trouble:  # the others still have to be cleaned up
            print(f"while cleaning up: {trouble}")
    return True


def folder(owner=None, prefix="narrowgate-"):
    """A new folder that is gone at the end."""
    made = tempfile.mkdtemp(prefix=prefix)
    if owner:
        shutil.chown(made, owner)
    at_exit(lambda: shutil.rmtree(made, ignore_errors=True))
    return made


def free_port():
    """A port on loopback that nobody listens on. Below 32768, where Linux takes its own from: nobody gets it in between."""
    for _ in range(200):
        port = random.randrange(20000, 32768)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port between 20000 and 32768 on 127.0.0.1")


def unprivileged_user():
    """Who a server runs as that refuses root: postgres or nobody. None for an ordinary user: as oneself."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
            return name
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def as_user(user):
    """The arguments of subprocess that make a child that user's."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def start(command, *, user=None, log=None, **more):
    """A child in a session of its own that cannot outlive us."""
    output = open(log, "ab") if log else subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                                preexec_fn=_die_with_parent, **as_user(user), **more)
    finally:
        if log:
            output.close()


def stop(child, number=signal.SIGTERM, patience=15):
    """Ends a child, by `number` first and by SIGKILL when it does not listen. Returns its exit status."""
    if child.poll() is None:
        child.send_signal(number)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return child.returncode


def until(condition, patience=15, every=0.05):
    """What `condition` returns once that is true. None when it stays false for `patience` seconds."""
    end = time.monotonic() + patience
    while True:
        result = condition()
        if result or time.monotonic() > end:
            return result or None
        time.sleep(every)
