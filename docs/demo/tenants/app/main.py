import os

from fastapi import APIRouter, FastAPI

router = APIRouter()


@router.get("/orders", response_model=list[str])
async def list_orders() -> list[str]:
    return []


app = FastAPI()
app.include_router(router, prefix=os.environ["TENANT_PREFIX"])
