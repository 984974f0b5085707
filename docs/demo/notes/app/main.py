from fastapi import FastAPI

from app import internal

app = FastAPI()
# --8<-- [start:line]
app.include_router(internal.router, prefix="/jobs")  # guardrails: ignore[unversioned-route] only our own jobs call it
# --8<-- [end:line]
