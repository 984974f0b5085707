# --8<-- [start:file]
# guardrails: ignore-file[unversioned-route] only our own jobs call this
from fastapi import APIRouter

router = APIRouter()
# --8<-- [end:file]


@router.get("/queue", response_model=int)
async def count_queue() -> int:
    return 0
