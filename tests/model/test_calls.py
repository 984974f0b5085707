"""Calls: who calls whom, what runs on the event loop and what in a thread, what is raised and what catches it."""

from __future__ import annotations

import pytest

from fastapi_guardrails.model.calls import Analysis
from fastapi_guardrails.model.contexts import Hit
from fastapi_guardrails.model.given import Given
from fastapi_guardrails.model.values import FunctionValue, Value

from .asked import hits, understand


def way(hit: Hit) -> list[str]:
    """Where a chain leads: `file:line` of each step."""
    return [f"{step.at.path.rpartition('/')[2]}:{step.at.line}" for step in hit.steps]


# --- who calls whom ------------------------------------------------------------------------------------------------

CALLED = """
# app/services.py
class Base:
    def inherited(self): ...
class Service(Base):
    def __init__(self, name): ...
    def __call__(self): ...
    @classmethod
    def build(cls): ...
    @staticmethod
    def plain(): ...
    @property
    def lazy(self): ...
    def own(self): ...
def function(): ...
service = Service("x")
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("function()", "function"),
        ("services.function()", "function"),
        ("renamed()", "function"),
        ("service.own()", "Service.own"),
        ("services.service.own()", "Service.own"),
        ("service.inherited()", "Base.inherited"),
        ("Service('x')", "Service.__init__"),
        ("Service.build()", "Service.build"),
        ("Service.plain()", "Service.plain"),
        ("service()", "Service.__call__"),
        ("service.lazy", "Service.lazy"),
        ("parameter.own()", "Service.own"),
        ("partial(function)()", "function"),
        ("TABLE['f']()", "function"),
        ("(function if parameter else function)()", "function"),
        ("getattr(service, 'own')()", "Service.own"),
    ],
)
def test_a_call_runs_a_function_of_the_project(call: str, expected: str) -> None:
    asked = understand(
        CALLED
        + f"""
# app/main.py
from functools import partial
from app import services
from app.services import Service, function, service
from app.services import function as renamed
TABLE = {{"f": function}}
def caller(parameter: Service):
    {call}
"""
    )
    assert expected in asked.calls("caller")


def test_a_method_of_the_subclass_is_called_on_self() -> None:
    asked = understand("""
        # app/main.py
        class Base:
            def run(self):
                self.step()
            def step(self): ...
        class Special(Base):
            def step(self): ...
        def caller():
            Special().run()
        """)
    assert "Base.run" in asked.calls("caller")
    assert asked.calls("Base.run") == ["Base.step"]


def test_library_calls_have_their_qualified_names() -> None:
    asked = understand("""
        # app/main.py
        import requests, time as t
        from requests import get as fetch
        from sqlalchemy.orm import Session
        def caller(db: Session):
            t.sleep(1)
            fetch("x")
            requests.Session().post("x")
            db.execute("x")
        """)
    assert asked.calls("caller") == [
        "time.sleep",
        "requests.get",
        "requests.Session",
        "requests.Session.post",
        "sqlalchemy.orm.Session.execute",
    ]


def test_calls_come_in_the_order_of_the_source() -> None:
    asked = understand("""
        # app/main.py
        def a(): ...
        def b(): ...
        def c(): ...
        def caller():
            if a():
                b()
            else:
                c()
            return [b() for _ in a()]
        """)
    assert asked.calls("caller") == ["a", "b", "c", "a", "b"]


def test_a_call_knows_its_loops_and_handlers() -> None:
    asked = understand("""
        # app/main.py
        def one(): ...
        def caller():
            one()
            for x in range(3):
                while x:
                    one()
            try:
                one()
            except KeyError:
                one()
        """)
    sites = [s for s in asked.function("caller").analysis.calls if s.targets]
    assert [len(s.loops) for s in sites] == [0, 2, 0, 0]
    assert [len(s.catching) for s in sites] == [0, 0, 1, 0]
    assert [len(s.handlers) for s in sites] == [0, 0, 0, 1]


def test_a_request_reaches_what_endpoints_and_dependencies_call() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import BackgroundTasks, Depends, FastAPI
        app = FastAPI()
        def deep(): ...
        def service():
            deep()
        def provider():
            opened()
        def opened(): ...
        def later(): ...
        def unused(): ...
        @app.get("/")
        def read(tasks: BackgroundTasks, x=Depends(provider)):
            service()
            tasks.add_task(later)
        """)
    reached = {f.name for f in asked.project.functions if f.is_reached}
    assert reached == {"read", "service", "deep", "provider", "opened", "later"}


CHAIN = """
# app/main.py
from fastapi import FastAPI
app = FastAPI()
def near(): ...
def renamed(): ...
other = renamed
def f6(): ...
def f5(): f6()
def f4(): f5()
def f3(): f4()
def f2(): f3()
def f1(): f2()
def first(): second()
def second(): first()
@app.get("/")
def read():
    near()
    f1()
    other()
@app.get("/items")
def unasked(): ...
"""


@pytest.mark.parametrize(
    ("name", "answer"),
    [("near", True), ("f3", True), ("f6", True), ("renamed", True), ("first", False), ("second", False)],
)
def test_a_function_is_reached_however_far_and_under_any_name(name: str, answer: bool) -> None:
    asked = understand(CHAIN)
    assert asked.function(name).is_reached is answer


def test_whether_a_near_function_is_reached_is_said_without_a_look_at_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = understand(CHAIN)
    looked_at: list[str] = []
    evaluator = asked.project.evaluator
    analyse = evaluator.analysis

    def noted(function: FunctionValue, receiver: Value | None = None, given: Given = ()) -> Analysis:
        looked_at.append(function.node.name)
        return analyse(function, receiver, given)

    monkeypatch.setattr(evaluator, "analysis", noted)
    assert asked.function("near").is_reached
    assert looked_at[0] == "read"
    assert not {"unasked", "first", "second"} & set(looked_at)


def test_functions_know_what_they_are_used_for() -> None:
    asked = understand("""
        # app/main.py
        from contextlib import asynccontextmanager
        from fastapi import Depends, FastAPI
        @asynccontextmanager
        async def lifespan(app):
            yield
        app = FastAPI(lifespan=lifespan)
        def provider(): ...
        @app.get("/")
        def read(x=Depends(provider)): ...
        """)
    project = asked.project
    assert [f.name for f in project.functions if f.is_lifespan] == ["lifespan"]
    assert [f.name for f in project.functions if f.is_dependency] == ["provider"]
    assert [f.name for f in project.functions if f.is_endpoint] == ["read"]


# --- event loop or thread ------------------------------------------------------------------------------------------

BLOCKING = """
# app/deep.py
import time
def deep():
    time.sleep(1)
# app/service.py
from app.deep import deep
class Service:
    def work(self):
        deep()
def work():
    deep()
async def later():
    deep()
def generate():
    deep()
    yield 1
"""


def test_a_trace_leads_down_to_the_call_that_matters() -> None:
    asked = understand(
        BLOCKING
        + """
# app/main.py
from app.service import work
async def read():
    work()
"""
    )
    (hit,) = hits(asked, "read")
    assert (hit.what, hit.site.node.pos >> 16) == ("sleep", 4)
    assert way(hit) == ["service.py:7", "deep.py:4"]


def test_a_call_that_matters_itself_has_no_trace() -> None:
    (hit,) = hits(understand("import time\nasync def read():\n    time.sleep(1)\n"), "read")
    assert hit.steps == ()


@pytest.mark.parametrize(
    ("call", "blocks"),
    [
        ("work()", True),
        ("Service().work()", True),
        ("service.work()", True),
        ("[work() for _ in range(2)]", True),
        ("x = await other(work())", True),
        ("for _ in generate(): pass", True),
        ("generate()", False),
        ("await later()", False),
        ("await run_in_threadpool(work)", False),
        ("await asyncio.to_thread(work)", False),
        ("await asyncio.to_thread(service.work)", False),
        ("await anyio.to_thread.run_sync(work)", False),
        ("await asyncio.get_running_loop().run_in_executor(None, work)", False),
        ("await session.run_sync(work)", False),
        ("tasks.add_task(work)", False),
        ("lambda: work()", False),
        ("x = work", False),
        ("partial(work)", False),
        ("StreamingResponse(generate())", False),
    ],
)
def test_what_runs_on_the_event_loop_and_what_in_a_thread(call: str, blocks: bool) -> None:
    asked = understand(
        BLOCKING
        + f"""
# app/main.py
import asyncio
from functools import partial
import anyio
from fastapi import BackgroundTasks
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession
from app.nowhere import other
from app.service import Service, generate, later, work
async def read(service: Service, session: AsyncSession, tasks: BackgroundTasks):
    {call}
"""
    )
    assert bool(hits(asked, "read")) is blocks


def test_functions_that_call_each_other_end() -> None:
    asked = understand("""
        # app/main.py
        import time
        def a(n):
            b(n)
        def b(n):
            a(n)
            time.sleep(1)
        async def read():
            a(1)
        """)
    assert len(hits(asked, "read")) == 1


def test_each_call_that_leads_there_is_a_hit() -> None:
    asked = understand("""
        # app/main.py
        import time
        def work():
            time.sleep(1)
            time.sleep(2)
        async def read():
            work()
            work()
            time.sleep(3)
        """)
    assert [hit.site.node.pos >> 16 for hit in hits(asked, "read")] == [7, 8, 9]


# --- exceptions ----------------------------------------------------------------------------------------------------

ERRORS = """
# app/errors.py
class AppError(Exception): ...
class NotFound(AppError): ...
class Other(Exception): ...
# app/service.py
from app.errors import NotFound
def find():
    raise NotFound("x")
def through():
    return find()
"""


@pytest.mark.parametrize(
    ("body", "escapes"),
    [
        ("through()", True),
        ("raise NotFound", True),
        ("raise NotFound('x') from None", True),
        ("try:\n        through()\n    except NotFound:\n        pass", False),
        ("try:\n        through()\n    except AppError:\n        pass", False),
        ("try:\n        through()\n    except Exception:\n        pass", False),
        ("try:\n        through()\n    except:\n        pass", False),
        ("try:\n        through()\n    except (KeyError, NotFound):\n        pass", False),
        ("try:\n        through()\n    except Unknown:\n        pass", False),
        ("try:\n        through()\n    except Other:\n        pass", True),
        ("try:\n        through()\n    except KeyError:\n        pass", True),
        ("try:\n        through()\n    except NotFound:\n        raise", True),
        ("try:\n        through()\n    except NotFound as e:\n        raise e", True),
        ("try:\n        pass\n    except KeyError:\n        through()", True),
        ("try:\n        pass\n    finally:\n        through()", True),
        ("with suppress(NotFound):\n        through()", False),
        ("with suppress(KeyError):\n        through()", True),
        ("lambda: through()", False),
        ("await asyncio.to_thread(through)", True),
        ("asyncio.create_task(later())", False),
        ("await later()", True),
    ],
)
def test_what_leaves_a_function(body: str, escapes: bool) -> None:
    asked = understand(
        ERRORS
        + f"""
# app/main.py
import asyncio
from contextlib import suppress
from app.errors import AppError, NotFound, Other
from app.nowhere import Unknown
from app.service import through
async def later():
    through()
async def read():
    {body}
"""
    )
    leaving = asked.project.exceptions.leaving(asked.function("read").value)
    assert [getattr(e.cls, "name", "") for e in leaving] == (["NotFound"] if escapes else [])


def test_an_exception_names_the_raise_that_begins_it() -> None:
    asked = understand(ERRORS + "# app/main.py\nfrom app.service import through\ndef read():\n    through()\n")
    (escape,) = asked.project.exceptions.leaving(asked.function("read").value)
    assert (escape.site.function.qualname, escape.site.node.pos >> 16) == ("find", 4)


@pytest.mark.parametrize(
    ("handlers", "handled"),
    [
        ("", False),
        ("@app.exception_handler(NotFound)\ndef handle(request, exc): ...", True),
        ("@app.exception_handler(AppError)\ndef handle(request, exc): ...", True),
        ("@app.exception_handler(Exception)\ndef handle(request, exc): ...", True),
        ("@app.exception_handler(500)\ndef handle(request, exc): ...", True),
        ("@app.exception_handler(404)\ndef handle(request, exc): ...", False),
        ("@app.exception_handler(KeyError)\ndef handle(request, exc): ...", False),
        ("def handle(request, exc): ...\napp.add_exception_handler(NotFound, handle)", True),
        (
            "def f(a):\n    for e in (NotFound, KeyError):\n        a.add_exception_handler(e, f)\nf(app)",
            True,
        ),
    ],
)
def test_a_handler_of_the_app_takes_an_exception(handlers: str, handled: bool) -> None:
    asked = understand(
        ERRORS
        + f"""
# app/main.py
from fastapi import FastAPI
from app.errors import AppError, NotFound
app = FastAPI()
{handlers}
"""
    )
    app = asked.project.apps[0]
    assert asked.project.exceptions.is_handled(app, asked.cls("NotFound").value) is handled


def test_handlers_given_to_the_constructor_count() -> None:
    asked = understand(
        ERRORS
        + """
# app/main.py
from fastapi import FastAPI
from app.errors import AppError
app = FastAPI(exception_handlers={AppError: lambda request, exc: None})
"""
    )
    assert asked.project.exceptions.is_handled(asked.project.apps[0], asked.cls("NotFound").value)
