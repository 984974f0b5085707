from fastapi import APIRouter

router = APIRouter()


@router.get("", response_model=list[str])
async def list_orders() -> list[str]:
    return []
