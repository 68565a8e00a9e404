"""A mail server by others (aiosmtpd): one line of JSON for each mail that it took, read by Python's email package."""
import email
import email.header
import email.policy
import email.utils
import json
import socket
import sys

from aiosmtpd.controller import Controller


class Take:
    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        # Not by the policy's own reader: before 3.12 it puts a space between encoded words in a name, which RFC 2047 (6.2) forbids.
        raw_from = dict((name.lower(), value) for name, value in email.message_from_bytes(raw).raw_items())["from"]
        name, address = email.utils.parseaddr(raw_from.replace("\r\n", ""))
        name = str(email.header.make_header(email.header.decode_header(name)))
        parts = {}
        for part in mail.walk():
            if not part.is_multipart():
                parts[part.get_content_type()] = part.get_content().replace("\r\n", "\n")
        print(json.dumps({
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "subject": str(mail["subject"]),
            "from_name": name,
            "from": address,
            "headers": [name.lower() for name, _ in mail.raw_items()],
            "unsubscribe": mail["list-unsubscribe"],
            "date": mail["date"].datetime.isoformat(),
            "parts": parts,
            "defects": [str(defect) for part in mail.walk() for defect in part.defects]
            + [str(defect) for part in mail.walk() for value in part.values() for defect in getattr(value, "defects", [])],
            "longest": max(len(line) for line in raw.split(b"\n")),
            "ascii": raw.isascii(),
        }), flush=True)
        return "250 2.0.0 Ok: queued as PY"


# The controller connects to its own port and cannot be given 0.
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
controller = Controller(Take(), hostname="127.0.0.1", port=port)
controller.start()
print(port, flush=True)
sys.stdin.read()
controller.stop()
