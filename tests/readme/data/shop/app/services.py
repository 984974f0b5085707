from sqlalchemy import text
from sqlalchemy.orm import Session


def count_open_orders(session: Session) -> int:
    return session.scalar(text("select count(*) from orders where closed_at is null")) or 0
