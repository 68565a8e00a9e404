"""Judges the DKIM signatures of a mail by dkimpy: arguments are the mail's file and pairs of name in DNS and record."""
import sys

import dkim

raw = open(sys.argv[1], "rb").read()
records = dict(zip(sys.argv[2::2], sys.argv[3::2]))


def dns(name, timeout=5):
    return records.get(name.decode().rstrip(".")).encode()


def good(index):
    try:
        return message.verify(idx=index, dnsfunc=dns)
    except dkim.DKIMException:
        return False


message = dkim.DKIM(raw, minkey=1024)
count = raw.lower().split(b"\r\n\r\n")[0].count(b"dkim-signature:")
print(" ".join(str(good(index)) for index in range(count)))
