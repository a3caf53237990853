"""Requests as scenarios see them, their bodies read as chat completions."""

from functools import partial

from mockgrid.reply.chat.conversation import ChatRequests
from mockgrid.scenario.view import RequestView

chat_view = partial(RequestView, conversation=ChatRequests())
