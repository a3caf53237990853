"""Replicas that have names, as in Kubernetes: their addresses change, and their keys stay."""

import socketserver
import struct
import threading
import time
from contextlib import ExitStack

from deploy.fleet import DEPLOY, complete, haproxy, replica

KEY = {"Authorization": "Bearer mg-named"}


class Names(socketserver.UDPServer):
    """A server of names that has one address, or none: of everything that is asked."""

    address = b"\x7f\x00\x00\x01"


class Question(socketserver.BaseRequestHandler):
    def handle(self):
        asked, reply = self.request
        address = self.server.address
        end = asked.index(b"\0", 12) + 5
        kind = asked[end - 4 : end - 2]
        answers = address is not None and kind == b"\0\1"
        head = struct.pack(">HHHHH", 0x8180 if address else 0x8183, 1, answers, 0, 0)
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + address if answers else b""
        reply.sendto(asked[:2] + head + asked[12:end] + answer, self.client_address)


def test_a_replica_keeps_its_keys_wherever_it_is(tmp_path):
    with ExitStack() as stack:
        names = stack.enter_context(Names(("127.0.0.1", 0), Question))
        threading.Thread(target=names.serve_forever, args=(0.01,), daemon=True).start()
        stack.callback(names.shutdown)
        text = (DEPLOY / "haproxy.cfg").read_text()
        here = f"nameserver here 127.0.0.1:{names.server_address[1]}\n    timeout resolve 1s"
        config = tmp_path / "haproxy.cfg"
        config.write_text(text.replace("parse-resolv-conf", here).replace("hold valid 5s", "hold valid 1s"))
        first = stack.enter_context(ExitStack())
        port = first.enter_context(replica(tmp_path))
        # All of a name: the port is the only thing that is known of a replica before it starts.
        proxy = stack.enter_context(haproxy(tmp_path, [port] * 3, host="localhost", config=config))
        assert complete(proxy, KEY) == "You said: Hi"
        first.close()
        names.address = None
        time.sleep(2.5)
        assert complete(proxy, KEY) == 503
        with replica(tmp_path, "--host", "127.0.0.2", port=port):
            assert complete(proxy, KEY) == 503
            names.address = b"\x7f\x00\x00\x02"
            until = time.monotonic() + 20
            while complete(proxy, KEY) == 503 and time.monotonic() < until:
                time.sleep(0.1)
            assert complete(proxy, KEY) == "You said: Hi"
