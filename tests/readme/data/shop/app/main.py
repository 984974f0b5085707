from fastapi import FastAPI

from app import orders

app = FastAPI(title="Shop")
app.include_router(orders.router, prefix="/v1/orders")
