"""A publication fetched from EIOPA's own site, where an administrator granted its host.

Chosen: the address comes from the analyst, because EIOPA gives each month's zip an address with a random identifier;
the page that lists the publications is read for the newest zip it links. Nothing but https and EIOPA's own host.
Left out: proxies, and guessing addresses.
"""

import html
import http.client
import io
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request

HOST = "www.eiopa.europa.eu"
TIMEOUT = 30.0  # s without a byte
LARGEST = 50_000_000  # bytes; a month's zip has about 3.3 million
LINK = re.compile(r'href="([^"]*EIOPA_RFR_(\d{8})\.zip[^"]*)"', re.IGNORECASE)


def fetch(address):
    """Fetch a publication and return it as a file to read from.

    Args:
        address: of a month's zip or workbook, or of EIOPA's page that links the zips.

    Raises:
        ValueError: the address is none of EIOPA's, is not reached, is too large, or is a page without such a link.
    """
    content = _read(address)
    if not content.startswith(b"PK"):  # neither a zip nor a workbook, which is one
        address = newest(content.decode("utf-8", errors="replace"), address)
        content = _read(address)
    return io.BytesIO(content)


def newest(page, address):
    """Return the address of the newest month's zip that a page at `address` links.

    Raises:
        ValueError: it links none.
    """
    found = {date: html.unescape(link) for link, date in LINK.findall(page)}
    if not found:
        raise ValueError(
            f"inputs.address: {address} is neither a publication nor a page that links one (EIOPA_RFR_<date>.zip). "
            "Open EIOPA's page in a browser and copy the link of the month's zip."
        )
    return urllib.parse.urljoin(address, found[max(found)])


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows EIOPA to an address of its own and to no other."""

    def redirect_request(self, request, answer, code, words, headers, address):
        """Return the request for the new address."""
        return super().redirect_request(request, answer, code, words, headers, checked(address))


def checked(address):
    """Return an address at EIOPA without the space around it.

    Raises:
        ValueError: it is another host's, or not of https.
    """
    try:
        parts = urllib.parse.urlsplit(address.strip())
        ours = parts.scheme == "https" and parts.hostname == HOST and parts.port in {None, 443}
    except ValueError:
        ours = False
    if not ours:
        raise ValueError(
            f"inputs.address: {address!r} is not an address at EIOPA. Give one that begins https://{HOST}/."
        )
    return urllib.parse.urlunsplit(parts)


def _read(address):
    request = urllib.request.Request(checked(address), headers={"User-Agent": "Tontine"})  # noqa: S310
    try:
        with urllib.request.build_opener(_Redirects).open(request, timeout=TIMEOUT) as answer:
            content = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        raise ValueError(
            f"inputs.address: EIOPA answers {error.code} ({error.reason}) for {address}. Copy the link of the month's "
            "zip from its page again."
        ) from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        if isinstance(why, ssl.SSLError):
            why = f"its certificate is not trusted here ({why})"
        why = getattr(why, "strerror", None) or why
        raise ValueError(f"inputs.address: EIOPA is not reached: {why}. Or upload the file.") from None
    if len(content) > LARGEST:
        raise ValueError(
            f"inputs.address: {address} is larger than {LARGEST // 1_000_000} MB, so it is no publication."
        )
    return content
