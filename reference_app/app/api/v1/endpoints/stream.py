"""Product changes as they happen, over a WebSocket."""

import anyio
from fastapi import APIRouter, WebSocket, WebSocketDisconnect, status
from starlette.websockets import WebSocketState

from app.api.deps import SOCKET_PROTOCOL, SocketClaims
from app.core.broker import Subscription, SubscriptionEnded
from app.core.clock import utcnow
from app.dependencies import ResourcesDep

router = APIRouter()

# A client that takes longer to read one message is as good as gone.
SEND_TIMEOUT_SECONDS = 5


@router.websocket("/stream")
async def stream_products(
    websocket: WebSocket, claims: SocketClaims, resources: ResourcesDep
) -> None:
    """Send each change until the client leaves, is too slow, or its token ends."""
    code = status.WS_1008_POLICY_VIOLATION
    lifetime = (claims.expires_at - utcnow()).total_seconds()
    with resources.feed.broker.subscribe() as subscription, anyio.move_on_after(lifetime):
        await websocket.accept(subprotocol=SOCKET_PROTOCOL)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_when_left, websocket, tasks.cancel_scope)
            code = await send_all(websocket, subscription)
            tasks.cancel_scope.cancel()
    await close(websocket, code)


async def send_all(websocket: WebSocket, subscription: Subscription) -> int:
    """Pass messages on in order; return the code to close with."""
    try:
        while True:
            message = await subscription.next()
            with anyio.fail_after(SEND_TIMEOUT_SECONDS):
                await websocket.send_text(message)
    except (SubscriptionEnded, TimeoutError):
        return status.WS_1013_TRY_AGAIN_LATER
    except WebSocketDisconnect:
        return status.WS_1001_GOING_AWAY


async def stop_when_left(websocket: WebSocket, scope: anyio.CancelScope) -> None:
    """Ignore what the client says, but notice when it leaves."""
    message = await websocket.receive()
    while message["type"] != "websocket.disconnect":
        message = await websocket.receive()
    scope.cancel()


async def close(websocket: WebSocket, code: int) -> None:
    """Say goodbye to a client that is still there, and do not wait long for its answer."""
    states = (websocket.client_state, websocket.application_state)
    if WebSocketState.DISCONNECTED not in states:
        with anyio.move_on_after(SEND_TIMEOUT_SECONDS):
            await websocket.close(code)
