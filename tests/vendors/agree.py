"""Asks botocore how it would sign the requests that the SES adapter signed, and standardwebhooks whether it believes our webhooks.

In: a file of cases, from the tests. Out: a line; exit 1 where they do not agree.
"""

import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from standardwebhooks.webhooks import Webhook


def sigv4(one):
    headers = one["headers"]
    names = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest(
        method="POST", url=one["url"], data=one["body"].encode(), headers={name: headers[name] for name in names}
    )
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(one["key_id"], one["secret"], one.get("token")), "ses", one["region"])
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return auth.signature(text, request) == headers["authorization"].split("Signature=")[1]


def webhook(one):
    try:
        Webhook(one["secret"]).verify(one["body"], one["headers"])
    except Exception:
        return False
    return True


JUDGES = {"ses": sigv4, "webhook": webhook}
wrong = 0
asked = 0
with open(sys.argv[1], encoding="utf-8") as cases:
    for one in json.load(cases):
        judge = JUDGES.get(one["vendor"])
        if judge is None:
            continue
        asked += 1
        if judge(one) != one["believed"] and (one["believed"] or one["right"]):
            wrong += 1
            print(f"we say {one['believed']}, the library does not: {one}", file=sys.stderr)
print(f"{asked} cases judged by botocore and standardwebhooks for Python")
sys.exit(1 if wrong or not asked else 0)
