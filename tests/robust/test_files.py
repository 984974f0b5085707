"""Strange files: each is named or read, and the others are checked all the same."""

from __future__ import annotations

import json
import os

import pytest

from .conftest import FINDING, Project
from .limits import obey_permissions, skip_unless_root_obeys

FOUND = ("found.py", "FG002")

UNREADABLE = {
    "a NUL byte": b"x = 1\nname = '\0'\n",
    "Latin-1 without a coding line": "name = 'é'\n".encode("latin-1"),
    "UTF-16": "x = 1\n".encode("utf-16"),
    "an unknown coding": b"# coding: klingon\nx = 1\n",
    "BOM and another coding": b"\xef\xbb\xbf# coding: latin-1\nx = 1\n",
    "binary": bytes(range(256)) * 20,
    "an open bracket": b"x = (1,\n",
    "Python 2": b"print 'hello'\nexec code in scope\n",
    "only an indent": b"    \n  x = 1\n",
    "a lone continuation": b"x = \\",
    "a merge conflict": b"<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n",
    "no closing quotes": b'"""' + b"x\n" * 1000,
}

READABLE = {
    "nothing": b"",
    "a newline": b"\n",
    "a BOM": b"\xef\xbb\xbf",
    "BOM and code": b"\xef\xbb\xbfx = 1\n",
    "Latin-1 with a coding line": "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"),
    "CRLF": b"def f():\r\n    return 1\r\n",
    "CR": b"x = 1\ry = 2\r",
    "a form feed": b"x = 1\n\x0c\ny = 2\n",
    "no last newline": b"x = 1",
    "invalid escapes": rb"x = '\d \s'" + b"\nassert (x, 'always')\nif x is 'a': pass\n",
    "only a comment": b"# nothing here",
    "5 MB": b"".join(b"value_%d = call(%d, 'text %d', key=[1, 2, 3])\n" % (n, n, n) for n in range(100_000)),
    "a long line": b"x = [" + b"1, " * 300_000 + b"]\n",
    "a long string": b"x = '" + b"a" * 3_000_000 + b"'\n",
}

DEEP = {
    "brackets": "x = " + "(" * 5000 + ")" * 5000,
    "lists": "x = " + "[" * 150 + "]" * 150,
    "calls": "x = " + "f(" * 90 + ")" * 90,
    "additions": "x = " + "1 + " * 20_000 + "1",
    "strings": "x = " + "'a' + " * 3000 + "'a'",
    "attributes": "x = a" + ".b" * 10_000,
    "chained calls": "x = a" + ".b()" * 5000,
    "minus": "x = " + "-" * 3000 + "1",
    "not": "x = " + "not " * 3000 + "1",
    "lambdas": "x = " + "lambda: " * 3000 + "1",
    "conditions": "x = " + "1 if 2 else " * 3000 + "1",
    "elif": "if a: pass\n" + "elif b: pass\n" * 5000,
    "blocks": "".join("    " * n + "if x:\n" for n in range(95)) + "    " * 95 + "pass\n",
    "functions": "".join(" " * n + f"def f{n}():\n" for n in range(95)) + " " * 95 + "pass\n",
    "classes": "".join(" " * n + f"class C{n}:\n" for n in range(95)) + " " * 95 + "pass\n",
    "decorators": "@a\n" * 5000 + "def f(): pass\n",
    "types": "def f(x: " + "list[" * 150 + "int" + "]" * 150 + "): pass\n",
    "routes": "from fastapi import FastAPI\napp = FastAPI()\n" + "app = app" + ".get('/')(f)" * 3000 + "\n",
    "aliases": "".join(f"a{n + 1} = a{n}\n" for n in range(3000))
    + "a0 = 1\nfrom fastapi import FastAPI\napp = FastAPI(root_path=a3000)\n",
    "bases": "class C0: pass\n" + "".join(f"class C{n + 1}(C{n}): pass\n" for n in range(300)),
    "call chain": "import time\nasync def g(): f0()\n"
    + "".join(f"def f{n}(): f{n + 1}()\n" for n in range(3000))
    + "def f3000(): time.sleep(1)\n",
    "dependencies": "from fastapi import Depends, FastAPI\napp = FastAPI()\ndef d0(): pass\n"
    + "".join(f"def d{n + 1}(x=Depends(d{n})): pass\n" for n in range(1500))
    + "@app.get('/')\ndef read(x=Depends(d1500)): pass\n",
    "circles": "from fastapi import APIRouter, Depends, FastAPI\na = b\nb = a\nclass C(D): pass\nclass D(C): pass\n"
    "r = APIRouter(prefix=a)\ns = APIRouter(prefix=f'{a}{b}')\nr.include_router(s)\ns.include_router(r)\n"
    "app = FastAPI(root_path=b)\n"
    "app.include_router(r, prefix=a)\napp.mount('/', app)\n"
    "def f(x=Depends(g)): return g()\ndef g(x=Depends(f)): return f()\n"
    "@r.get(b, response_model=C, dependencies=[Depends(g)])\nasync def e(x: D = Depends()): return f()\n",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_parsed_is_one_finding(project: Project, content: bytes) -> None:
    project.write("strange.py", content)
    outcome = project.check()
    assert outcome.findings == [FOUND, ("strange.py", "FG001")]
    assert outcome.code == 1
    assert outcome.report["coverage"]["unparsed_files"] == 1


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_what_is_valid_is_no_finding_and_no_noise(project: Project, content: bytes) -> None:
    project.write("strange.py", content)
    outcome = project.check()
    assert outcome.findings == [FOUND]
    assert outcome.code == 1
    assert outcome.err == ""


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_read_or_named(project: Project, text: str) -> None:
    project.write("deep.py", text)
    outcome = project.check("--preset", "all")
    assert FOUND in outcome.findings
    assert "FG003" not in outcome.out
    assert outcome.code == 1


def test_a_folder_and_a_pipe_that_look_like_modules(project: Project) -> None:
    (project.root / "folder.py").mkdir()
    project.write("folder.py/inner.py", FINDING)
    os.mkfifo(project.root / "pipe.py")
    outcome = project.check()
    assert outcome.findings == [("folder.py/inner.py", "FG002"), FOUND]
    assert outcome.code == 1


def test_links_that_are_broken_or_lead_in_circles(project: Project) -> None:
    for link, target in {
        "broken.py": "nowhere.py",
        "self.py": "self.py",
        "one.py": "two.py",
        "two.py": "one.py",
        "here": ".",
        "root": "/nowhere/at/all",
        "up": "..",
        "sub/above": "..",
    }.items():
        (project.root / link).parent.mkdir(exist_ok=True)
        (project.root / link).symlink_to(target)
    outcome = project.check()
    assert outcome.findings == [FOUND]
    assert outcome.code == 1


def test_a_file_that_may_not_be_read_is_named(project: Project) -> None:
    skip_unless_root_obeys()
    project.write("secret.py", "x = 1\n").chmod(0)
    outcome = project.check(before=obey_permissions)
    assert outcome.code == 2
    assert "secret.py" in outcome.err
    assert "ermission denied" in outcome.err
    assert FOUND in outcome.findings


def test_a_folder_that_may_not_be_listed_is_named(project: Project) -> None:
    skip_unless_root_obeys()
    project.write("closed/inner.py", FINDING)
    (project.root / "closed").chmod(0)
    try:
        outcome = project.check(before=obey_permissions)
    finally:
        (project.root / "closed").chmod(0o755)
    assert outcome.code == 2
    assert "closed" in outcome.err
    assert FOUND in outcome.findings


def test_a_path_that_is_not_there(project: Project) -> None:
    outcome = project.check("nowhere")
    assert outcome.code == 2
    assert "nowhere" in outcome.err


@pytest.mark.parametrize("name", [b"caf\xe9.py", "naïve ünï.py".encode(), b"new\nline.py", b"-option.py", b"a b'\".py"])
def test_strange_file_names(project: Project, name: bytes) -> None:
    try:
        with open(os.path.join(os.fsencode(project.root), name), "w") as file:
            file.write(FINDING)
    except OSError:
        pytest.skip("the file system does not take this name")
    outcome = project.check()
    assert sorted(code for _, code in outcome.findings) == ["FG002", "FG002"]
    for form in ("full", "concise", "sarif", "github", "gitlab", "junit"):
        shown = project.run("check", "--output-format", form)
        assert (shown.code, "Traceback" in shown.err) == (1, False), shown.err
    assert json.loads(project.run("check", "--output-format", "sarif").out)["version"] == "2.1.0"


def test_a_project_without_any_python(project: Project) -> None:
    (project.root / "found.py").unlink()
    outcome = project.check()
    assert outcome.findings == []
    assert outcome.code == 0
