"""What a client for Python raises in the calls of docs/fuzz.md's table.

Its argument is a file that defines ``CALLS``, by name, each called with a URL and a key, and ``OWN``, the
classes of errors that the client says that it raises. Standard input has a JSON list of name, URL and key;
standard output ends with one of the classes that are raised: ``null`` is one of the client's own, and the
empty string none.
"""

import json
import runpy
import sys

import loopback  # noqa: F401 - refuses every other address


def raised(call, own, session):
    """The name of the class that a call raises."""
    try:
        call(*session)
    except own:
        return None
    except Exception as error:  # noqa: BLE001 - this is what is asked
        return type(error).__name__
    return ""


calls = runpy.run_path(sys.argv[1])
answers = [raised(calls["CALLS"][name], calls["OWN"], session) for name, *session in json.load(sys.stdin)]
# A line of its own, for clients print, too.
sys.stdout.write(f"\n{json.dumps(answers)}\n")
