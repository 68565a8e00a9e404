# customerio: `host` and `port` are all that is changed.
import datetime
import sys
from customerio import CustomerIO, CustomerIOException

client = CustomerIO("site", sys.argv[2], host="localhost", port=int(sys.argv[1]), retries=1)
user = "customerio/python ก"
client.identify(user, email="python@example.com", first_name="นก", created_at=datetime.datetime(2026, 11, 1))
client.track(user, "Order Placed", {"total": 1290.5, "note": "ขอบคุณ 🙏"}, id="customerio-python-1")
client.track_anonymous("customerio-python-anonymous", "Looked", {"page": "/"})
client.pageview(user, "/home", ref="x")
client.backfill(user, "Bought Long Ago", 1790000000, total=5)
client.add_device(user, "token/1", "ios", last_used=1795000000)
client.delete_device(user, "token/1")
client.suppress(user)
client.unsuppress(user)
client.merge_customers("id", user, "email", "old@example.com")
client.delete(user)
client.batch([
    {"type": "person", "identifiers": {"id": user}, "action": "identify", "attributes": {"plan": "pro"}},
    {"type": "person", "identifiers": {"id": user}, "action": "event", "name": "Batched", "attributes": {"a": 1}},
])
try:
    client.track("undefined", "x")
    sys.exit("`undefined` was taken")
except CustomerIOException as error:
    assert str(error).startswith("400"), error
