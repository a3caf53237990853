"""The ASGI application, the control interface, and running both under uvicorn."""
