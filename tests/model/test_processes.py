"""Processes: what runs while an app serves, before it does, and in scripts."""

from __future__ import annotations

from .asked import Asked, understand

PROJECT = """
# app/main.py
import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from fastapi import FastAPI

async def before(): ...
async def deeper(): ...
async def task(): ...
async def after(): ...
async def shared(): ...
async def handled(): ...

async def start():
    await deeper()
    asyncio.create_task(task())

class Server:
    async def __aenter__(self): ...
    async def __aexit__(self, *exc): ...

@asynccontextmanager
async def lifespan(app):
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(Server())
    await asyncio.gather(before(), start())
    await shared()
    yield
    await after()

app = FastAPI(lifespan=lifespan)

@app.get("/")
async def endpoint():
    await shared()

@app.exception_handler(ValueError)
async def handler(request, error):
    await handled()

# scripts/run.py
import asyncio
import click
from app.main import handled, shared

async def step(): ...
async def both(): ...

async def job():
    await step()
    await shared()
    await handled()
    await both()

async def unknown():
    await both()

@click.command()
async def command(): ...

def main():
    asyncio.run(job())

if __name__ == "__main__":
    main()
"""


def _said(asked: Asked, question: str) -> set[str]:
    processes = asked.project.processes
    return {f.name for f in asked.project.functions if f.is_async and getattr(processes, question)(f.node)}


def test_only_the_start_up_runs_what_it_waits_for() -> None:
    assert _said(understand(PROJECT), "only_starts") == {"before", "start", "deeper", "__aenter__"}


def test_only_scripts_run_what_nothing_else_calls() -> None:
    assert _said(understand(PROJECT), "only_in_scripts") == {"job", "step", "command"}


def test_a_helper_runs_what_it_gets_in_a_loop_of_its_own() -> None:
    asked = understand("""
# app/main.py
from fastapi import FastAPI
from app.tasks import shared
app = FastAPI()
@app.get("/")
async def endpoint():
    await shared()
# app/tasks.py
import asyncio
from celery import Celery
celery = Celery("tasks")

def run(work):
    return asyncio.run(work)

def run_made(make):
    loop = asyncio.new_event_loop()
    return loop.run_until_complete(make())

def run_and_count(make):
    return run_made(make)

def run_other(n):
    asyncio.run(first(n))

def ignore(work): ...

async def first(n): ...
async def second(): ...
async def third(n): ...
async def ignored(): ...
async def shared(): ...

@celery.task
def task():
    run(first(1))
    run_made(second)
    run_and_count(lambda: third(1))

@celery.task
def serve():
    ignore(ignored())

@celery.task
def share():
    run(shared())

@celery.task
def other():
    run_other(ignored())
""")
    assert _said(asked, "only_in_scripts") == {"first", "second", "third"}
