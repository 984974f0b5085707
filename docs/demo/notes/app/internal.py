# --8<-- [start:file]
# guardrails: ignore-file[FG209] our jobs read plain JSON, and no client sees it
from fastapi import APIRouter

router = APIRouter()
# --8<-- [end:file]


@router.get("/queue")
async def count_queue():
    return 0


@router.get("/failures")
async def list_failures():
    return []
