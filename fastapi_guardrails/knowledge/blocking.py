"""Calls of libraries that block on something other than a database, and calls that start an event loop.

Users extend the first list by `blocking-calls` in the config.
"""

from __future__ import annotations

from collections.abc import Collection

from fastapi_guardrails.knowledge.classes import BASES, ancestors

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})

#: Functions and constructors that block.
FUNCTIONS = frozenset(
    {
        "time.sleep", "urllib.request.urlopen", "urllib.request.urlretrieve", "subprocess.run", "subprocess.call",
        "subprocess.check_call", "subprocess.check_output", "subprocess.getoutput", "subprocess.getstatusoutput",
        "os.system", "os.popen", "socket.create_connection", "socket.getaddrinfo", "socket.gethostbyname",
        "builtins.open", "io.open", "builtins.input", "shutil.copy", "shutil.copy2", "shutil.copyfile",
        "shutil.copyfileobj", "shutil.copytree", "shutil.move", "httpx.stream", "requests.session.get",
        *(f"requests.{verb}" for verb in _VERBS),
        *(f"httpx.{verb}" for verb in _VERBS),
    }
)  # fmt: skip

#: Of all these the ones that read and write files of this machine.
FILES = frozenset(
    {
        "builtins.open", "io.open", *(name for name in FUNCTIONS if name.startswith("shutil.")),
        *(f"pathlib.Path.{name}" for name in ("open", "read_text", "read_bytes", "write_text", "write_bytes")),
    }
)  # fmt: skip

#: Constructors that connect when they are given a host.
CONNECTING = frozenset({"smtplib.SMTP", "smtplib.SMTP_SSL", "ftplib.FTP", "ftplib.FTP_TLS"})

#: Class → its methods that block.
METHODS: dict[str, frozenset[str]] = {
    "requests.Session": _VERBS | {"send"},
    "httpx.Client": _VERBS | {"send", "stream"},
    "subprocess.Popen": frozenset({"wait", "communicate"}),
    "http.client.HTTPConnection": frozenset({"connect", "request", "getresponse"}),
    "urllib3.PoolManager": frozenset({"request", "urlopen"}),
    "socket.socket": frozenset({"connect", "connect_ex", "recv", "recvfrom", "sendall", "accept"}),
    "smtplib.SMTP": frozenset({"connect", "login", "sendmail", "send_message", "starttls", "quit"}),
    "smtplib.SMTP_SSL": frozenset({"connect", "login", "sendmail", "send_message", "starttls", "quit"}),
    "ftplib.FTP": frozenset({"connect", "login", "retrbinary", "storbinary", "cwd", "nlst", "quit"}),
    "ftplib.FTP_TLS": frozenset({"connect", "login", "retrbinary", "storbinary", "cwd", "nlst", "quit"}),
    "pathlib.Path": frozenset({"open", "read_text", "read_bytes", "write_text", "write_bytes"}),
}

#: Methods of boto3 clients that stay on this machine.
_BOTO_LOCAL = frozenset(
    {
        "generate_presigned_url", "generate_presigned_post", "get_paginator", "get_waiter", "can_paginate", "Table",
        "Bucket", "Object", "Queue",
    }
)  # fmt: skip

#: Functions and methods that run an event loop until something is done.
LOOPS = frozenset(
    {
        "asyncio.run",
        "anyio.run",
        "asyncio.AbstractEventLoop.run_until_complete",
        "asyncio.AbstractEventLoop.run_forever",
        "asyncio.Runner.run",
        "uvloop.run",
    }
)

#: Functions whose result, called, runs an event loop.
LOOP_WRAPPERS = frozenset({"asgiref.sync.async_to_sync", "asgiref.sync.AsyncToSync"})


def blocking_calls(imported: Collection[str], extra: Collection[str]) -> frozenset[str]:
    """Last names of the calls that may block in a project that imports some names (`requests`, `time.sleep`).

    Those of a boto3 client are not among them: any may block (`has_boto`).

    Args:
        imported: full names.
        extra: qualified names that the config adds.
    """
    packages = {"builtins", *(name.partition(".")[0] for name in imported)}
    known = {n for n in (*FUNCTIONS, *CONNECTING) if n.partition(".")[0] in packages} | set(extra)
    methods = (names for cls, names in METHODS.items() if not packages.isdisjoint(_packages(cls)))
    return frozenset(name.rpartition(".")[2] for name in known).union(*methods)


def has_boto(imported: Collection[str]) -> bool:
    """Whether a boto3 client can come from what is imported."""
    return any(name.startswith(("boto3", "botocore", "mypy_boto3", "types_boto3")) for name in imported)


def _packages(cls: str) -> list[str]:
    """The packages of a class and of those that are derived from it."""
    return [name.partition(".")[0] for name in (cls, *(n for n in BASES if cls in ancestors(n)[0]))]


def blocks(name: str, extra: frozenset[str]) -> bool:
    """Whether a call by qualified name blocks; `extra` is what the config adds."""
    if name in FUNCTIONS or name in extra:
        return True
    owner, _, method = name.rpartition(".")
    if owner in ("boto3.Client", "boto3.Resource") or _is_typed_client(owner):
        return method not in _BOTO_LOCAL and not method.startswith("_")
    return any(method in METHODS.get(cls, ()) for cls in ancestors(owner)[0])


def _is_typed_client(owner: str) -> bool:
    """Whether a class is the type of a boto3 client or resource in the packages of types for boto3."""
    if not owner.startswith(("mypy_boto3_", "types_boto3_")):
        return False
    return owner.endswith("Client") or ".service_resource." in owner
