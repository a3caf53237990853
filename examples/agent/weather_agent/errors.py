"""What can go wrong, in the words of this program."""

import openai


class AgentError(Exception):
    """Root of all."""


class RejectedError(AgentError):
    """The API does not accept what was asked; asking again does not help."""


class NoCreditError(AgentError):
    """The balance is used up."""


class UnavailableError(AgentError):
    """The API does not answer, though it was asked several times."""


class StreamCutError(AgentError):
    """A streamed answer ended before its end."""


NO_CREDIT = 402


def mapped(error: openai.OpenAIError) -> AgentError:
    """Return an error of the client as one of ours."""
    if isinstance(error, openai.RateLimitError | openai.InternalServerError | openai.APIConnectionError):
        return UnavailableError(str(error))
    if isinstance(error, openai.APIStatusError) and error.status_code == NO_CREDIT:
        return NoCreditError(str(error))
    return RejectedError(str(error))
