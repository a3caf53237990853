"""Taking a ``multipart/form-data`` body apart (RFC 7578), in time linear in its length."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mockgrid.contract.encodings import MalformedBodyError
from mockgrid.contract.http_terms import MediaName
from mockgrid.fixed import fixed
from mockgrid.schema.violation import shown, violation_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mockgrid.schema.violation import Violation

__all__ = ["Part", "broken_parts", "read_parts"]

_BOUNDARY = re.compile(r"[0-9a-zA-Z'()+_,\-./:=? ]{0,69}[0-9a-zA-Z'()+_,\-./:=?]")
_OF_LIST = re.compile(r"\[[0-9]*\]\Z")
_MOST_PARTS = 10_000
_LONGEST_HEAD = 16 * 1024
_ATTRIBUTE = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))')
_ESCAPED = re.compile(r'\\(["\\])')


@fixed
class Part:
    """One part of a form.

    Attributes:
        name: the field's name.
        content: the bytes, their transfer encoding undone.
        content_type: as the part declares it; empty where it does not.
        filename: the file's name; None for a part that is not a file.
    """

    name: str
    content: bytes
    content_type: str = ""
    filename: str | None = None


def read_parts(body: bytes, boundary: str | None) -> list[Part]:
    """Return a body's parts in their order.

    Args:
        body: the bytes as they came.
        boundary: the ``boundary`` parameter of the content type; None where it has none.

    Raises:
        MalformedBodyError: no boundary, or one that cannot be; a body without its final boundary; a part
            without a name, without an empty line after its headers, or with headers beyond 16 kB; more
            than 10 000 parts.
    """
    if boundary is None:
        raise MalformedBodyError("The content type multipart/form-data lacks the parameter boundary.")
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedBodyError(
            f"The boundary {boundary[:80]!r} is not one to seventy characters that a boundary may have."
        )
    delimiter = b"\r\n--" + boundary.encode("ascii")
    pieces = (b"\r\n" + body).split(delimiter, _MOST_PARTS + 2)
    if len(pieces) == 1:
        raise MalformedBodyError(f"The request body does not hold its boundary --{boundary}.")
    if len(pieces) > _MOST_PARTS + 2:
        raise MalformedBodyError(f"The request body has more than {_MOST_PARTS} parts.")
    parts: list[Part] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return parts
        if not piece and len(parts) == len(pieces) - 2:
            break  # cut short in the final boundary itself
        parts.append(_part(piece, len(parts) + 1))
    raise MalformedBodyError(f"The request body ends before its final boundary --{boundary}--.")


def _part(piece: bytes, number: int) -> Part:
    blank, line_end, remainder = piece.partition(b"\r\n")
    if not line_end or blank.strip(b" \t"):
        raise MalformedBodyError(
            f"Part {number} of the form does not start on a line of its own; lines end with CRLF."
        )
    head, empty_line, content = (b"\r\n" + remainder).partition(b"\r\n\r\n")
    if not empty_line:
        raise MalformedBodyError(
            f"Part {number} of the form has no empty line after its headers; lines end with CRLF."
        )
    if len(head) > _LONGEST_HEAD:
        raise MalformedBodyError(f"Part {number} of the form has headers of more than {_LONGEST_HEAD} bytes.")
    headers = _headers(head)
    kind, _, _ = headers.get("content-disposition", "").partition(";")
    attributes = _attributes(headers.get("content-disposition", ""))
    if kind.strip().lower() != "form-data" or "name" not in attributes:
        raise MalformedBodyError(
            f"Part {number} of the form has no header Content-Disposition: form-data with a name."
        )
    filename = attributes.get("filename")
    if "filename*" in attributes:
        filename = unquote(attributes["filename*"].rpartition("'")[2])
    encoding = headers.get("content-transfer-encoding", "").lower()
    content = _transferred(content, encoding, number)
    return Part(attributes["name"], content, headers.get("content-type", ""), filename)


def broken_parts(parts: Iterable[Part], encoding: Mapping[str, Any], at: str) -> Iterator[Violation]:
    """Yield where parts are of another type than their encodings say; one that names none may have any.

    Args:
        parts: of one body.
        encoding: by the names of properties, as it stands in the document.
        at: JSON pointer to it.
    """
    for part in parts:
        name = part.name if part.name in encoding else _OF_LIST.sub("", part.name)
        entry = encoding.get(name)
        if not isinstance(entry, dict):
            continue
        sent, wanted = MediaName.of(part.content_type).name, entry.get("contentType")
        ranges = [MediaName.of(each) for each in wanted.split(",")] if isinstance(wanted, str) else []
        if sent and ranges and not any(media.covers(sent) for media in ranges):
            message = f"is of the type {shown(sent)}; {wanted} was expected"
            yield violation_at((name,), "MG107", message, str(wanted), sent, f"{at}/{name}/contentType")


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _attributes(disposition: str) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, quoted, plain in _ATTRIBUTE.findall(disposition):
        # Browsers write a quotation mark as %22, other clients escape it with a backslash.
        value = _ESCAPED.sub(r"\1", quoted) if quoted else plain.strip()
        attributes.setdefault(
            name.lower(), value.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
        )
    return attributes


def _transferred(content: bytes, encoding: str, number: int) -> bytes:
    if encoding == "base64":
        try:
            return base64.b64decode(b"".join(content.split()), validate=True)
        except (binascii.Error, ValueError):
            raise MalformedBodyError(
                f"Part {number} of the form is not the base64 that its header says."
            ) from None
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    if encoding in ("", "7bit", "8bit", "binary"):
        return content
    raise MalformedBodyError(
        f"Part {number} of the form has the unknown transfer encoding {encoding[:40]!r}."
    )
