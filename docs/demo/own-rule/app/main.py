from fastapi import FastAPI

from app.orders import router

app = FastAPI(title="Shop")
app.include_router(router, prefix="/api/v1/orders", tags=["orders"])


@app.get("/api/v1/status", response_model=str)
async def read_status() -> str:
    return "open"
