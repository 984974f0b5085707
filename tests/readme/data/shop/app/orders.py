from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.database import get_session
from app.services import count_open_orders

router = APIRouter()


class Order(BaseModel):
    id: int
    total: int

    class Config:
        orm_mode = True


@router.get("/{order_id}")
def read_order(order_id: int) -> Order:
    return Order(id=order_id, total=0)


@router.get("/open")
async def read_open_orders(session: Annotated[Session, Depends(get_session)]) -> int:
    return count_open_orders(session)
