from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session

from app.database import get_db
from app.models import User
from app.schemas import UserOut
from app.services.users import find_user

router = APIRouter(tags=["users"])
Database = Annotated[Session, Depends(get_db)]


@router.get("/{user_id}", response_model=UserOut)
async def read_user(user_id: int, db: Database) -> User:
    return find_user(db, user_id)


@router.get("/me", response_model=UserOut)
async def read_me(db: Database) -> User:
    return find_user(db, 1)
