from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from app.api.users import router
from app.config import settings

app = FastAPI(title="Shop")
app.add_middleware(CORSMiddleware, allow_origins=settings.origins, allow_credentials=True)
app.include_router(router, prefix="/api/v1/users")
