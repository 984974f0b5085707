from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import User


def find_user(db: Session, user_id: int) -> User:
    statement = select(User).where(User.id == user_id)
    return db.execute(statement).scalar_one()
