from fastapi import FastAPI

from app import internal

app = FastAPI()
app.include_router(internal.router, prefix="/internal")


# --8<-- [start:line]
@app.delete("/api/v1/notes/{note_id}", status_code=204)  # guardrails: ignore[FG208] our proxy adds a body
async def delete_note(note_id: int) -> dict[str, int]:
    return {"deleted": note_id}


# --8<-- [end:line]
